package provider

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/internal/authparams"
	"github.com/sallyport-go/sallyport/session"
)

// random returns n random bytes as base64url. Each secret of a login has its own: none is derived
// from another or from the request.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// registration returns the fingerprint of a client at an issuer. kind separates the protocols; it
// is empty for OpenID Connect.
func registration(kind, issuer, clientID string) string {
	sum := sha256.Sum256([]byte(kind + strconv.Quote(issuer) + strconv.Quote(clientID)))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// checkAuthParams checks the parameters that the configuration adds to every request.
func checkAuthParams(params url.Values) []error {
	var mistakes []error
	for name, values := range params {
		switch canonical := authparams.Canonical(name); {
		case canonical == "response_type" || canonical == "response_mode":
			mistakes = append(mistakes, wrongField("AuthParams", "%q is set by the library: %w",
				name, errTokenInBrowser))
		case canonical == "max_age" || canonical == "acr_values" || canonical == "scope":
			mistakes = append(mistakes, wrongField("AuthParams", "%q has a field of its own", name))
		case authparams.Owned(name):
			mistakes = append(mistakes, wrongField("AuthParams", "%q is set by the library", name))
		case len(values) != 1 && name != "resource":
			mistakes = append(mistakes, wrongField("AuthParams", "%q must have one value", name))
		}
	}
	return mistakes
}

// checkParams rejects parameters of one login that the library owns (Flow.Request.Params).
func checkParams(f *Flow) error {
	if err := authparams.Check(f.Request.Params); err != nil {
		return fmt.Errorf("provider: Request.Params: %w", err)
	}
	return nil
}

// A client holds the parameters of the authorization request that are the same for all logins.
type client struct {
	id     string
	scopes string     // as they are sent; empty for none
	more   url.Values // AuthParams
}

// authorizationRequest returns the parameters of all protocols based on OAuth 2.0 (RFC 6749 section
// 4.1.1, RFC 7636 section 4.3).
func (c client) authorizationRequest(f *Flow) url.Values {
	params := authparams.Merge(c.more, f.Request.Params)
	set := func(name, value string) {
		if value != "" {
			params.Set(name, value)
		}
	}
	params.Set("response_type", responseCode)
	params.Set("client_id", c.id)
	params.Set("redirect_uri", f.RedirectURI)
	set("scope", c.scopes)
	params.Set("state", f.State)
	if f.Verifier != "" {
		params.Set("code_challenge", oauth2.S256ChallengeFromVerifier(f.Verifier))
		params.Set("code_challenge_method", "S256")
	}
	set("prompt", f.Request.Prompt)
	set("login_hint", f.Request.LoginHint)
	set("ui_locales", strings.Join(f.Request.UILocales, " "))
	return params
}

// withParams adds parameters to a URL and keeps its query (RFC 6749 section 3.1).
func withParams(address string, params url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("provider: bad address of an endpoint")
	}
	existing, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("provider: bad query in the address of an endpoint")
	}
	for name := range existing {
		if params.Has(name) {
			return "", fmt.Errorf("provider: the address of an endpoint already has the "+
				"parameter %s", printable(name))
		}
	}
	// Some providers read "+" literally; all decode "%20".
	added := strings.ReplaceAll(params.Encode(), "+", "%20")
	if u.RawQuery != "" {
		added = u.RawQuery + "&" + added
	}
	u.RawQuery, u.ForceQuery = added, false
	return u.String(), nil
}

// These checks apply to the callbacks of all protocols. No setting disables them.

const (
	maxState = 512
	maxCode  = 8 << 10
)

// flowKey returns the state, if there is exactly one.
func flowKey(callback url.Values) string {
	state := callback["state"]
	if len(state) != 1 || len(state[0]) > maxState {
		return ""
	}
	return state[0]
}

// single are the parameters that must not repeat (RFC 6749 section 3.1).
var single = []string{
	"state", "code", "iss", "error", "error_description", "error_uri", "id_token", "access_token",
	"response",
	"oauth_token", "oauth_verifier", "oauth_problem", "denied", // of OAuth 1.0a
}

