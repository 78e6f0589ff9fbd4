package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/cookies"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// ErrNone means that a request carries no session.
var ErrNone = errors.New("session: no session in the request")

// ErrStore is wrapped by errors that mean that the configured store failed. Whether the user is
// signed in is then unknown.
var ErrStore = errors.New("session: store failed")

// ErrChanged means that another request wrote the session to the store after this one read it.
// Nothing was written; load the session again.
var ErrChanged = errors.New("session: changed by another request")

// skew is the tolerated difference between the clocks of the application's processes.
const skew = time.Minute

// A Manager starts, reads, changes and ends sessions. sallyport.Auth.Sessions is one. It is safe
// for concurrent use.
type Manager struct {
	*shared
	place
}

// shared is what the managers of all origins of an application have in common.
type shared struct {
	config  Config // with defaults
	site    engine.Site
	onEvent func(context.Context, Event) // nil: none
	keyring *keyring
	cookies cookies.Jar

	fullName   string // of the cookie, with its prefix
	renewAfter time.Duration

	once        *onceMemory
	watchers    watchers
	generations generations // of sessions in cookies
	pauses      pauses      // after failed refreshes
	logged      logged

	buffers sync.Pool // of *[4096]byte
}

// New creates the manager of a site, with what other packages of the library do with it; only
// sallyport.New can call it. It returns all mistakes of the configuration together (errors.Join).
// With a passphrase as Secret, it takes a noticeable fraction of a second.
func New(c Config, site engine.Site, onEvent func(context.Context, Event)) (internals, error) {
	nilErr := c.dropNil()
	c = c.withDefaults()
	keyring, keyErr := newKeyring(c.Secret, c.OldSecrets, min(c.Lifetime, maxLifetime)+24*time.Hour)
	baseErr := checkBaseURL(site.BaseURL)
	if err := errors.Join(nilErr, keyErr, baseErr, c.check(site.BaseURL)); err != nil {
		return internals{}, err
	}
	c.Secret, c.OldSecrets = "", nil // no longer needed
	site.Logger = cmp.Or(site.Logger, slog.Default())

	m := &Manager{shared: &shared{
		config: c, site: site, onEvent: onEvent,
		keyring: keyring, cookies: cookies.New(site.BaseURL, c.Domain),
	}}
	m.fullName = m.cookies.Name(c.CookieName)
	// Often enough that an active user is not signed out early, and rarely enough that most
	// responses set no cookie.
	m.renewAfter = min(max(c.Idle/10, time.Minute), c.Idle/2)
	m.settle(originText(site.BaseURL))
	m.once = onceOf(c.Locker, c.Now)
	m.generations.limit = maxGenerations
	m.generations.full = func(provider string) {
		m.site.Logger.Warn("session: too many sign-outs: all sessions of a provider have "+
			"been ended", "provider", provider)
	}
	return internals{m}, nil
}

// Load returns the session of a request. The error is [ErrNone] (there is no cookie), [ErrInvalid]
// (the session is forged, expired, revoked, of another registration, ...), or wraps [ErrStore].
// ErrInvalid is also [ErrEnded] if the session was ended. Keep the cookies in all other cases:
// another server may accept them. The reason is logged, at most once an hour.
func (m *Manager) Load(r *http.Request) (*Session, error) {
	if m = m.at(r); m.origin == unknownOrigin {
		return nil, ErrNone
	}
	return fromStore(func() (*Session, error) { return m.keeper.load(r) })
}

// Start starts the session of a user who has just signed in. It gives s a new ID and new times (it
// keeps an Expires earlier than Config.Lifetime allows, and an Epoch that is set), sets the
// cookies, and ends the previous session of the request. Call it before the response's first byte.
//
// The login routes call it. Applications call it with a loaded session to change its ID, or after
// EndAll. Start returns an error for a session that guards would reject: one without a user, with
// an unknown Provider or another Registration, or one that has ended. A new session of an own login
// is started by sallyport.Auth.SignIn only, which rejects requests of other sites. The error for a
// session that does not fit is a [*TooLargeError].
func (m *Manager) Start(w http.ResponseWriter, r *http.Request, s *Session) error {
	if s.ID == "" && s.User.Issuer == OwnIssuer {
		return errors.New("session: Start: User.Issuer is OwnIssuer: start the session of an own " +
			"login with Auth.SignIn")
	}
	return m.start(w, r, s)
}

