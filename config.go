package sallyport

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/authparams"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/internal/testsecret"
	"github.com/sallyport-go/sallyport/internal/typednil"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

const redactedConfig = "sallyport.Config(redacted)"

// String implements fmt.Stringer without a secret.
func (Config) String() string { return redactedConfig }

// GoString implements fmt.GoStringer without a secret.
func (Config) GoString() string { return redactedConfig }

// LogValue implements slog.LogValuer without a secret.
func (Config) LogValue() slog.Value { return slog.StringValue(redactedConfig) }

// MarshalJSON implements json.Marshaler without a secret.
func (Config) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedConfig + `"`), nil }

// check returns the base URL, or nil if there is none to work with, and what is wrong with it and
// the prefix.
func (c Config) check() (*url.URL, []error) {
	var mistakes []error
	base, err := parseBaseURL(c.BaseURL)
	if err != nil {
		mistakes = append(mistakes, err)
	}
	if base != nil && !loopback.Host(base.Hostname()) &&
		testsecret.In(append([]string{c.Session.Secret}, c.Session.OldSecrets...)...) {
		mistakes = append(mistakes, wrongField("Session.Secret", "or one of OldSecrets is "+
			"authtest.Secret, which is public, and BaseURL %s is not on this machine: "+
			"make a secret with: openssl rand -base64 32", base))
	}
	if c.Prefix != "" && !validPrefix(c.Prefix) {
		mistakes = append(mistakes, wrongField("Prefix", "%q is not a plain path such as /auth",
			c.Prefix))
	}
	if c.Home != "" && !validHome(c.Home, cmp.Or(c.Prefix, defaultPrefix)) {
		mistakes = append(mistakes,
			wrongField("Home", "%q is not a plain path outside of Prefix, such as /app/", c.Home))
	}
	if c.ProxyStripsPath && base != nil && base.Path == "" {
		mistakes = append(mistakes, wrongField("ProxyStripsPath", "is set, but BaseURL %s has no "+
			"path: write BaseURL with the path that browsers see", base))
	}
	if c.StepUpPage != "" && !validHome(c.StepUpPage, cmp.Or(c.Prefix, defaultPrefix)) {
		mistakes = append(mistakes,
			wrongField("StepUpPage", "%q is not a plain path outside of Prefix, such as /confirm",
				c.StepUpPage))
	}
	if c.NoStore && c.CacheableAfterSignOut {
		mistakes = append(mistakes,
			wrongField("NoStore", "and CacheableAfterSignOut contradict each other: remove one"))
	}
	if c.SessionClaims != nil && !c.SessionEndpoint {
		mistakes = append(mistakes, wrongField("SessionClaims", "needs SessionEndpoint"))
	}
	for _, origin := range c.TrustedOrigins {
		if u, err := url.Parse(origin); err == nil && u.Host != "" && badHost(u) != "" {
			mistakes = append(mistakes, wrongField("TrustedOrigins", "%q %s", withoutUser(origin),
				badHost(u)))
		}
	}
	for _, origin := range c.ReturnOrigins {
		if !validOrigin(origin) {
			mistakes = append(mistakes, wrongField("ReturnOrigins", "%q is not an origin as "+
				"browsers write it, such as https://www.example.com; http is for loopback hosts",
				withoutUser(origin)))
		}
	}
	if c.LoginPage != nil && typednil.Is(c.LoginPage) {
		mistakes = append(mistakes,
			wrongField("LoginPage", "holds a nil value: set it, or leave it out"))
	}
	if c.RefreshAhead < 0 || c.RefreshAhead > time.Hour {
		mistakes = append(mistakes, wrongField("RefreshAhead", "%v is not between 0 and an hour",
			c.RefreshAhead))
	}
	mistakes = append(mistakes, c.checkLoginParams()...)
	return base, append(mistakes, c.checkPages()...)
}

// checkLoginParams returns what is wrong with the parameters that the login URL may have.
func (c Config) checkLoginParams() []error {
	var mistakes []error
	seen := map[string]bool{}
	for _, name := range c.LoginParams {
		err := authparams.CheckName(name)
		switch {
		case name == "login_hint" || name == "ui_locales":
			err = nil
		case slices.Contains([]string{"return_to", "with", "iss", "target_link_uri"}, name):
			err = fmt.Errorf("%q is a parameter of the login URL already", name)
		case authparams.Canonical(name) == "claims":
			err = fmt.Errorf("%q can require how the user signs in: use Auth.LoginURLWith", name)
		case err == nil && seen[authparams.Canonical(name)]:
			err = fmt.Errorf("%q is a duplicate", name)
		}
		if err != nil {
			mistakes = append(mistakes, wrongField("LoginParams", "%w", err))
		}
		seen[authparams.Canonical(name)] = true
	}
	return mistakes
}

var prefixPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

func validPrefix(p string) bool { return prefixPattern.MatchString(p) && path.Clean(p) == p }

// validHome accepts a path that the login routes do not own.
func validHome(p, prefix string) bool {
	plain := strings.TrimSuffix(p, "/")
	return p == "/" || validPrefix(plain) && plain != prefix && !strings.HasPrefix(plain,
		prefix+"/")
}

