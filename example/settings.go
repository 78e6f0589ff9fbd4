package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// settings are what the example runs with.
type settings struct {
	listen string
	config sallyport.Config
	demo   *authtest.Provider // the provider beside us; nil with a real one
}

const defaultListen = "localhost:8080"

// loadSettings reads LISTEN_ADDR and the settings of sallyport.FromEnv. What can be guessed on a
// developer's own machine need not be set there: BASE_URL when LISTEN_ADDR is on loopback, and with an
// issuer on loopback also the secret and the client ID.
func loadSettings(lookup func(string) (string, bool)) (*settings, error) {
	env := environment(lookup)
	set := &settings{listen: env.or("LISTEN_ADDR", defaultListen)}
	base, err := baseURL(set.listen)
	if err != nil {
		return nil, err
	}
	if !env.any("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_SCOPES") {
		return set, set.startDemo(env, base)
	}
	defaults := map[string]string{}
	if base != "" {
		defaults["BASE_URL"] = base
	}
	if onLoopback(env.or("OIDC_ISSUER", "")) {
		defaults["OIDC_CLIENT_ID"] = "sallyport-example"
		defaults["SESSION_SECRET"] = randomSecret()
	}
	set.config, err = sallyport.FromEnv(env.with(defaults))
	return set, err
}

// startDemo starts a provider beside the application and configures it.
func (s *settings) startDemo(env environment, base string) error {
	base = env.or("BASE_URL", base)
	if !onLoopback(base) {
		return errors.New("OIDC_ISSUER is not set: without it the example runs with a provider of its own, for which BASE_URL and LISTEN_ADDR must be on loopback, such as localhost:8080")
	}
	demo, err := authtest.Start("localhost:0")
	if err != nil {
		return err
	}
	s.demo = demo
	s.config = sallyport.Config{
		BaseURL:   base,
		Session:   session.Config{Secret: env.or("SESSION_SECRET", randomSecret())},
		Providers: provider.Set{"oidc": demo.OIDC()},
	}
	return nil
}

func (s *settings) close() {
	if s.demo != nil {
		s.demo.Close()
	}
}

// welcome tells what to do next.
func (s *settings) welcome() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Open %s\n\n", s.config.BaseURL)
	if s.demo == nil {
		fmt.Fprintf(&b, "  Redirect URI to register at the provider: %s/auth/callback/oidc\n\n", s.config.BaseURL)
		return b.String()
	}
	fmt.Fprintf(&b, "  An OpenID provider for trying things out runs at %s\n  and knows these users:\n\n", s.demo.Issuer())
	for _, u := range s.demo.Users() {
		fmt.Fprintf(&b, "    %-8s password %-8s %s\n", u.Username, u.Username, strings.Join(u.Roles, ", "))
	}
	b.WriteString("\n  To use a real provider, set OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and SESSION_SECRET.\n\n")
	return b.String()
}

// baseURL guesses the public address from the address to listen at. It is empty when that is not on
// loopback: then only the operator knows.
func baseURL(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" {
		return "", fmt.Errorf("LISTEN_ADDR %q is not host:port, such as %s", listen, defaultListen)
	}
	if base := "http://" + net.JoinHostPort(host, port); onLoopback(base) {
		return base, nil
	}
	return "", nil
}

func onLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func randomSecret() string { return rand.Text() + rand.Text() + rand.Text() }

// environment looks settings up; NAME_FILE counts as NAME being set.
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

func (env environment) or(name, fallback string) string {
	if value, _ := env(name); value != "" {
		return value
	}
	return fallback
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
