package session

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/internal/typednil"
)

const (
	defaultName     = "sallyport"
	defaultIdle     = 24 * time.Hour
	defaultLifetime = 7 * 24 * time.Hour
	defaultWatch    = 10 * time.Second

	// maxLifetime is the longest time that browsers keep a cookie (RFC 6265bis section 5.5).
	maxLifetime = 400 * 24 * time.Hour
)

// Config configures sessions. Secret is the only required field. A Config never prints its secrets.
type Config struct {
	// Secret seals sessions: at least 32 random bytes in hex or base64 (openssl rand -base64 32),
	// or a passphrase of at least 32 characters, which is stretched. Surrounding white space, line
	// ends or quotation marks are errors. Anyone who has it can forge any session.
	Secret string

	// OldSecrets open what they sealed earlier; the next write seals it under Secret. Stores know
	// users by names derived from the secret, so revocations and lists of sessions need the old
	// secrets, too. To rotate, keep the old secret here for Lifetime.
	OldSecrets []string

	// Store keeps sessions server-side; the cookie then holds only a reference. It is
	// NewServerStore(backend) or any gorilla store, and receives sealed data only. Nil means
	// cookies.
	Store sessions.Store

	// Revocations end sessions from outside their browser: in other processes, all sessions of a
	// user, or those that the provider ends (back-channel logout). Several processes need shared
	// revocations; NewMemoryRevocations is for a single process. Default: those of a ServerStore;
	// none with other stores. In cookie mode without revocations, each process remembers only the
	// sign-outs it handled.
	Revocations Revocations

	// CookieName is the name of the session cookie, without its prefix. Default: "sallyport".
	CookieName string

	// Domain shares the cookies with all subdomains of a host, such as "example.com". Each of those
	// hosts can then read and replace the session: leave it empty (this host only) unless you trust
	// all of them.
	Domain string

	// SameSite defaults to http.SameSiteLaxMode. http.SameSiteNoneMode, for pages framed by another
	// site, needs an https base URL. http.SameSiteStrictMode is an error: browsers would withhold
	// the cookie when the provider redirects back.
	SameSite http.SameSite

	// Idle is how long a session lives without a request. Default: 24 hours. Minimum: one minute.
	Idle time.Duration

	// Lifetime is the absolute limit of a session, whatever the activity. Default: 7 days, or Idle
	// if that is longer. Maximum: 400 days, the longest time that browsers keep a cookie.
	Lifetime time.Duration

	// Revalidate is how long a session is trusted without re-checking with the provider. After
	// that, the next page or guarded request refreshes the tokens; without a refresh token, the
	// next page navigation is re-authenticated silently (prompt=none). Until then, other requests
	// are treated as unauthenticated. Zero, the default, means never. Minimum: one minute.
	Revalidate time.Duration

	// Watch is how often a context of [Manager.Watch] checks whether another process has ended its
	// session. A session ended in this process ends it at once. Default: 10 seconds. Minimum: one
	// second.
	Watch time.Duration

	// ProfileOnly discards the tokens: the smallest cookie, for applications that only need the
	// user's identity. Session.Tokens then returns ErrNoTokens.
	ProfileOnly bool

	// Locker makes concurrent requests refresh tokens only once. Several processes that share
	// sessions need a shared Locker. Default: that of a ServerStore; otherwise one for this
	// process.
	Locker Locker

	// Now replaces the clock in tests. Default: time.Now.
	Now func() time.Time
}

const redactedConfig = "session.Config(redacted)"

// String implements fmt.Stringer and hides the secrets.
func (Config) String() string { return redactedConfig }

// GoString implements fmt.GoStringer and hides the secrets.
func (Config) GoString() string { return redactedConfig }

// LogValue implements slog.LogValuer and hides the secrets.
func (Config) LogValue() slog.Value { return slog.StringValue(redactedConfig) }

// MarshalJSON implements json.Marshaler and hides the secrets.
func (Config) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedConfig + `"`), nil }

// withDefaults returns c with defaults in place of zero fields.
func (c Config) withDefaults() Config {
	if c.CookieName == "" {
		c.CookieName = defaultName
	}
	if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
		c.SameSite = http.SameSiteLaxMode
	}
	if c.Idle == 0 {
		c.Idle = defaultIdle
		if c.Lifetime > 0 {
			c.Idle = min(c.Idle, c.Lifetime)
		}
	}
	if c.Lifetime == 0 {
		c.Lifetime = max(defaultLifetime, c.Idle)
	}
	if c.Watch == 0 {
		c.Watch = defaultWatch
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if store, ok := c.Store.(*ServerStore); ok {
		c = store.withBackend(c)
	}
	if c.Locker == nil {
		c.Locker = NewMemoryLocker(c.Now)
	}
	return c
}

