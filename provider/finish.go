package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/session"
)

const (
	maxState = 512
	maxCode  = 8 << 10
)

// FlowKey implements [Provider].
func (o *OIDC) FlowKey(callback url.Values) string {
	state := callback["state"]
	if len(state) != 1 || len(state[0]) > maxState {
		return ""
	}
	return state[0]
}

// Finish implements [Provider].
func (o *OIDC) Finish(ctx context.Context, f *Flow, callback url.Values) (*session.Session, error) {
	// 1. Is this an answer to our question, and from whom? Before that, nothing else is looked at.
	if err := checkState(f, callback); err != nil {
		return nil, err
	}
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkResponseIssuer(m, callback); err != nil {
		return nil, err
	}
	// 2. What does it say?
	code, err := readCode(f, callback)
	if err != nil {
		return nil, err
	}
	// 3. Redeem the code, and look at the tokens no further until the ID token has passed.
	tokens, err := o.exchange(ctx, m, f, code)
	if err != nil {
		return nil, err
	}
	if tokens.Scopes == nil { // as asked for (RFC 6749 section 5.1)
		tokens.Scopes = o.scopes(f.Request.Scopes)
	}
	token, err := o.verifyIDToken(ctx, m, f, tokens.IDToken, tokens.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := checkScopes(f, tokens); err != nil {
		return nil, err
	}
	// 4. Complete the profile.
	info, err := o.userInfo(ctx, m, f, token, tokens.AccessToken)
	if err != nil {
		return nil, err
	}
	return o.session(token, info, tokens)
}

// checkScopes makes sure that what this attempt was made for was granted. Otherwise the page that asked would send
// the user here again and again.
func checkScopes(f *Flow, tokens session.Tokens) error {
	for _, scope := range f.Request.Scopes {
		if !slices.Contains(tokens.Scopes, scope) {
			return &Error{Fault: FaultStepUp, Err: fmt.Errorf("scope %q was not granted", printable(scope))}
		}
	}
	return nil
}

// single are the parameters of which there must be at most one (RFC 6749 section 3.1).
var single = []string{"state", "code", "iss", "error", "error_description", "error_uri", "id_token", "access_token", "response"}

func checkState(f *Flow, callback url.Values) error {
	for _, name := range single {
		if len(callback[name]) > 1 {
			return &Error{Fault: FaultResponse, Err: fmt.Errorf("parameter %s is repeated", name)}
		}
	}
	if f.State == "" || subtle.ConstantTimeCompare([]byte(callback.Get("state")), []byte(f.State)) != 1 {
		return &Error{Fault: FaultState, Err: errors.New("state is missing or not that of this login")}
	}
	return nil
}

// checkResponseIssuer stops a mix-up of providers (RFC 9207 section 2.4), also for error responses.
func checkResponseIssuer(m *metadata, callback url.Values) error {
	switch {
	case callback.Has("iss") && callback.Get("iss") != m.Issuer:
		return &Error{Fault: FaultIssuer, Err: errors.New("iss is not the issuer that this login was started at")}
	case !callback.Has("iss") && m.IssInResponse:
		return &Error{Fault: FaultIssuer, Err: errors.New("iss is missing, although the provider promises to send it")}
	}
	return nil
}

// readCode returns the code of a successful response.
func readCode(f *Flow, callback url.Values) (string, error) {
	invalid := func(why string) error { return &Error{Fault: FaultResponse, Err: errors.New(why)} }
	for _, name := range []string{"id_token", "access_token", "response"} {
		if callback.Has(name) {
			return "", invalid("the response carries " + name + ", which was not asked for")
		}
	}
	code := callback.Get("code")
	if callback.Has("error") {
		if callback.Has("code") {
			return "", invalid("the response is both a success and an error")
		}
		return "", responseError(f, callback)
	}
	if code == "" || len(code) > maxCode {
		return "", invalid("the response has no usable code")
	}
	return code, nil
}

// responseError reads an error response (OpenID Connect Core section 3.1.2.6).
func responseError(f *Flow, callback url.Values) error {
	e := &Error{
		Fault:       FaultRefused,
		Code:        registeredCode(callback.Get("error")),
		Description: description(callback.Get("error_description"), []string{f.State, f.Nonce, f.Verifier}),
		Err:         errors.New("the provider refused the login"),
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
