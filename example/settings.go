package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/loopback"
)

// settings are what the example runs with.
type settings struct {
	listen  string
	config  sallyport.Config
	demo    *authtest.Provider // the provider beside us; nil with a real one
	closers []func() error
}

// loadSettings reads the settings of sallyport.ListenAddr and sallyport.FromEnv. With a provider on a
// developer's own machine, the secret and the client ID need not be set; with none, we bring one.
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
	if !env.any("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_SCOPES") {
		return s.startDemo(env)
	}
	defaults := map[string]string{}
	if issuer, _ := env("OIDC_ISSUER"); loopback.URL(issuer) {
		defaults["OIDC_CLIENT_ID"] = "sallyport-example"
		defaults["SESSION_SECRET"] = randomSecret()
	}
	var err error
	s.config, err = sallyport.FromEnv(env.with(defaults))
	return err
}

// startDemo starts a provider beside the application, and configures it with the same settings as
// any other.
func (s *settings) startDemo(env environment) error {
	demo, err := authtest.Start("localhost:0")
	if err != nil {
		return err
	}
	s.demo = demo
	c, err := sallyport.FromEnv(env.with(map[string]string{
		"OIDC_ISSUER": demo.Issuer(), "OIDC_CLIENT_ID": authtest.ClientID, "OIDC_CLIENT_SECRET": authtest.ClientSecret,
		"OIDC_SCOPES": "openid profile email offline_access", "SESSION_SECRET": randomSecret(),
	}))
	if err != nil {
		return fmt.Errorf("%w\nOIDC_ISSUER is not set: without it the example brings a provider of its own, which works with LISTEN_ADDR and BASE_URL on loopback only", err)
	}
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
	b.WriteString("\n  Sessions are kept in memory, with SESSION_STORE=cookies in the browser, with REDIS_URL in Redis.\n")
	b.WriteString("\n  To use a real provider, set OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and SESSION_SECRET.\n\n")
	return b.String()
}

// randomSecret is good until the program ends.
func randomSecret() string {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	return hex.EncodeToString(secret)
}

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
