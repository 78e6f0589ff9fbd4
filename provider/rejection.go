package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// notFinal are the error codes that say nothing about the refresh token: the configuration of the
// client is at fault, or the provider has trouble (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628).
var notFinal = []string{
	"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
	"server_error", "temporarily_unavailable", "slow_down",
}

// refreshError sorts the error of a refresh. A definite rejection of the refresh token ends the
// login ([FaultRefresh]). Everything else may pass, so tokens and session stay.
func (d *Dialect) refreshError(err error, a answer, authMethod string) error {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
	case d.rejects(a):
		e.Fault = FaultRefresh
		return e
	default:
		if advice := adviceFor(e.Code, authMethod); advice != "" {
			e.Err = fmt.Errorf("%w: %s", e.Err, advice)
		}
	}
	return err
}

// rejects reports whether an answer to a refresh is final: an error of RFC 6749 section 5.2 with a
// status that says that the request is at fault. What [Dialect.ErrorCodes] declare is final with
// any status, and the registered codes also with 200, which some providers answer.
func (d *Dialect) rejects(a answer) bool {
	said, _ := d.complaints(a)
	code := d.code(said)
	switch {
	case slices.Contains(notFinal, code):
		return false
	case d.configured(said) != "":
		return true
	case a.status == http.StatusOK:
		return code != ""
	case a.status < 400 || a.busy():
		return false
	}
	return code != "" || slices.ContainsFunc(said, func(c claims) bool {
		own := strings.ReplaceAll(c.display("error"), "_", " ")
		// Web frameworks answer the text of the status in this place, also where there is no
		// endpoint.
		return own != "" && !strings.EqualFold(own, http.StatusText(a.status))
	})
}

// adviceFor names the setting to check.
func adviceFor(code, authMethod string) string {
	switch code {
	case "invalid_client":
		return "the provider does not accept the client: check ClientID, ClientSecret and " +
			authMethod
	case "unauthorized_client":
		return "the client may not refresh tokens: allow the grant type refresh_token for this " +
			"ClientID at the provider"
	case "unsupported_grant_type":
		return "the provider does not refresh tokens: remove offline_access from Scopes"
	case "invalid_scope":
		return "the provider does not grant a scope again: check Scopes and Dialect.RefreshScope"
	}
	return ""
}
