package provider

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/internal/authparams"
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
