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

	// maxLifetime is how long browsers keep a cookie (RFC 6265bis section 5.5).
	maxLifetime = 400 * 24 * time.Hour
)

// Config says how sessions are kept. Secret is the only field that must be set. A Config never
// prints its secrets.
type Config struct {
	// Secret is what sessions are sealed with: 32 random bytes or more in hex or base64
	// (openssl rand -base64 32), or a passphrase of at least 32 characters, which is stretched. White
	// space, line ends or quotation marks around it are errors. Anyone who has it can forge any session.
	Secret string

	// OldSecrets still open what they have sealed, which is sealed again under Secret when it is next
	// written. Stores know users by names that depend on the secret, so revocations and lists of
	// sessions need the old one, too. To rotate, put the old secret here for as long as Lifetime.
	OldSecrets []string

	// Store keeps the sessions instead of the cookies, which then hold a reference only: NewServerStore(backend), or any
	// gorilla store. What it stores is sealed. Nil means cookies.
	Store sessions.Store

	// Revocations end sessions from elsewhere: in other processes, all sessions of a user, those that the provider ends (back-channel
	// logout). Several processes need revocations that they share; NewMemoryRevocations says that there is one. Default: those of
	// a ServerStore; none with other stores. With cookies and none, a process remembers the sign-outs that it has seen.
	Revocations Revocations

	// CookieName is the name of the session cookie, without prefix. Default: "sallyport".
	CookieName string

	// Domain shares the cookies with the hosts below it, such as "example.com". Each of those hosts can then
	// read and replace the session: leave it empty (this host only) unless you trust all of them.
	Domain string

	// SameSite defaults to http.SameSiteLaxMode. http.SameSiteNoneMode, for pages in a frame of another
	// site, needs an https base URL. http.SameSiteStrictMode is an error: the cookie would stay at home
	// when the provider sends the browser back.
	SameSite http.SameSite

	// Idle is how long a session lives without a request. Default: 24 hours. At least a minute.
	Idle time.Duration

	// Lifetime is how long a session lives at most, whatever the activity. Default: 7 days;
	// Idle if that is longer. At most 400 days, for which browsers keep a cookie.
	Lifetime time.Duration

	// Revalidate is how long a session is good without a proof from the provider that it still
	// stands there. After that, tokens are refreshed by the next page or guarded request, or without
	// a refresh token the browser is sent to the provider and back without the user noticing
	// (prompt=none), when it opens a page. Until then the session is not known to other requests.
	// Zero, the default, means never. At least a minute.
	Revalidate time.Duration

	// Watch is how often a context of [Manager.Watch] looks whether its session has been ended in another process. In this one it
	// ends at once. Default: 10 seconds. At least a second.
	Watch time.Duration

	// ProfileOnly keeps no tokens: the smallest cookie, for applications that only need to know
	// who the user is. Session.Tokens then answers ErrNoTokens.
	ProfileOnly bool

	// Locker makes sure that tokens are refreshed once. Several processes that share sessions need one that
	// they share. Default: that of a ServerStore; otherwise one that works within this process.
	Locker Locker

	// Now replaces the clock in tests. Default: time.Now.
	Now func() time.Time
}

const redactedConfig = "session.Config(redacted)"

// String implements fmt.Stringer without a secret.
func (Config) String() string { return redactedConfig }

// GoString implements fmt.GoStringer without a secret.
func (Config) GoString() string { return redactedConfig }

// LogValue implements slog.LogValuer without a secret.
func (Config) LogValue() slog.Value { return slog.StringValue(redactedConfig) }

// MarshalJSON implements json.Marshaler without a secret.
func (Config) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedConfig + `"`), nil }

// withDefaults fills in what was left zero.
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
		c = store.bring(c)
	}
	if c.Locker == nil {
		c.Locker = NewMemoryLocker(c.Now)
	}
	return c
}

// dropNil makes fields nil that hold a nil pointer, and returns an error that names them.
func (c *Config) dropNil() error {
	var mistakes []error
	drop := func(name string, v any, clear func()) {
		if v != nil && typednil.Is(v) {
			mistakes = append(mistakes, wrongField(name, "holds a nil %T: set it, or leave it out", v))
			clear()
		}
	}
	drop("Store", c.Store, func() { c.Store = nil })
	drop("Revocations", c.Revocations, func() { c.Revocations = nil })
	drop("Locker", c.Locker, func() { c.Locker = nil })
	if st, ok := c.Store.(*ServerStore); ok && typednil.Is(st.backend) {
		mistakes = append(mistakes, errors.New("session: the Backend of Store is nil: pass one to NewServerStore"))
		c.Store = nil
	}
	return errors.Join(mistakes...)
}

// check returns every mistake in c, which has its defaults filled in, except those of the secrets.
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
		wrong("SameSite", "Strict withholds the cookie when the provider sends the browser back, so that no login "+
			"succeeds: use Lax (the default), which withholds it from unsafe requests of other sites")
	case http.SameSiteNoneMode:
		if base != nil && base.Scheme != "https" {
			wrong("SameSite", "None needs an https base URL")
		}
	default:
		wrong("SameSite", "%d is none of the values of net/http", c.SameSite)
	}
	if c.Idle < time.Minute {
		wrong("Idle", "%v is less than a minute", c.Idle)
	}
	if c.Lifetime < c.Idle {
		wrong("Lifetime", "%v is less than Idle %v", c.Lifetime, c.Idle)
	}
	if c.Lifetime > maxLifetime {
		wrong("Lifetime", "%v is more than 400 days, for which browsers keep a cookie", c.Lifetime)
	}
	return errors.Join(mistakes...)
}

func checkBaseURL(base *url.URL) error {
	switch {
	case base == nil:
		return errors.New("session: Site.BaseURL is missing")
	case base.Host == "" || base.Scheme != "https" && base.Scheme != "http":
		return fmt.Errorf("session: base URL %q is not an http or https URL with a host", base.Redacted())
	case base.Scheme == "http" && !loopback.Host(base.Hostname()):
		return fmt.Errorf("session: base URL %q must be https; http is for loopback hosts only", base.Redacted())
	}
	return nil
}

// badCookieName says why a name cannot be used. Dots are ours: they number the chunks.
func badCookieName(name string) string {
	for _, c := range []byte(name) {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !ok {
			return "may only hold letters, digits, '-' and '_'"
		}
	}
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "__host-") || strings.HasPrefix(lower, "__secure-") {
		return "must not carry a prefix: it is added where the base URL allows it"
	}
	if len(name) > 64 {
		return "is longer than 64 bytes"
	}
	return ""
}

// validDomain tells whether cookies of the host of base may have this Domain attribute.
func validDomain(domain string, base *url.URL) bool {
	if base == nil || net.ParseIP(domain) != nil || strings.HasPrefix(domain, ".") || strings.ContainsAny(domain, " ;,/:\"\\") {
		return false
	}
	host := strings.ToLower(base.Hostname())
	domain = strings.ToLower(domain)
	return domain == host || strings.Contains(domain, ".") && strings.HasSuffix(host, "."+domain)
}
