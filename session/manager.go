package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/cookies"
)

// ErrNone means that a request carries no session.
var ErrNone = errors.New("session: none")

// ErrStore is wrapped by errors that mean: the configured store failed. Whether the user is
// signed in is unknown then.
var ErrStore = errors.New("session: store failed")

// ErrChanged means that a session in a store was written by another request after this one had read
// it. Nothing was written; load it again.
var ErrChanged = errors.New("session: changed by another request")

// skew is how far the clocks of the application's processes may be apart.
const skew = time.Minute

// A Site is the place a manager works in, which the application configures elsewhere. Sessions of one
// site do not open in another.
type Site struct {
	BaseURL *url.URL // public origin; decides names and attributes of cookies
	Prefix  string   // path of the login routes, such as "/auth"

	// Accept is asked about each session that was read and is otherwise valid, and about each that
	// starts. It decides what the manager cannot know: is the provider's registration still the same?
	// An error that wraps [ErrEnded] ends the session, and one that wraps [ErrStore] means that the
	// answer is unknown at the moment. Any other rejects the session here only, and is logged. Nil
	// accepts all.
	Accept func(context.Context, *Session) error

	// SignedOut is called by [Manager.End], so that what is kept beside the session can end with it. Nil
	// does nothing.
	SignedOut func(http.ResponseWriter, *http.Request)

	Logger  *slog.Logger                 // nil: slog.Default()
	OnEvent func(context.Context, Event) // nil: none
}

// A Manager starts, reads, renews and ends sessions. It is safe for concurrent use.
type Manager struct {
	config  Config // with defaults
	site    Site
	keyring *keyring
	cookies cookies.Jar

	origin, prefix string // what every seal is bound to
	fullName       string // of the cookie, with its prefix
	identitySeal   []byte // associated data of the identity part
	referenceSeal  []byte // and of a reference
	renewAfter     time.Duration

	keeper      keeper
	once        *onceMemory
	watchers    watchers
	generations generations // of sessions in cookies
	pauses      pauses      // of refreshes that failed
	logged      logged

	buffers sync.Pool // of *[4096]byte, for checksums
}

// NewManager checks the configuration and returns every mistake at once (errors.Join). A passphrase
// as Secret takes it a noticeable part of a second.
func NewManager(c Config, site Site) (*Manager, error) {
	nilErr := c.dropNil()
	c = c.withDefaults()
	keyring, keyErr := newKeyring(c.Secret, c.OldSecrets, min(c.Lifetime, maxLifetime)+24*time.Hour)
	baseErr := checkBaseURL(site.BaseURL)
	if err := errors.Join(nilErr, keyErr, baseErr, c.check(site.BaseURL)); err != nil {
		return nil, err
	}
	c.Secret, c.OldSecrets = "", nil // not needed any more
	site.Logger = cmp.Or(site.Logger, slog.Default())

	m := &Manager{
		config: c, site: site, keyring: keyring, cookies: cookies.New(site.BaseURL, c.Domain),
	}
	m.origin = strings.ToLower(site.BaseURL.Scheme + "://" + site.BaseURL.Host)
	m.prefix = site.Prefix
	m.fullName = m.cookies.Name(c.CookieName)
	m.identitySeal = associatedData(purposeSession, m.fullName, m.origin, m.prefix)
	m.referenceSeal = associatedData(purposeReference, m.fullName, m.origin, m.prefix)
	// Often enough that an active user is not signed out early, seldom enough that most responses set no cookie.
	m.renewAfter = min(max(c.Idle/10, time.Minute), c.Idle/2)
	m.keeper = newKeeper(m)
	m.once = onceOf(c.Locker, c.Now)
	m.generations.limit = maxGenerations
	m.generations.full = func(provider string) {
		m.site.Logger.Warn("session: too many sign-outs to remember: all sessions of a provider are over", "provider", provider)
	}
	return m, nil
}

// Load returns the session of a request. Its errors are [ErrNone] (there is no cookie), [ErrInvalid] (the
// session is not valid: forged, expired, revoked, of another registration, ...), or one that wraps
// [ErrStore]. ErrInvalid is also [ErrEnded] if the session has provably been ended. Keep the cookies of
// any other: another server may accept them. The reason is logged, at most once an hour.
func (m *Manager) Load(r *http.Request) (*Session, error) {
	return fromStore(func() (*Session, error) { return m.keeper.load(r) })
}

// Start begins the session of a user who has just signed in. It gives s a new ID and new times (Expires
// is kept if it is earlier than Config.Lifetime allows, Epoch if it is set), sets the cookies, and ends
// the session that the request came with. It must be called before the response's first byte.
//
// The login routes call it. An application calls it with a session that it has loaded, for a new ID or
// after EndAll. A session that no guard would accept is an error: one without a user, whose Provider is
// not configured or has another Registration, or which has ended. A session that does not fit is a
// [*TooLargeError].
func (m *Manager) Start(w http.ResponseWriter, r *http.Request, s *Session) error {
	if err := s.settle(); err != nil {
		return err
	}
	if s.Epoch == 0 {
		epoch, err := m.Epoch(r.Context())
		if err != nil {
			return err
		}
		s.Epoch = epoch
	}
	if err := m.startable(r.Context(), s); err != nil {
		return err
	}
	now := m.now()
	s.ID = newID()
	s.Created, s.Proven, s.Seen = now, now, now
	if end := now.Add(m.config.Lifetime); s.Expires.IsZero() || s.Expires.After(end) {
		s.Expires = end
	}
	s.Generation = 1
	s.details.record = nil
	if s.Device == "" && m.Lists() {
		s.Device = device(r.UserAgent())
	}
	return m.write(w, r, s, IfAbsent)
}