func checkState(f *Flow, callback url.Values) error {
	for _, name := range single {
		if len(callback[name]) > 1 {
			return &Error{Fault: FaultResponse, Err: fmt.Errorf("parameter %s is repeated", name)}
		}
	}
	if f.State == "" || subtle.ConstantTimeCompare([]byte(callback.Get("state")),
		[]byte(f.State)) != 1 {
		return &Error{Fault: faultState,
			Err: errors.New("state is missing or not that of this login")}
	}
	return nil
}

// checkResponseIssuer prevents mix-up attacks (RFC 9207 section 2.4), also in error responses.
func checkResponseIssuer(issuer string, promised bool, callback url.Values) error {
	switch {
	case callback.Has("iss") && callback.Get("iss") != issuer:
		return &Error{Fault: faultIssuer, Err: errors.New("iss is not the issuer of this login")}
	case !callback.Has("iss") && promised:
		return &Error{Fault: faultIssuer, Err: errors.New(
			"iss is missing from the callback, although the metadata promises it " +
				"(authorization_response_iss_parameter_supported): " +
				`in Keycloak, turn off "Exclude Issuer From Authentication Response" in the client's settings; elsewhere, look for a proxy that drops it`)}
	}
	return nil
}

// checkResponse accepts only a successful response with exactly the requested parts.
func checkResponse(asked []string, f *Flow, callback url.Values) error {
	invalid := func(why string) error { return &Error{Fault: FaultResponse, Err: errors.New(why)} }
	for _, name := range []string{"code", "id_token", "access_token", "response"} {
		if callback.Has(name) && !slices.Contains(asked, name) {
			return invalid("the response has " + name + ", which was not requested")
		}
		if callback.Has(name) && callback.Has("error") {
			return invalid("the response is both a success and an error")
		}
	}
	if callback.Has("error") {
		return responseError(f, callback)
	}
	for _, name := range asked {
		if callback.Get(name) == "" {
			return invalid("the response has no " + name)
		}
	}
	if len(callback.Get("code")) > maxCode {
		return invalid("the code is too long")
	}
	return nil
}

// CallbackError returns the error response in the parameters of a callback (RFC 6749 section
// 4.1.2.1, OpenID Connect Core section 3.1.2.6), or nil. Unless the state is that of a login, the
// response is not authenticated: use it for the log only.
func CallbackError(callback url.Values) *Error {
	if !callback.Has("error") {
		if callback.Has("denied") || callback.Has("oauth_problem") { // of OAuth 1.0a
			return &Error{Fault: FaultDenied}
		}
		return nil
	}
	return responseError(&Flow{State: callback.Get("state")}, callback)
}

// ownCode matches a provider's own error codes. Any other text could be a secret.
var ownCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]{2,31}$`)

// responseError reads an error response (RFC 6749 section 4.1.2.1, OpenID Connect Core section
// 3.1.2.6).
func responseError(f *Flow, callback url.Values) *Error {
	e := &Error{
		Fault: FaultRefused,
		Code:  registeredCode(callback.Get("error")),
		Description: description(callback.Get("error_description"),
			[]string{f.State, f.Nonce, f.Verifier}),
		Err: errors.New("the provider rejected the login"),
	}
	if own := callback.Get("error"); e.Code == "" && ownCode.MatchString(own) {
		e.Err = fmt.Errorf("the provider rejected the login with its own error %s", own)
	}
	switch e.Code {
	case "access_denied":
		e.Fault = FaultDenied
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		e.Fault = FaultInteraction
	case "unmet_authentication_requirements":
		e.Fault = FaultStepUp
	}
	return e
}

// checkScopes rejects a login that was not granted the scopes of Flow.Request. Otherwise the page
// that requires them would redirect to the login forever.
func checkScopes(f *Flow, tokens session.Tokens) error {
	for _, scope := range f.Request.Scopes {
		if !tokens.Granted(scope) {
			return &Error{Fault: FaultStepUp, Err: fmt.Errorf("scope %q was not granted",
				printable(scope))}
		}
	}
	return nil
}
