package sallyport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/internal/relay"
	"github.com/sallyport-go/sallyport/internal/testsecret"
	"github.com/sallyport-go/sallyport/session"
)

// RelayConfig configures a [Relay]. URL, Secret, and Origins or Allow are required. A RelayConfig
// never prints its secrets.
type RelayConfig struct {
	// URL is the public address of the relay, such as "https://login.example.com/callback". The
	// redirect URI to register with a provider is URL + "/" + its name.
	URL string

	// Secret opens the states that applications seal with the same Config.RelaySecret: at least 32
	// random bytes (openssl rand -base64 32). It is never the Session.Secret of an application.
	// Anyone who has it can have the responses of providers sent to any allowed origin.
	Secret string

	// OldSecrets also open states. To rotate, keep the old secret here until all applications have
	// the new one.
	OldSecrets []string

	// Origins lists the origins to forward responses to, such as "https://acme.example.com". Each
	// needs the same trust as a registered redirect URI, because it can complete any login: it must
	// not serve content that others control.
	Origins []string

	// Allow decides about origins that Origins does not list. It runs for each response, and gets
	// an origin as browsers write it: in lower case, without a default port, and https, or http on
	// a loopback host.
	Allow func(ctx context.Context, origin string) bool

	// AppName is the name on pages. Default: the host of URL.
	AppName string

	Logger *slog.Logger     // default: slog.Default()
	Now    func() time.Time // default: time.Now
}

const redactedRelay = "sallyport.RelayConfig(redacted)"

// String implements fmt.Stringer without a secret.
func (RelayConfig) String() string { return redactedRelay }

// GoString implements fmt.GoStringer without a secret.
func (RelayConfig) GoString() string { return redactedRelay }

// LogValue implements slog.LogValuer without a secret.
func (RelayConfig) LogValue() slog.Value { return slog.StringValue(redactedRelay) }

// MarshalJSON implements json.Marshaler without a secret.
func (RelayConfig) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedRelay + `"`), nil }

// Relay returns a handler that forwards the responses of providers to the origin where the login
// began, so that all origins of an application, and preview deployments, share one redirect URI per
// provider. Applications set Config.RelayURL to its URL. Serve it at the host of RelayConfig.URL;
// it serves only the paths below URL.
//
// The relay opens the state, which names the origin and is sealed with Secret, and checks the
// origin with Origins and Allow. It forwards state, code, iss, error, error_description, id_token
// and response, by a redirect or, for form_post, by a form. It has no cookies and makes no
// requests; the application makes all other checks. docs/hosts.md says which origins to allow.
//
// All configuration errors are returned at once (errors.Join).
func Relay(c RelayConfig) (http.Handler, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Origins = slices.Clone(c.Origins)
	base, mistakes := c.check()
	if base == nil {
		return nil, errors.Join(mistakes...)
	}
	sealer, err := relaySealer(base, c.Secret, c.OldSecrets, c.Now)
	if err != nil {
		mistakes = append(mistakes, fmt.Errorf("sallyport: RelayConfig: %w", err))
	}
	words, wrong := answer.NewWords(cmp.Or(c.AppName, base.Host), nil)
	if err := errors.Join(append(mistakes, wrong...)...); err != nil {
		return nil, err
	}
	return &relay.Handler{
		States: relay.States{URL: base.String(), Sealer: sealer}, Base: base, Allowed: c.allows,
		Writer: &answer.Writer{Kind: "relay", Words: words, Logger: c.Logger, Now: sealer.Now},
	}, nil
}

// check returns the URL, or nil if there is none to work with, and what is wrong.
func (c RelayConfig) check() (*url.URL, []error) {
	var mistakes []error
	base, err := parseBaseURL(c.URL)
	if err != nil {
		mistakes = append(mistakes, wrongField("RelayConfig.URL", "%w", inner(err)))
	}
	if len(c.Origins) == 0 && c.Allow == nil {
		mistakes = append(mistakes, wrongField("RelayConfig.Origins",
			"is empty, and Allow is nil: list the origins of the applications"))
	}
	for _, text := range c.Origins {
		origin, err := parseBaseURL(text)
		if err == nil && (origin.Path != "" || origin.String() != text) {
			err = fmt.Errorf("%q is not an origin as browsers write it: write %s", text,
				originOf(origin))
		}
		if err != nil {
			mistakes = append(mistakes, wrongField("RelayConfig.Origins", "%w", inner(err)))
		}
	}
	if base != nil && !loopback.Host(base.Hostname()) &&
		testsecret.In(append([]string{c.Secret}, c.OldSecrets...)...) {
		mistakes = append(mistakes, wrongField("RelayConfig.Secret", "or one of OldSecrets is "+
			"authtest.Secret, which is public: make a secret with: openssl rand -base64 32"))
	}
	return base, mistakes
}

// allows reports whether responses may go to an origin. A panic of Allow allows nothing, and Allow
// sees only origins as browsers write them: a check of the end of the text is a check of the host.
func (c RelayConfig) allows(r *http.Request, origin string) bool {
	if !validOrigin(origin) {
		return false
	}
	if slices.Contains(c.Origins, origin) {
		return true
	}
	if c.Allow == nil {
		return false
	}
	allowed, err := recovered.Get(func() (bool, error) { return c.Allow(r.Context(), origin), nil })
	if err != nil {
		c.Logger.ErrorContext(r.Context(), "sallyport: RelayConfig.Allow failed", "origin", origin,
			"error", err, recovered.Stack(err))
	}
	return allowed && err == nil
}

// relaySealer seals states as sessions are sealed, with the secret of the relay.
func relaySealer(base *url.URL, secret string, old []string, now func() time.Time) (
	relay.Sealer, error) {
	return session.New(session.Config{Secret: secret, OldSecrets: old, Now: now},
		engine.Site{BaseURL: base}, nil)
}

// relayStates returns the states for the relay of the application, or nil if it has none.
func (c Config) relayStates() (*relay.States, []error) {
	if c.RelayURL == "" && c.RelaySecret == "" {
		return nil, nil
	}
	base, err := parseBaseURL(c.RelayURL)
	if err != nil {
		return nil, []error{wrongField("RelayURL", "%w", inner(err))}
	}
	switch {
	case c.RelaySecret == "":
		return nil, []error{wrongField("RelaySecret", "is missing: it is that of the relay")}
	case c.RelaySecret == c.Session.Secret ||
		slices.Contains(c.Session.OldSecrets, c.RelaySecret):
		return nil, []error{wrongField("RelaySecret", "is a secret of the session, which the "+
			"relay must not have: make another one with: openssl rand -base64 32")}
	case !loopback.Host(base.Hostname()) && testsecret.In(c.RelaySecret):
		return nil, []error{wrongField("RelaySecret", "is authtest.Secret, which is public: make "+
			"a secret with: openssl rand -base64 32")}
	}
	sealer, err := relaySealer(base, c.RelaySecret, nil, c.Session.Now)
	if err != nil {
		return nil, []error{wrongField("RelaySecret", "cannot be used: %w", err)}
	}
	return &relay.States{URL: base.String(), Sealer: sealer}, nil
}
