package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/provider"
)

// With Config.ThirdPartyLogin a provider, or its portal, starts a login by sending the browser to
// the login route (OpenID Connect Core section 4), by GET or by POST. No token protects that:
// starting a login only makes a flow, and the user signs in at the provider as always (R29). Of the
// parameters only three are read, and what they can do is bounded: iss chooses among the providers
// that are configured, target_link_uri goes through the same filter as return_to, and login_hint is
// a hint.

// maxLoginHint is longer than any email address, and than the opaque hints of providers.
const maxLoginHint = 512

// thirdParty returns the parameters of a login request, and whether a third party has sent it: in
// the body of a POST, or in a query with iss.
func (h *routes) thirdParty(w http.ResponseWriter, r *http.Request) (
	params url.Values, initiated bool) {
	if r.Method != http.MethodPost {
		params = queryOf(r)
		return params, h.config.ThirdPartyLogin && params.Has("iss")
	}
	params, _ = formOf(w, r) // an unreadable form leads to the choice, like an unknown issuer
	return params, true
}

// loginHint returns a hint that is fit to be passed on, or "".
func loginHint(raw string) string {
	strange := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(raw) > maxLoginHint || !utf8.ValidString(raw) || strings.ContainsFunc(raw, strange) {
		return ""
	}
	return raw
}

// initiatedBy returns the provider that asks for a login: the one that the path names, which a
// tenant's must be, or a configured one. Any other issuer is never contacted (R30, R69); its user
// gets the login page.
func (h *routes) initiatedBy(issuer, named string, namedProvider provider.Provider) (
	name string, p provider.Provider) {
	initiates := func(p provider.Provider) bool {
		i, ok := p.(provider.Initiator)
		return ok && i.Initiates(issuer)
	}
	if initiates(namedProvider) {
		return named, namedProvider
	}
	for name, p := range h.config.Providers.Configured() {
		if initiates(p) {
			return name, p
		}
	}
	return "", nil
}
