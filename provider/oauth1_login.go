package provider

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/authparams"
	"github.com/sallyport-go/sallyport/internal/oauth1"
	"github.com/sallyport-go/sallyport/session"
)

// Begin implements [Provider]. It gets a request token (RFC 5849 section 2.1), which is part of the
// URL; its secret stays in the flow.
func (o *OAuth1) Begin(ctx context.Context, f *Flow) (string, error) {
	if err := checkRequest(f.Request); err != nil {
		return "", err
	}
	if err := checkOAuth1Params(f); err != nil {
		return "", err
	}
	f.Issuer, f.State = o.issuer(), cmp.Or(f.State, random(16))
	// The callback has only the token and the verifier, so state is added to the redirect URI.
	// Unlike the token it is not in the authorization request, where others may see it.
	callback, err := withParams(f.RedirectURI, url.Values{"state": {f.State}})
	if err != nil {
		return "", err
	}
	granted, err := o.ask(ctx, FaultRefused, o.Endpoints.RequestToken, o.signer("", ""),
		oauth1.Param{Name: "oauth_callback", Value: callback})
	if err != nil {
		return "", err
	}
	if err := o.checkConfirmed(granted); err != nil {
		return "", &Error{Fault: FaultRefused, Err: err}
	}
	f.Token, f.Secret = granted.token, granted.secret
	params := authparams.Merge(o.AuthParams, f.Request.Params)
	params.Set("oauth_token", f.Token)
	return withParams(o.Endpoints.Authorization, params)
}

// checkConfirmed requires OAuth 1.0a, where the redirect URI is fixed with the request token (RFC
// 5849 section 2.1). Some servers send True.
func (o *OAuth1) checkConfirmed(c credential) error {
	if !strings.EqualFold(c.extras["oauth_callback_confirmed"], "true") &&
		!o.InsecureUnconfirmedCallback {
		return errors.New("the response lacks oauth_callback_confirmed=true: check that the " +
			"server supports OAuth 1.0a and the redirect URI is registered")
	}
	return nil
}

// checkRequest rejects requirements that OAuth 1.0a does not support, before the redirect.
func checkRequest(r Request) error {
	var what string
	switch {
	case r.MaxAge != nil:
		what = "a recent authentication"
	case len(r.ACRValues) > 0:
		what = "an authentication context class"
	case len(r.Scopes) > 0:
		what = "a scope"
	default:
		return nil
	}
	return &Error{Fault: FaultStepUp, Err: fmt.Errorf("OAuth 1.0a has no way to request %s", what)}
}

// checkOAuth1Params also rejects parameters of the protocol (RFC 5849).
func checkOAuth1Params(f *Flow) error {
	for name := range f.Request.Params {
		if strings.HasPrefix(authparams.Canonical(name), "oauth_") {
			return fmt.Errorf("provider: Request.Params: %q is set by the library", name)
		}
	}
	return checkParams(f)
}

// FlowKey implements [Provider].
func (o *OAuth1) FlowKey(callback url.Values) string { return flowKey(callback) }

// Finish implements [Provider].
func (o *OAuth1) Finish(ctx context.Context, f *Flow, callback url.Values) (*session.Session,
	error) {
	// 1. Does the callback belong to this login? Nothing else is read before.
	if err := checkState(f, callback); err != nil {
		return nil, err
	}
	// 2. Did the user authorize this request token?
	if err := checkAgreed(f, callback); err != nil {
		return nil, err
	}
	// 3. Redeem the verifier, once: it may then be spent.
	verifier := oauth1.Param{Name: "oauth_verifier", Value: callback.Get("oauth_verifier")}
	granted, err := o.ask(ctx, faultToken, o.Endpoints.Token, o.signer(f.Token, f.Secret), verifier)
	if err != nil {
		return nil, err
	}
	// 4. Whose token is it?
	profile, err := o.profile(ctx, granted)
	if err != nil {
		return nil, err
	}
	user, err := o.user(profile)
	if err != nil {
		return nil, err
	}
	s := &session.Session{User: user}
	s.SetTokens(session.Tokens{AccessToken: granted.token, Secret: granted.secret,
		TokenType: tokenTypeOAuth1})
	return s, nil
}

