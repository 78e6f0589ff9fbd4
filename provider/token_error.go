package provider

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// oauthCodes are the registered error codes (RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core
// section 3.1.2.6, RFC 8628, RFC 8693, RFC 9126, RFC 9470). Any other code is the provider's own
// text.
var oauthCodes = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
	"unsupported_grant_type", "unsupported_response_type",
	"invalid_scope", "access_denied", "server_error", "temporarily_unavailable",
	"interaction_required", "login_required",
	"account_selection_required", "consent_required", "invalid_request_uri",
	"invalid_request_object", "request_not_supported",
	"request_uri_not_supported", "registration_not_supported", "invalid_target",
	"unmet_authentication_requirements",
	"authorization_pending", "slow_down", "expired_token",
	// of Hydra and Keycloak: their login page has expired
	"request_forbidden", "authentication_expired",
}

// The members in which providers send errors. Reading all of them is safe: a text that is neither
// registered nor in Dialect.ErrorCodes is not a code.
const (
	codePaths        = "error|error.code|error.type"
	ownCodePaths     = codePaths + "|error_code|errcode|code|status|" + descriptionPaths
	descriptionPaths = "error_description|error.message|message|errmsg|msg"
)

// refused reads an error response; why is the reason if its status is not an error. Of the body it
// keeps only the registered code and a sanitized description.
func (d *Dialect) refused(fault Fault, a answer, why error, secrets []string) error {
	said, known := d.complaints(a)
	secrets = slices.Concat(secrets, a.sent)
	e := &Error{Fault: fault, Code: d.code(said), Err: why}
	for _, c := range said {
		secrets = append(slices.Clip(secrets), c.display("access_token"),
			c.display("refresh_token"))
		if e.Description == "" {
			e.Description = description(c.shown(descriptionPaths), secrets)
		}
	}
	switch {
	case why != nil:
	case a.repeated && fault == faultToken && e.Code == "invalid_grant":
		e.Fault, e.Err = faultInterrupted, errInterrupted
	case known:
		e.Err = fmt.Errorf("status %d", a.status)
	default:
		e.Err = fmt.Errorf("status %d without an OAuth error", a.status)
	}
	if a.busy() && d.configured(said) == "" {
		return &unavailable{a.retryAfter, e}
	}
	return e
}

// errInterrupted is the error of a code or token that the provider received twice; see sendOnce.
var errInterrupted = errors.New("the provider closed the connection without a response, but has " +
	"spent the code")

// complaints returns the objects that may hold an error: the envelope, then the response; none if
// it cannot be read. known reports an error member or a known code.
func (d *Dialect) complaints(a answer) (said []claims, known bool) {
	raw, err := d.object(a)
	if err != nil {
		return nil, false
	}
	answer, err := d.schema().read(raw, nil)
	if err != nil {
		return nil, false
	}
	if inner, err := d.opened(raw, nil); err == nil {
		said = append(said, inner)
	}
	said = append(said, answer.claims)
	known = slices.ContainsFunc(said, func(c claims) bool {
		return c.display("error") != ""
	}) || d.code(said) != ""
	return said, known
}

// code returns the registered code of an error: by Dialect.ErrorCodes, or the code itself.
func (d *Dialect) code(said []claims) string {
	return cmp.Or(d.configured(said), meant(said, codePaths, registeredCode))
}

// configured returns the code to which Dialect.ErrorCodes maps an error.
func (d *Dialect) configured(said []claims) string {
	return meant(said, ownCodePaths, func(own string) string { return d.ErrorCodes[own] })
}

// meant returns the first meaning of a value at the paths.
func meant(said []claims, paths string, meaning func(string) string) string {
	for _, c := range said {
		for path := range alternatives(paths) {
			raw, _ := c.at(path)
			if code := meaning(codeText(raw)); code != "" {
				return code
			}
		}
	}
	return ""
}

// codeText reads a code, which may be a string or a number. It returns "" for other types.
func codeText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}

func registeredCode(code string) string {
	if slices.Contains(oauthCodes, code) {
		return code
	}
	return ""
}

// notFinal are the error codes that do not concern the refresh token, but the client's
// configuration or an outage of the provider (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628).
var notFinal = []string{
	"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
	"server_error", "temporarily_unavailable", "slow_down",
}

// refreshError classifies the error of a refresh. A definite rejection of the refresh token ends
// the session ([FaultRefresh]). All other errors may be temporary, so tokens and session are kept.
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

// rejects reports whether a response to a refresh is final: an error of RFC 6749 section 5.2 with a
// 4xx status. Codes in [Dialect.ErrorCodes] are final with any status, and the registered codes
// also with 200, which some providers send.
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
		// Web frameworks put the text of the status here, even if the endpoint does not exist.
		return own != "" && !strings.EqualFold(own, http.StatusText(a.status))
	})
}

// adviceFor returns the setting to check for an error code.
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
