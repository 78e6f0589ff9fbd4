package middleware

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// keepRefreshed is how long the result of a refresh is given to requests that still hold the session of before: those that
// were under way, and those of a browser that did not get the new cookies, because the response had begun, or
// lost them to a slow response with the old ones.
const keepRefreshed = 10 * time.Minute

// refreshTimeout bounds one refresh. It does not end with the request that caused it, because the refresh
// token it has sent may be spent (RFC 9700 section 4.14.2).
const refreshTimeout = 30 * time.Second

// maxHops is how many generations a request may be behind.
const maxHops = 4

// current returns the newest generation of the session that is needed: s itself while its tokens are good, else the
// result of a refresh. When the tokens cannot be renewed now but are still valid, they have to do.
func (g *Guard) current(r *http.Request, s *session.Session, good func(*session.Session, session.Tokens) bool) (*session.Session, error) {
	for range maxHops {
		tokens, err := s.Tokens()
		if err != nil {
			return nil, err
		}
		if good(s, tokens) || tokens.RefreshToken == "" || !mayRefresh(r) {
			break
		}
		next, err := g.next(r, s)
		if err != nil {
			return g.unrefreshed(s, tokens, err)
		}
		s = next
	}
	return s, nil
}

// newest returns a later generation of the session if this process has just seen one, so that the browser gets its
// cookies (again) and does not come back with a refresh token that is spent.
func (g *Guard) newest(w http.ResponseWriter, r *http.Request, s *session.Session) *session.Session {
	later := s
	for range maxHops {
		if !g.superseded.has(later.ID, later.Generation, g.config.Sessions.Now()) {
			break
		}
		next, err := g.next(r, later)
		if err != nil {
			break
		}
		later = next
	}
	if later != s && g.config.Sessions.Adopt(w, r, later) != nil {
		return s
	}
	return later
}

// mayRefresh refuses methods that must not have an effect, and prefetches nobody may ever look at.
func mayRefresh(r *http.Request) bool {
	return r.Method != http.MethodHead && r.Method != http.MethodOptions && !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
}

// errEnded means that the provider does not prolong the login: the session is over.
var errEnded = errors.New("middleware: the provider has ended the login")

// next returns the generation after s. The provider is asked once for all requests that hold s, also in other processes
// if they share a Locker. An empty result stands for the end of the session.
func (g *Guard) next(r *http.Request, s *session.Session) (*session.Session, error) {
	if err := g.pauses.wait(s.ID, g.config.Sessions.Now()); err != nil {
		return nil, err
	}
	refresh := func(ctx context.Context) ([]byte, error) { // in whatever goroutine the Locker uses
		return recovered.Get(func() ([]byte, error) { return g.refresh(ctx, s) })
	}
	sealed, err := recovered.Get(func() ([]byte, error) {
		return g.config.Sessions.Locker().Do(r.Context(), refreshKey(s), keepRefreshed, refresh)
	})
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 {
		return nil, errEnded
	}
	later, err := g.config.Sessions.Opened(r.Context(), sealed, s)
	if err == nil {
		g.superseded.add(s.ID, s.Generation, g.config.Sessions.Now())
	}
	return later, err
}

// refreshKey names one generation of one session. The session's ID is a secret, so it is hashed.
func refreshKey(s *session.Session) string {
	sum := sha256.Sum256([]byte("refresh " + s.ID + " " + strconv.FormatUint(s.Generation, 10)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// refresh asks the provider and seals the next generation.
func (g *Guard) refresh(ctx context.Context, s *session.Session) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	p, err := g.config.Providers.Find(ctx, s.Provider)
	if err != nil {
		g.refreshFailed(ctx, s, err)
		return nil, err
	}
	refresher, ok := p.(provider.Refresher)
	if !ok {
		return nil, errNoRefresh
	}
	fresh, err := recovered.Get(func() (*session.Session, error) { return refresher.Refresh(ctx, s) })
	if err == nil {
		fresh.User.Tenant = s.User.Tenant // which providers do not know
	}
	if err == nil && g.config.Refreshed != nil {
		if hookErr := problem.Call(func() error { return g.config.Refreshed(ctx, fresh) }); hookErr != nil {
			err = &provider.Error{Fault: provider.FaultRefresh, Err: hookErr}
		}
	}
	if fault, ok := errors.AsType[*provider.Error](err); ok && fault.Fault == provider.FaultRefresh && !recovered.Is(err) {
		g.refreshEnded(ctx, s, err)
		return []byte{}, nil
	}
	if err != nil {
		g.refreshFailed(ctx, s, err)
		return nil, err
	}
	g.pauses.done(s.ID)
	fresh.Proven = g.config.Sessions.Now()
	return g.config.Sessions.Next(fresh)
}

var errNoRefresh = errors.New("middleware: the session's provider cannot refresh tokens")

func (g *Guard) refreshEnded(ctx context.Context, s *session.Session, err error) {
	code := string(provider.FaultRefresh)
	g.config.Report.Logger.WarnContext(ctx, "sallyport: session ended by the provider", "code", code, "session", s,
		"cause", problem.Printable(err.Error()), "help", answer.Help(code))
	g.config.Report.Event(ctx, session.Event{Outcome: code, Provider: s.Provider, Issuer: s.User.Issuer, Subject: s.User.Subject})
}

// refreshFailed notes that the provider did not do it now, and leaves it alone for a while.
func (g *Guard) refreshFailed(ctx context.Context, s *session.Session, err error) {
	g.pauses.failed(s.ID, g.config.Sessions.Now(), err)
	g.config.Report.Logger.ErrorContext(ctx, "sallyport: tokens not refreshed",
		"session", s, "cause", problem.Printable(err.Error()), recovered.Stack(err))
}

// unrefreshed decides what a request gets whose session could not be renewed: nothing if it is over,
// its tokens of before as long as they are valid, and 503 after that.
func (g *Guard) unrefreshed(s *session.Session, tokens session.Tokens, err error) (*session.Session, error) {
	if errors.Is(err, errEnded) {
		return nil, failed("session_ended", s.Provider, err, problem.Link{Href: g.config.LoginPath, Text: answer.SignIn})
	}
	if tokens.Expiry.After(g.config.Sessions.Now()) {
		return s, nil
	}
	e := failed("provider_unavailable/tokens", s.Provider, err)
	e.RetryAfter = provider.RetryAfter(err)
	return nil, e
}