// tokenTypeOAuth1 is the name of the scheme of the Authorization header.
const tokenTypeOAuth1 = "OAuth"

// checkAgreed accepts only a successful response for the request token of this flow (RFC 5849
// section 2.2).
func checkAgreed(f *Flow, callback url.Values) error {
	for _, name := range []string{"denied", "error", "oauth_problem"} {
		if !callback.Has(name) {
			continue
		}
		if callback.Has("oauth_verifier") {
			return &Error{Fault: FaultResponse,
				Err: errors.New("the response is both a success and an error")}
		}
		return denied(f, callback)
	}
	token, verifier := callback.Get("oauth_token"), callback.Get("oauth_verifier")
	switch {
	case f.Token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(f.Token)) != 1:
		return &Error{Fault: faultState,
			Err: errors.New("oauth_token is missing or not that of this login")}
	case verifier == "":
		return &Error{Fault: FaultResponse, Err: errNoVerifier}
	case len(verifier) > maxCode:
		return &Error{Fault: FaultResponse, Err: errors.New("oauth_verifier is too long")}
	}
	return nil
}

// errNoVerifier also ends logins at servers of OAuth 1.0 without the "a", which have no verifier.
var errNoVerifier = errors.New("the response has no oauth_verifier; at some providers this means " +
	"that the user declined")

// denied reads an unsuccessful response. RFC 5849 does not define one: providers send denied=TOKEN,
// an OAuth 2.0 error, or oauth_problem.
func denied(f *Flow, callback url.Values) error {
	e := &Error{Fault: FaultDenied, Code: registeredCode(callback.Get("error")),
		Err: errors.New("the user or the provider declined")}
	if f.Request.Prompt == "none" { // the session was not renewed
		e.Fault = FaultInteraction
	}
	return e
}

// profile returns the provider's documents about the user.
func (o *OAuth1) profile(ctx context.Context, c credential) (Profile, error) {
	extras, err := json.Marshal(c.extras)
	if err != nil {
		return Profile{}, &Error{Fault: faultToken, Err: fmt.Errorf("encode the response: %w", err)}
	}
	if o.Endpoints.UserInfo == "" {
		return Profile{Token: extras, User: extras}, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.Endpoints.UserInfo, nil)
	if err != nil {
		return Profile{}, &Error{Fault: FaultUserInfo, Err: errors.New("bad address")}
	}
	if err := o.signer(c.token, c.secret).Sign(req); err != nil {
		return Profile{}, fmt.Errorf("provider: %w", err)
	}
	a, err := o.outbound().fetchProfile(req, where(req.URL))
	if statusOf(err) != 0 {
		err = o.refusal(FaultUserInfo, a)
	}
	if err != nil {
		return Profile{}, err
	}
	// any Content-Type: some send text/html
	profile, err := o.UserFields.schema().read(a.body, &o.notes)
	if err != nil {
		return Profile{}, userInfoFault(err)
	}
	return Profile{Token: extras, User: profile.raw}, nil
}

// user maps the profile. MapUser may set the Subject.
func (o *OAuth1) user(p Profile) (u session.User, err error) {
	u.Issuer = o.issuer()
	if o.UserFields != (Fields{}) {
		if u, err = p.user(u.Issuer, o.UserFields, EmailByMember, &o.notes); err != nil {
			return session.User{}, err
		}
	}
	if o.MapUser != nil {
		var mapped string
		err := mapUser(&u, EmailByMember, func(u *session.User) error {
			err := o.MapUser(p, u)
			mapped = u.Subject
			return err
		})
		if err != nil {
			return session.User{}, err
		}
		u.Subject = mapped
	}
	if err := checkIdentifier("the user's ID", u.Subject); err != nil {
		return session.User{}, userInfoFault(err)
	}
	return u, nil
}