func (m *Manager) start(w http.ResponseWriter, r *http.Request, s *Session) error {
	m = m.at(r)
	if err := s.settle(); err != nil {
		return err
	}
	if s.Epoch == 0 {
		epoch, err := m.epoch(r.Context())
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
	if s.Device == "" && m.lists() {
		s.Device = device(r.UserAgent())
	}
	return m.write(w, r, s, IfAbsent)
}

func newID() string {
	id := make([]byte, idSize)
	rand.Read(id) // never fails
	return base64.RawURLEncoding.EncodeToString(id)
}

// Renew writes a loaded session again with only Seen changed, if due: a tenth of Config.Idle has
// passed (at least a minute, at most half of Idle), an old secret sealed it, or the browser has an
// older generation. It skips a session whose tokens are being refreshed. Renew reports whether it
// wrote. Call it before any change to the session, and before the response's first byte.
func (m internals) Renew(w http.ResponseWriter, r *http.Request, s *Session) (bool, error) {
	m.Manager = m.at(r)
	sealed := s.details.sealed
	if sealed == nil || sealed.manager.shared != m.shared {
		return false, nil // written in this request, or another manager's
	}
	if sealed.behind {
		sealed.behind = false
		return true, m.adopt(w, r, s)
	}
	now := m.now()
	if sealed.current && now.Sub(s.Seen) < m.renewAfter || m.inCookies() && m.refreshing(s, now) {
		return false, nil
	}
	return m.moveIdle(w, r, s, now)
}

// End signs the user out: it removes the session from the browser and from the store. It also works
// without a valid session. The error wraps [ErrStore]; the cookies are removed even then.
// Afterwards, copies of the cookies are rejected: in all processes with a store or
// Config.Revocations, otherwise in this one.
func (m *Manager) End(w http.ResponseWriter, r *http.Request) error {
	if m.site.SignedOut != nil {
		m.site.SignedOut(w, r)
	}
	return m.discard(w, r)
}

// discard is End for a session that ended without a sign-out by the user.
func (m *Manager) discard(w http.ResponseWriter, r *http.Request) error {
	m = m.at(r)
	err := toStore(func() error { return m.keeper.end(r) })
	m.removeChunks(w, r, 0)
	return err
}

// write seals the details and the identity again.
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

// keep makes the keeper write a sealed session.
func (m *Manager) keep(w http.ResponseWriter, r *http.Request, s *Session, details string,
	c Condition) error {
	return toStore(func() error { return m.keeper.write(w, r, s, details, c) })
}

// admit rejects a session that is invalid or has been revoked.
func (m *Manager) admit(ctx context.Context, s *Session, now time.Time) error {
	if err := m.check(ctx, s, now); err != nil {
		return err
	}
	return m.unrevoked(ctx, s)
}

// check rejects a session that has expired or cannot be used here.
func (m *Manager) check(ctx context.Context, s *Session, now time.Time) error {
	switch {
	case s.ID == "" || s.Created.IsZero():
		return errForeign
	case m.expired(s, now):
		return ErrInvalid // the browser and the store remove it
	case s.Created.After(now.Add(skew)), s.Seen.After(now.Add(skew)):
		return errNotYet
	}
	return m.accepted(ctx, s)
}

// accepted asks Site.Accept, and sets the tenant of the user.
func (m *Manager) accepted(ctx context.Context, s *Session) error {
	switch err := m.ask(ctx, s); {
	case err == nil, errors.Is(err, ErrStore):
		return err
	case errors.Is(err, ErrEnded):
		return errEnded
	default:
		return &unusable{err.Error()}
	}
}

func (m *Manager) ask(ctx context.Context, s *Session) (err error) {
	if m.site.Accept != nil {
		s.User.Tenant, err = m.site.Accept(ctx, engine.Login{Provider: s.Provider,
			Registration: s.Registration, Issuer: s.User.Issuer})
	}
	return err
}

// expired reports whether a session has expired.
func (m *Manager) expired(s *Session, now time.Time) bool {
	return !now.Before(s.Seen.Add(m.config.Idle)) || !now.Before(s.Expires) ||
		!now.Before(s.Created.Add(m.config.Lifetime))
}

// remaining returns how long the browser needs to keep the session.
func (m *Manager) remaining(s *Session) time.Duration {
	return min(m.config.Idle, s.Expires.Sub(s.Seen))
}

// now returns the time, truncated to the resolution of stored times.
func (m *Manager) now() time.Time { return m.config.Now().Truncate(time.Second) }

// CookieStore returns a gorilla store for the application's own sessions, which it keeps in sealed
// cookies. Unlike gorilla's CookieStore, it splits large sessions into several cookies.
func (m *Manager) CookieStore() sessions.Store { return &cookieStore{m} }
