package provider

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
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

// owned are the parameters that the library sets. If an application set them too, they would be
// sent twice, or a check would be disabled.
var owned = []string{
	"response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope",
	"state", "nonce", "code_challenge",
	"code_challenge_method", "max_age", "acr_values", "request", "request_uri",
}

func checkAuthParams(params url.Values) []error {
	var mistakes []error
	for name, values := range params {
		switch {
		case name == "response_type" || name == "response_mode":
			mistakes = append(mistakes, wrongField("AuthParams", "%q is set by the library: %w",
				name, errTokenInBrowser))
		case name == "max_age" || name == "acr_values" || name == "scope":
			mistakes = append(mistakes, wrongField("AuthParams", "%q has a field of its own", name))
		case slices.Contains(owned, name):
			mistakes = append(mistakes, wrongField("AuthParams", "%q is set by the library", name))
		case len(values) != 1 && name != "resource":
			mistakes = append(mistakes, wrongField("AuthParams", "%q must have one value", name))
		}
	}
	return mistakes
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
	params := url.Values{}
	for name, values := range c.more {
		params[name] = slices.Clone(values)
	}
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
