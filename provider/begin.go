package provider

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
	f.State, f.Nonce = random(16), random(16)
	if !o.InsecureNoPKCE && o.responseType() != responseIDToken {
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

// random returns n random bytes as base64url. Each secret of a login has its own: none is derived
// from another, or from the request.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// owned are the parameters that the library sets itself. An application that could set them as well would send them
// twice or switch a check off.
var owned = []string{
	"response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce", "code_challenge",
	"code_challenge_method", "max_age", "acr_values", "request", "request_uri",
}

func checkAuthParams(params url.Values) []error {
	var mistakes []error
	for name, values := range params {
		switch {
		case name == "response_type" || name == "response_mode":
			mistakes = append(mistakes, fmt.Errorf("AuthParams: %s follows from ResponseType: %w", name, errTokenInBrowser))
		case name == "max_age" || name == "acr_values" || name == "scope":
			mistakes = append(mistakes, fmt.Errorf("AuthParams: %s has a field of its own", name))
		case slices.Contains(owned, name):
			mistakes = append(mistakes, fmt.Errorf("AuthParams: %s is set by the library", name))
		case len(values) != 1 && name != "resource":
			mistakes = append(mistakes, fmt.Errorf("AuthParams: %s must have one value", name))
		}
	}
	return mistakes
}

// authorizationRequest is the request of OpenID Connect Core section 3.1.2.1.
func (o *OIDC) authorizationRequest(f *Flow) url.Values {
	params := url.Values{}
	for name, values := range o.AuthParams {
		params[name] = slices.Clone(values)
	}
	params.Set("response_type", o.responseType())
	if o.ResponseMode() != "query" {
		params.Set("response_mode", o.ResponseMode())
	}
	params.Set("client_id", o.ClientID)
	params.Set("redirect_uri", f.RedirectURI)
	params.Set("scope", strings.Join(o.scopes(f.Request.Scopes), " "))
	params.Set("state", f.State)
	params.Set("nonce", f.Nonce)
	if f.Verifier != "" {
		params.Set("code_challenge", oauth2.S256ChallengeFromVerifier(f.Verifier))
		params.Set("code_challenge_method", "S256")
	}
	if maxAge := o.maxAge(f); maxAge != nil {
		params.Set("max_age", strconv.FormatInt(int64(*maxAge/time.Second), 10))
	}
	set := func(name, value string) {
		if value != "" {
			params.Set(name, value)
		}
	}
	set("acr_values", strings.Join(o.acrValues(f), " "))
	set("prompt", f.Request.Prompt)
	set("login_hint", f.Request.LoginHint)
	set("ui_locales", strings.Join(f.Request.UILocales, " "))
	return params
}

// withParams adds parameters to an address and keeps the query that it has (RFC 6749 section 3.1).
func withParams(address string, params url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("provider: bad address in the metadata")
	}
	existing, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("provider: bad query in an address of the metadata")
	}
	for name := range existing {
		if params.Has(name) {
			return "", fmt.Errorf("provider: an address of the metadata already has the parameter %s", printable(name))
		}
	}
	// Some providers take "+" literally, and all understand "%20".
	added := strings.ReplaceAll(params.Encode(), "+", "%20")
	if u.RawQuery != "" {
		added = u.RawQuery + "&" + added
	}
	u.RawQuery, u.ForceQuery = added, false
	return u.String(), nil
}

// push sends the request to the provider directly and returns what is left for the browser to carry
// (RFC 9126 section 2). There is no way back to a plain request: a failure fails the login.
func (o *OIDC) push(ctx context.Context, m *metadata, params url.Values) (url.Values, error) {
	if m.PAREndpoint == "" {
		return nil, &Error{Fault: FaultRefused, Err: errors.New("pushed authorization requests are needed, but the provider names no endpoint for them")}
	}
	secrets := []string{params.Get("state"), params.Get("nonce"), o.ClientSecret}
	a, err := o.post(ctx, m, m.PAREndpoint, params)
	if err != nil {
		return nil, asUnavailable(FaultRefused, err)
	}
	if a.status != http.StatusCreated && a.status != http.StatusOK {
		return nil, oauthError(FaultRefused, a, secrets)
	}
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	if err := decodeAnswer(a, &pushed, "request_uri", "expires_in"); err != nil {
		return nil, &Error{Fault: FaultRefused, Err: err}
	}
	if pushed.RequestURI == "" || len(pushed.RequestURI) > 1024 {
		return nil, &Error{Fault: FaultRefused, Err: errors.New("the answer to the pushed request has no usable request_uri")}
	}
	return url.Values{"client_id": {o.ClientID}, "request_uri": {pushed.RequestURI}}, nil
}

// decodeAnswer reads a JSON object of which the given members are used.
func decodeAnswer(a answer, v any, names ...string) error {
	if !a.isJSON() {
		return errors.New("the answer is not application/json")
	}
	if err := checkJSON(a.body, names); err != nil {
		return err
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		return errors.New("a member of the answer has the wrong type")
	}
	return nil
}
