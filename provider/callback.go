package provider

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"github.com/sallyport-go/sallyport/session"
)

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
