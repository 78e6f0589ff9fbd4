package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
)

// settings are what the example runs with.
type settings struct {
	listen  string
	config  sallyport.Config
	demo    *authtest.Provider // the provider beside us; nil with a real one
	closers []func() error
}

// loadSettings reads the settings of sallyport.ListenAddr and sallyport.FromEnv. On a developer's
// own machine the secret need not be set, nor the client ID for a provider that is there too;
// without a provider, we bring one.
func loadSettings(lookup func(string) (string, bool)) (*settings, error) {
	env := environment(lookup)
	listen, err := sallyport.ListenAddr(lookup)
	if err != nil {
		return nil, err
	}
	set := &settings{listen: listen}
	err = errors.Join(set.configure(env), set.keepSessions(env))
	if err != nil {
		set.close()
	}
	return set, err
}

// configure fills in all but where sessions are kept.
func (s *settings) configure(env environment) error {
	named := env.any("SALLYPORT_PROVIDERS", "SALLYPORT_CONFIG")
	if !named && !env.any("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_SCOPES") {
		return s.startDemo(env)
	}
	defaults := map[string]string{}
	host, _, _ := net.SplitHostPort(s.listen)
	if named && onThisMachine(host) && !env.isSet("BASE_URL") {
		defaults["SESSION_SECRET"] = randomSecret()
	}
	issuer, _ := env("OIDC_ISSUER")
	if u, err := url.Parse(issuer); err == nil && onThisMachine(u.Hostname()) {
		defaults["OIDC_CLIENT_ID"] = "sallyport-example"
		defaults["SESSION_SECRET"] = randomSecret()
	}
	var err error
	s.config, err = sallyport.FromEnv(env.with(defaults))
	return err
}

// onThisMachine reports whether a host is this machine.
func onThisMachine(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		net.ParseIP(host).IsLoopback()
}

// startDemo starts a provider beside the application, which speaks all three protocols: three ways
// to sign in.
func (s *settings) startDemo(env environment) error {
	demo, err := authtest.Start(authtest.Options{})
	if err != nil {
		return err
	}
	s.demo = demo
	c, err := sallyport.FromEnv(env.with(map[string]string{
		"OIDC_ISSUER": demo.Issuer(), "OIDC_CLIENT_ID": authtest.ClientID,
		"OIDC_CLIENT_SECRET": authtest.ClientSecret,
		"SESSION_SECRET":     randomSecret(),
	}))
	if err != nil {
		return fmt.Errorf("%w\nOIDC_ISSUER is not set: without it the example brings a provider "+
			"of its own, which works with LISTEN_ADDR and BASE_URL on loopback only", err)
	}
	oidc, oauth2, oauth1 := demo.OIDC(), demo.OAuth2(), demo.OAuth1()
	oidc.Scopes = []string{"openid", "profile", "email", "offline_access"}
	oidc.DisplayName, oauth2.DisplayName, oauth1.DisplayName = "OpenID Connect", "OAuth 2.0",
		"OAuth 1.0a"
	c.Providers = provider.Set{"oidc": oidc, "oauth2": oauth2, "oauth1": oauth1}
	c.Order = []string{"oidc", "oauth2", "oauth1"}
	s.config = c
	return nil
}

func (s *settings) close() {
	if s.demo != nil {
		s.demo.Close()
	}
	for _, f := range s.closers {
		f()
	}
}

// welcome returns the text printed at startup: what to open, and what to register.
func (s *settings) welcome(redirectURIs map[string]sallyport.RegisteredURIs) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Open %s\n\n", s.config.BaseURL)
	if s.demo == nil {
		for _, name := range slices.Sorted(maps.Keys(redirectURIs)) {
			fmt.Fprintf(&b, "  Redirect URI to register at the provider %s: %s\n", name,
				redirectURIs[name].Redirect)
		}
		b.WriteString("\n")
		return b.String()
	}
	fmt.Fprintf(&b, "  A test provider for OpenID Connect, OAuth 2.0 and OAuth 1.0a runs at\n")
	fmt.Fprintf(&b, "  %s with these users:\n\n", s.demo.Issuer())
	for _, u := range s.demo.Users() {
		fmt.Fprintf(&b, "    %-8s password %-8s %s\n", u.Username, u.Username,
			strings.Join(u.Roles, ", "))
	}
	b.WriteString(`
  Sessions are kept in memory. SESSION_STORE=cookies keeps them in the browser,
  and REDIS_URL keeps them in Redis.

  To use a real provider, set OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and
  SESSION_SECRET. For several, set SALLYPORT_PROVIDERS or SALLYPORT_CONFIG (see
  docs/settings.md).

`)
	return b.String()
}

// randomSecret returns a session secret for this run of the program.
func randomSecret() string {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	return hex.EncodeToString(secret)
}

// environment looks settings up. NAME_FILE sets NAME.
type environment func(string) (string, bool)

func (env environment) isSet(name string) bool {
	value, _ := env(name)
	file, _ := env(name + "_FILE")
	return value != "" || file != ""
}

func (env environment) any(names ...string) bool {
	for _, name := range names {
		if env.isSet(name) {
			return true
		}
	}
	return false
}

// with adds defaults for what is not set.
func (env environment) with(defaults map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if value, ok := defaults[name]; ok && !env.isSet(name) {
			return value, true
		}
		return env(name)
	}
}

// bulleted shows each of several joined errors on a line of its own.
func bulleted(err error) string {
	lines := strings.Split(err.Error(), "\n")
	return "  - " + strings.Join(lines, "\n  - ")
}
