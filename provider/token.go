package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// authMethod is the one way to authenticate. It is decided beforehand: a second try would
// find the code spent.
func (o *OIDC) authMethod(m *metadata) (string, error) {
	switch {
	case o.AuthMethod != "":
		return o.AuthMethod, nil
	case o.ClientSecret == "":
		return authNone, nil
	case len(m.AuthMethods) == 0 || slices.Contains(m.AuthMethods, authBasic):
		return authBasic, nil
	case slices.Contains(m.AuthMethods, authPost):
		return authPost, nil
	}
	return "", errors.New("the provider takes no client secret at its token endpoint")
}

// post sends a form to one of the provider's endpoints with client authentication.
func (o *OIDC) post(ctx context.Context, m *metadata, endpoint string, form url.Values) (answer, error) {
	method, err := o.authMethod(m)
	if err != nil {
		return answer{}, err
	}
	return credentials{o.ClientID, o.ClientSecret, method}.post(ctx, o.outbound(), endpoint, form)
}

// asUnavailable turns a request without an answer into ErrUnavailable, and any other failure into a fault.
func asUnavailable(fault Fault, err error) error {
	if _, ok := errors.AsType[*unreachable](err); ok {
		return &unavailable{err: err}
	}
	return &Error{Fault: fault, Err: err}
}

// exchange redeems the code (RFC 6749 section 4.1.3) with the verifier and redirect URI of its own flow.
func (o *OIDC) exchange(ctx context.Context, m *metadata, f *Flow, code string) (session.Tokens, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {f.RedirectURI}}
	if f.Verifier != "" {
		form.Set("code_verifier", f.Verifier)
	}
	a, err := o.post(ctx, m, m.TokenEndpoint, form)
	if err != nil {
		return session.Tokens{}, asUnavailable(FaultToken, err)
	}
	if a.status != http.StatusOK {
		return session.Tokens{}, oauthError(FaultToken, a, []string{code, f.State, f.Nonce, f.Verifier, o.ClientSecret})
	}
	tokens, err := o.readTokens(a)
	if err == nil && tokens.IDToken == "" {
		err = errors.New("the answer has no id_token: is this an OpenID provider, and was openid granted?")
	}
	if err != nil {
		return session.Tokens{}, &Error{Fault: FaultToken, Err: err}
	}
	return tokens, nil
}

// readTokens reads a successful answer of the token endpoint (RFC 6749 section 5.1).
func (o *OIDC) readTokens(a answer) (session.Tokens, error) {
	var t struct {
		AccessToken  string          `json:"access_token"`
		TokenType    string          `json:"token_type"`
		RefreshToken string          `json:"refresh_token"`
		IDToken      string          `json:"id_token"`
		Scope        string          `json:"scope"`
		ExpiresIn    json.RawMessage `json:"expires_in"`
		Error        json.RawMessage `json:"error"`
	}
	names := []string{"access_token", "token_type", "refresh_token", "id_token", "scope", "expires_in", "error"}
	if err := decodeAnswer(a, &t, names...); err != nil {
		return session.Tokens{}, err
	}
	switch {
	case t.Error != nil:
		return session.Tokens{}, errors.New("the answer is an error with status 200")
	case t.AccessToken == "":
		return session.Tokens{}, errors.New("the answer has no access_token")
	case t.TokenType != "" && !strings.EqualFold(t.TokenType, "Bearer"):
		return session.Tokens{}, fmt.Errorf("token_type %q is not supported", printable(t.TokenType))
	}
	tokens := session.Tokens{
		AccessToken: t.AccessToken, TokenType: "Bearer", RefreshToken: t.RefreshToken, IDToken: t.IDToken,
		Scopes: strings.Fields(t.Scope),
	}
	if lifetime, ok := expiresIn(t.ExpiresIn); ok {
		tokens.Expiry = o.now().Add(lifetime)
	}
	return tokens, nil
}

// expiresIn reads a lifetime in seconds, as a number or as a string, which some providers send. What
// cannot be one counts as not said.
func expiresIn(raw json.RawMessage) (time.Duration, bool) {
	text := string(raw)
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		text = quoted
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return 0, false
	}
	const longest = 100 * 365 * 24 * 3600
	return time.Duration(min(seconds, longest)) * time.Second, true
}

// oauthCodes are the error codes that are passed on by name (RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core
// section 3.1.2.6, RFC 8628, RFC 8693, RFC 9126, RFC 9470). Anything else is text of the provider's own making.
var oauthCodes = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "unsupported_response_type",
	"invalid_scope", "access_denied", "server_error", "temporarily_unavailable", "interaction_required", "login_required",
	"account_selection_required", "consent_required", "invalid_request_uri", "invalid_request_object", "request_not_supported",
	"request_uri_not_supported", "registration_not_supported", "invalid_target", "unmet_authentication_requirements",
	"authorization_pending", "slow_down", "expired_token",
}

// oauthError reads an error answer. Nothing of the body is kept but the registered code and, if it is JSON, a
// description that has been made harmless.
func oauthError(fault Fault, a answer, secrets []string) error {
	var e struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if decodeAnswer(a, &e, "error", "error_description") != nil || e.Code == "" {
		err := fmt.Errorf("status %d without an OAuth error", a.status)
		if a.status >= 500 {
			return &unavailable{err: err}
		}
		return &Error{Fault: fault, Err: err}
	}
	return &Error{
		Fault: fault, Code: registeredCode(e.Code), Description: description(e.Description, secrets),
		Err: fmt.Errorf("status %d", a.status),
	}
}

func registeredCode(code string) string {
	if slices.Contains(oauthCodes, code) {
		return code
	}
	return ""
}

// description makes an error_description fit for a log: printable, short, and without the secrets that
// some providers repeat there.
func description(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return printable(text)
}