// withDefaults fills in what was left zero.
func (c Config) withDefaults(base *url.URL) Config {
	if c.Prefix == "" {
		c.Prefix = defaultPrefix
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.RefreshAhead == 0 {
		c.RefreshAhead = time.Minute
	}
	if c.Session.CookieName == "" && base != nil {
		c.Session.CookieName = cookieName(base, c.Prefix)
	}
	return c
}

// warn tells about settings that are not wrong but may not do what was wanted.
func (c Config) warn(m *session.Manager) {
	if c.FrontchannelLogout && !m.Revocable() {
		c.Logger.Warn("sallyport: FrontchannelLogout is of no effect without Session.Revocations " +
			"or a ServerStore: " +
			"set session.NewMemoryRevocations if this is the only process")
	}
	if c.FrontchannelLogout && c.Session.SameSite != http.SameSiteNoneMode {
		c.Logger.Warn("sallyport: front-channel logout reaches no session cookie in a frame of " +
			"another site, unless Session.SameSite is None")
	}
}

// checkProviders returns what is wrong with the providers. It also makes the dangerous switches
// loud: they are logged, and refused together with a public base URL.
func (c Config) checkProviders(base *url.URL) []error {
	mistakes := c.checkTenants()
	if _, known := c.Providers[c.DefaultProvider]; c.DefaultProvider != "" && !known {
		mistakes = append(mistakes, wrongField("DefaultProvider", "%q is not one of Providers",
			c.DefaultProvider))
	}
	names := make([]string, 0, len(c.Providers))
	for name := range c.Providers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := c.Providers[name]
		if !directory.ValidName(name) {
			mistakes = append(mistakes,
				fmt.Errorf("sallyport: provider name %q must consist of a-z, 0-9, '-' and '_': "+
					"it is part of a URL", name))
		}
		if typednil.Is(p) {
			mistakes = append(mistakes,
				fmt.Errorf("sallyport: provider %q is nil: set it, or leave it out", name))
			continue
		}
		mistakes = append(mistakes, c.checkProvider(name, p, base)...)
	}
	mistakes = append(mistakes, c.checkSilentLogin())
	mistakes = append(mistakes, c.checkCallbacks(names)...)
	return append(mistakes, sharedKeys(c.Providers, names)...)
}

// sharedKeys rejects two providers with the same client key and client ID: one of them could replay
// a client assertion meant for the other (RFC 9700 and its update, section 2.1).
func sharedKeys(providers provider.Set, names []string) []error {
	var mistakes []error
	type client struct{ id, key string }
	used := map[client]string{}
	for _, name := range names {
		o, ok := providers[name].(*provider.OIDC)
		if !ok || o == nil || o.ClientKey == nil || typednil.Is(o.ClientKey.Signer) {
			continue
		}
		public, err := x509.MarshalPKIXPublicKey(o.ClientKey.Signer.Public())
		if err != nil {
			continue // no key that could sign; Validate says so
		}
		who := client{o.ClientID, string(public)}
		if other, taken := used[who]; taken {
			mistakes = append(mistakes,
				fmt.Errorf("sallyport: providers %q and %q have the same ClientKey and ClientID: "+
					"give each a key of its own", other, name))
		}
		used[who] = name
	}
	return mistakes
}

// checkTenants returns what is wrong with Tenants, and with having no other providers.
func (c Config) checkTenants() []error {
	var mistakes []error
	t := c.Tenants
	switch {
	case t.Find == nil && len(c.Providers) == 0 && c.LoginPage == nil:
		mistakes = append(mistakes, wrongField("Providers", "is empty: set one way to sign in"))
	case t.Find == nil && (t.Keep != 0 || t.Limit != 0 || t.TrustRoles):
		mistakes = append(mistakes, wrongField("Tenants.Find", "is missing"))
	case t.Find != nil && len(c.Providers) == 0 && c.LoginPage == nil:
		mistakes = append(mistakes,
			wrongField("LoginPage",
				"is missing: without Providers, it finds out which tenant the user belongs to"))
	}
	if t.Keep < 0 || t.Keep > 24*time.Hour {
		mistakes = append(mistakes, wrongField("Tenants.Keep", "%v is not between 0 and a day",
			t.Keep))
	}
	if t.Limit < 0 {
		mistakes = append(mistakes, wrongField("Tenants.Limit", "%d is negative", t.Limit))
	}
	return mistakes
}

func (c Config) checkProvider(name string, p provider.Provider, base *url.URL) []error {
	v, ok := p.(provider.Validator)
	if !ok {
		return nil
	}
	var mistakes []error
	insecure, err := v.Validate()
	for _, mistake := range settings.Each(err) {
		mistakes = append(mistakes, &providerError{name, mistake})
	}
	for _, option := range insecure {
		c.Logger.Warn("sallyport: insecure option in use", "provider", name, "option", option)
		if base != nil && !loopback.Host(base.Hostname()) {
			mistakes = append(mistakes, &providerError{name, wrongOption(option, base)})
		}
	}
	return mistakes
}