// dropNil clears fields that hold a typed nil pointer, and returns an error that names them.
func (c *Config) dropNil() error {
	var mistakes []error
	drop := func(name string, v any, clear func()) {
		if v != nil && typednil.Is(v) {
			mistakes = append(mistakes,
				wrongField(name, "holds a nil %T: set it, or leave it out", v))
			clear()
		}
	}
	drop("Store", c.Store, func() { c.Store = nil })
	drop("Revocations", c.Revocations, func() { c.Revocations = nil })
	drop("Locker", c.Locker, func() { c.Locker = nil })
	if st, ok := c.Store.(*ServerStore); ok && typednil.Is(st.backend) {
		mistakes = append(mistakes,
			errors.New("session: the Backend of Store is nil: pass one to NewServerStore"))
		c.Store = nil
	}
	return errors.Join(mistakes...)
}

// check returns every mistake in c, whose defaults are filled in. It does not check the secrets.
func (c Config) check(base *url.URL) error {
	var mistakes []error
	wrong := func(field, format string, args ...any) {
		mistakes = append(mistakes, wrongField(field, format, args...))
	}
	if reason := badCookieName(c.CookieName); reason != "" {
		wrong("CookieName", "%q %s", c.CookieName, reason)
	}
	if c.Revalidate != 0 && c.Revalidate < time.Minute {
		wrong("Revalidate", "%v is less than a minute", c.Revalidate)
	}
	if c.Watch < time.Second {
		wrong("Watch", "%v is less than a second", c.Watch)
	}
	if c.Domain != "" && !validDomain(c.Domain, base) {
		wrong("Domain", "%q is not the host of the base URL or a parent domain of it", c.Domain)
	}
	switch c.SameSite {
	case http.SameSiteLaxMode:
	case http.SameSiteStrictMode:
		wrong("SameSite", "Strict withholds the cookie when the provider redirects back, which "+
			"breaks every login: "+
			"use Lax (the default), which withholds it from unsafe cross-site requests")
	case http.SameSiteNoneMode:
		if base != nil && base.Scheme != "https" {
			wrong("SameSite", "None needs an https base URL")
		}
	default:
		wrong("SameSite", "%d is not a valid http.SameSite", c.SameSite)
	}
	if c.Idle < time.Minute {
		wrong("Idle", "%v is less than a minute", c.Idle)
	}
	if c.Lifetime < c.Idle {
		wrong("Lifetime", "%v is less than Idle %v", c.Lifetime, c.Idle)
	}
	if c.Lifetime > maxLifetime {
		wrong("Lifetime", "%v is more than 400 days, the longest time that browsers keep a cookie",
			c.Lifetime)
	}
	return errors.Join(mistakes...)
}

func checkBaseURL(base *url.URL) error {
	switch {
	case base == nil:
		return errors.New("session: Site.BaseURL is missing")
	case base.Host == "" || base.Scheme != "https" && base.Scheme != "http":
		return fmt.Errorf("session: base URL %q is not an http or https URL with a host",
			base.Redacted())
	case base.Scheme == "http" && !loopback.Host(base.Hostname()):
		return fmt.Errorf("session: base URL %q must be https; http is allowed on loopback "+
			"hosts only", base.Redacted())
	}
	return nil
}

// badCookieName returns why a name is invalid, or "". Dots are reserved for chunk numbers.
func badCookieName(name string) string {
	for _, c := range []byte(name) {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' ||
			c == '_'
		if !ok {
			return "may contain only letters, digits, '-' and '_'"
		}
	}
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "__host-") || strings.HasPrefix(lower, "__secure-") {
		return "must not have a prefix: https base URLs add it automatically"
	}
	if len(name) > 64 {
		return "is longer than 64 bytes"
	}
	return ""
}

// validDomain reports whether cookies of the host of base may have this Domain attribute.
func validDomain(domain string, base *url.URL) bool {
	if base == nil || net.ParseIP(domain) != nil || strings.HasPrefix(domain, ".") ||
		strings.ContainsAny(domain, " ;,/:\"\\") {
		return false
	}
	host := strings.ToLower(base.Hostname())
	domain = strings.ToLower(domain)
	return domain == host || strings.Contains(domain, ".") && strings.HasSuffix(host, "."+domain)
}
