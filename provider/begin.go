package provider

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Begin implements [Provider].
func (o *OIDC) Begin(ctx context.Context, f *Flow) (string, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return "", err
	}
	f.Issuer = o.Issuer
	f.State, f.Nonce = cmp.Or(f.State, random(16)), random(16)
	if o.usesPKCE() {
		f.Verifier = oauth2.GenerateVerifier()
	}
	params := o.authorizationRequest(f)
	if m.PARRequired || o.PAR == PARAlways {
		if params, err = o.push(ctx, m, params); err != nil {
			return "", err
		}
	}
	return withParams(m.AuthorizationEndpoint, params)
}

func (o *OIDC) usesPKCE() bool {
	return !o.InsecureNoPKCE && !o.noPKCE && o.responseType() != responseIDToken
}

// authorizationRequest is the request of OpenID Connect Core section 3.1.2.1.
func (o *OIDC) authorizationRequest(f *Flow) url.Values {
	params := client{o.ClientID, strings.Join(o.scopes(f.Request.Scopes), " "), o.AuthParams}.authorizationRequest(f)
	params.Set("response_type", o.responseType())
	if o.ResponseMode() != "query" {
		params.Set("response_mode", o.ResponseMode())
	}
	params.Set("nonce", f.Nonce)
	if maxAge := o.maxAge(f); maxAge != nil {
		params.Set("max_age", strconv.FormatInt(int64(*maxAge/time.Second), 10))
	}
	if acr := o.acrValues(f); len(acr) > 0 {
		params.Set("acr_values", strings.Join(acr, " "))
	}
	return params
}

// maxRequestURI bounds request_uri, which is of no use in an address that is too long for browsers.
const maxRequestURI = 1024

// push sends the request to the provider directly and returns what is left for the browser to carry
// (RFC 9126 section 2). There is no way back to a plain request: a failure fails the login.
func (o *OIDC) push(ctx context.Context, m *metadata, params url.Values) (url.Values, error) {
	a, err := o.post(ctx, m, m.PAREndpoint, params)
	if err != nil {
		return nil, asUnavailable(FaultRefused, err)
	}
	if a.status != http.StatusCreated && a.status != http.StatusOK {
		return nil, oauthError(FaultRefused, a, []string{params.Get("state"), params.Get("nonce")})
	}
	pushed, err := a.read(newSchema("answer to a pushed request", "request_uri"), &o.notes)
	if err != nil {
		return nil, &Error{Fault: FaultRefused, Err: err}
	}
	address, err := pushed.text("request_uri")
	if err != nil || address == "" || len(address) > maxRequestURI {
		return nil, &Error{Fault: FaultRefused, Err: errors.New("the answer to the pushed request has no usable request_uri")}
	}
	return url.Values{"client_id": {o.ClientID}, "request_uri": {address}}, nil
}
