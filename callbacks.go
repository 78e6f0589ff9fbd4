package sallyport

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/sallyport-go/sallyport/internal/typednil"
	"github.com/sallyport-go/sallyport/provider"
)

// RegisteredURIs are the addresses of this application to register with one provider. Those that
// the provider's protocol or the configuration does not support are empty. The names in JSON are
// those of client metadata (OpenID Connect Dynamic Client Registration 1.0 and the logout
// specifications).
type RegisteredURIs struct {
	// Redirect is where logins return to.
	Redirect string `json:"redirect_uri"`

	// PostLogout is where sign-outs at the provider return to.
	PostLogout string `json:"post_logout_redirect_uri,omitempty"`

	// BackchannelLogout requires Session.Revocations or a ServerStore: otherwise the application
	// could not enforce the logout in all processes.
	BackchannelLogout string `json:"backchannel_logout_uri,omitempty"`

	// FrontchannelLogout requires the same, and Config.FrontchannelLogout.
	FrontchannelLogout string `json:"frontchannel_logout_uri,omitempty"`

	// InitiateLogin requires Config.ThirdPartyLogin. It is the same for all providers.
	InitiateLogin string `json:"initiate_login_uri,omitempty"`
}

// RedirectURIs returns the addresses to register with each configured provider, by provider name.
// Routes of an empty address do not exist.
func (a *Auth) RedirectURIs() map[string]RegisteredURIs { return maps.Clone(a.registered) }

func (a *Auth) registeredURIs(c Config) map[string]RegisteredURIs {
	all := make(map[string]RegisteredURIs, len(c.Providers))
	for name, p := range c.Providers {
		uris := RegisteredURIs{Redirect: a.routes.RedirectURI(name)}
		if _, ends := p.(provider.SessionEnder); ends && a.relay == nil {
			uris.PostLogout = a.routes.RouteURL("logged-out")
		}
		if _, verifies := p.(provider.LogoutVerifier); verifies && a.Sessions.Revocable() {
			uris.BackchannelLogout = a.routes.RouteURL("backchannel/" + name)
		}
		d, ok := p.(provider.Describer)
		framed := ok && d.Describe().LogoutOrigins != nil
		if framed && c.FrontchannelLogout && a.Sessions.Revocable() {
			uris.FrontchannelLogout = a.routes.RouteURL("frontchannel/" + name)
		}
		if _, initiates := p.(provider.Initiator); initiates && c.ThirdPartyLogin {
			uris.InitiateLogin = a.routes.RouteURL("login")
		}
		all[name] = uris
	}
	return all
}

// callbackOf returns the path that a provider chooses for its redirect URI, or "".
func callbackOf(p provider.Provider) string {
	if d, ok := p.(provider.Describer); ok && !typednil.Is(p) {
		return d.Describe().CallbackPath
	}
	return ""
}

// checkCallbacks keeps the redirect URIs of providers distinct (RFC 9700 section 4.4.2), and apart
// from the other paths.
func (c Config) checkCallbacks(names []string) []error {
	var mistakes []error
	taken := map[string]string{}
	for _, name := range names {
		callback := callbackOf(c.Providers[name])
		if callback == "" {
			continue
		}
		wrong := func(format string, args ...any) {
			mistakes = append(mistakes, wrongCallback(name, fmt.Errorf("%q "+format,
				append([]any{callback}, args...)...)))
		}
		plain := strings.TrimSuffix(callback, "/")
		folded := strings.ToLower(plain)
		other, clash := taken[folded]
		switch {
		case !validPrefix(plain):
			wrong("is not a plain path such as /authorize")
		case !validHome(folded, strings.ToLower(c.Prefix)):
			wrong("is inside of Prefix %s, which has routes of its own: choose another Prefix",
				c.Prefix)
		case folded == strings.ToLower(strings.TrimSuffix(c.Home, "/")):
			wrong("is the start page: change Home or the callback")
		case folded == strings.ToLower(strings.TrimSuffix(c.StepUpPage, "/")):
			wrong("is StepUpPage: change one of them")
		case clash:
			wrong("is the callback of provider %q as well: each needs its own", other)
		}
		taken[folded] = name
	}
	return mistakes
}

var errTenantCallback = errors.New("is for configured providers: the path of a callback names " +
	"the tenant")

// notOfTenant rejects a provider of a tenant that chooses its callback.
func notOfTenant(name string, p provider.Provider) error {
	if callbackOf(p) == "" {
		return nil
	}
	return wrongCallback(name, errTenantCallback)
}

func wrongCallback(name string, err error) error {
	return &providerError{name, &provider.FieldError{Field: "Callback", Err: err}}
}