func newID() string {
	id := make([]byte, idSize)
	rand.Read(id) // never fails
	return base64.RawURLEncoding.EncodeToString(id)
}

// Renew writes a loaded session again, unchanged but for Seen, when that is due: a tenth of Config.Idle
// has passed (at least a minute, at most half of Idle), it is sealed under an old secret, or the browser
// has an older generation of it. A session whose tokens are being refreshed is left alone. Renew reports
// whether it wrote. Call it before anything is changed, and before the response's first byte.
func (m *Manager) Renew(w http.ResponseWriter, r *http.Request, s *Session) (bool, error) {
	sealed := s.details.sealed
	if sealed == nil || sealed.manager != m {
		return false, nil // written in this request, or not ours
	}
	if sealed.behind {
		sealed.behind = false
		return true, m.adopt(w, r, s)
	}
	now := m.now()
	if sealed.current && now.Sub(s.Seen) < m.renewAfter || m.inCookies() && m.refreshing(s, now) {
		return false, nil
	}
	details, err := m.sameDetails(s)
	if err != nil {
		return false, err
	}
	before := s.Seen
	s.Seen, sealed.current = now, true
	if err := m.keep(w, r, s, details, IfNotNewer); err != nil {
		s.Seen = before
		if errors.Is(err, ErrChanged) {
			return false, nil // another request has just renewed it, and with more
		}
		return false, err
	}
	return true, nil
}

// End signs the user out: it removes the session from the browser and from the store. It needs no
// valid session. The error wraps [ErrStore]; the cookies are removed even then. A copy of the cookies
// is refused afterwards: in all processes with a store or Config.Revocations, else in this one.
func (m *Manager) End(w http.ResponseWriter, r *http.Request) error {
	if m.site.SignedOut != nil {
		m.site.SignedOut(w, r)
	}
	return m.Discard(w, r)
}

// Discard is End for a session that has ended by itself, without a decision to sign out.
func (m *Manager) Discard(w http.ResponseWriter, r *http.Request) error {
	err := toStore(func() error { return m.keeper.end(r) })
	m.removeChunks(w, r, 0)
	return err
}

// write seals the details and the identity anew.
func (m *Manager) write(w http.ResponseWriter, r *http.Request, s *Session, c Condition) error {
	if m.config.ProfileOnly {
		s.details.tokens = nil
	}
	details, err := m.sealDetails(s)
	if err != nil {
		return err
	}
	return m.keep(w, r, s, details, c)
}

// keep has the keeper write what is sealed.
func (m *Manager) keep(w http.ResponseWriter, r *http.Request, s *Session, details string, c Condition) error {
	return toStore(func() error { return m.keeper.write(w, r, s, details, c) })
}

// admit refuses what does not count, and what has been revoked.
func (m *Manager) admit(ctx context.Context, s *Session, now time.Time) error {
	if err := m.check(ctx, s, now); err != nil {
		return err
	}
	return m.unrevoked(ctx, s)
}

// check rejects a session that has expired, and one that is of no use here.
func (m *Manager) check(ctx context.Context, s *Session, now time.Time) error {
	switch {
	case s.ID == "" || s.Created.IsZero():
		return errForeign
	case m.expired(s, now):
		return ErrInvalid // the browser removes it, and so does the store
	case s.Created.After(now.Add(skew)), s.Seen.After(now.Add(skew)):
		return errNotYet
	}
	return m.accepted(ctx, s)
}

// accepted asks Site.Accept.
func (m *Manager) accepted(ctx context.Context, s *Session) error {
	if m.site.Accept == nil {
		return nil
	}
	switch err := m.site.Accept(ctx, s); {
	case err == nil, errors.Is(err, ErrStore):
		return err
	case errors.Is(err, ErrEnded):
		return errEnded
	default:
		return &unusable{err.Error()}
	}
}

// expired reports whether a session's time is over.
func (m *Manager) expired(s *Session, now time.Time) bool {
	return !now.Before(s.Seen.Add(m.config.Idle)) || !now.Before(s.Expires) ||
		!now.Before(s.Created.Add(m.config.Lifetime))
}

// remaining is how long the browser needs to keep the session.
func (m *Manager) remaining(s *Session) time.Duration {
	return min(m.config.Idle, s.Expires.Sub(s.Seen))
}

// now has the resolution of the stored times.
func (m *Manager) now() time.Time { return m.config.Now().Truncate(time.Second) }

// Now is the manager's clock: Config.Now.
func (m *Manager) Now() time.Time { return m.config.Now() }

// Due reports whether the provider has to be asked whether the session still stands (Config.Revalidate).
func (m *Manager) Due(s *Session) bool {
	return m.config.Revalidate > 0 && !m.config.Now().Before(s.Proven.Add(m.config.Revalidate))
}

// Cookies writes and reads cookies of the same site as the session's.
func (m *Manager) Cookies() cookies.Jar { return m.cookies }

// CookieStore returns a gorilla store that keeps its sessions in sealed cookies, for the application's own sessions.
// It differs from gorilla's in that large sessions are cut into several cookies.
func (m *Manager) CookieStore() sessions.Store { return &cookieStore{m} }

// CookieName returns the name of the session cookie, without prefix. Cookies beside it start with it.
func (m *Manager) CookieName() string { return m.config.CookieName }
