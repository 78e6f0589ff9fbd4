package middleware

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// refreshTimeout bounds one refresh. It does not end with the request that caused it, because the
// refresh token it has sent may be spent (RFC 9700 section 4.14.2).
const refreshTimeout = 30 * time.Second

// current returns the newest generation of the session that is needed: s itself while its tokens
// are good, else the result of a refresh. With a nil w no cookies are set.
func (g *Guard) current(
	w http.ResponseWriter, r *http.Request, s *session.Session,
	good func(*session.Session, session.Tokens) bool,
) (*session.Session, error) {
	if _, err := s.Tokens(); err != nil {
		return nil, err
	}
	enough := func(s *session.Session, t session.Tokens) bool {
		return good(s, t) || !mayRefresh(r)
	}
	newest, err := g.config.Sessions.Refresh(w, r, s, enough, g.refresh)
	if err != nil {
		return nil, g.unrefreshed(s, err)
	}
	return newest, nil
}

// mayRefresh refuses methods that must not have an effect, and prefetches, which may never be
// shown.
func mayRefresh(r *http.Request) bool {
	return r.Method != http.MethodHead && r.Method != http.MethodOptions &&
		!strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
}

// refresh asks the provider. The new tokens are stored before anything else is done: the old
// refresh token may be spent, and nothing may lose its successor.
func (g *Guard) refresh(
	ctx context.Context, s *session.Session, store func(*session.Session),
) (*session.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	var renewed *session.Session // with the new tokens, and nothing else new
	fresh, err := g.askProvider(ctx, s, func(s *session.Session) {
		renewed = s
		store(s)
	})
	if renewed == nil && err != nil && !isFinal(err) {
		return nil, g.refreshFailed(ctx, s, err)
	}
	if !isFinal(err) {
		fresh, err = g.askApplication(ctx, cmp.Or(renewed, fresh), cmp.Or(fresh, renewed), err)
	}
	if isFinal(err) {
		g.refreshEnded(ctx, s, err)
		return nil, nil
	}
	if err != nil {
		g.config.Report.Logger.ErrorContext(ctx,
			"sallyport: tokens refreshed, but not the user's profile",
			"session", s, "cause", answer.Printable(err.Error()), recovered.Stack(err))
	}
	fresh.Proven = g.config.Sessions.Now()
	return fresh, nil
}

// askProvider refreshes with the provider. It calls store if there are new tokens.
func (g *Guard) askProvider(
	ctx context.Context, s *session.Session, store func(*session.Session),
) (*session.Session, error) {
	p, err := g.config.Providers.Find(ctx, s.Provider)
	if err != nil {
		return nil, err
	}
	refresher, ok := p.(provider.Refresher)
	if !ok {
		return nil, errNoRefresh
	}
	fresh, err := recovered.Get(func() (*session.Session, error) {
		return refresher.Refresh(ctx, s, func(renewed *session.Session) {
			renewed.User.Tenant = s.User.Tenant // which providers do not know
			store(renewed)
		})
	})
	if fresh == nil {
		return nil, cmp.Or(err, errNothing)
	}
	fresh.User.Tenant = s.User.Tenant
	return fresh, err
}

var errNothing = errors.New("middleware: the provider returned neither a session nor an error")

var errNoRefresh = errors.New("middleware: the session's provider cannot refresh tokens")

// askApplication lets the application decide about the session. A final error ends it. With any
// other, such as profileErr, the session that is returned has the new tokens, and what could not be
// had is as it was.
func (g *Guard) askApplication(
	ctx context.Context, renewed, fresh *session.Session, profileErr error,
) (*session.Session, error) {
	if g.config.Refreshed == nil {
		return fresh, profileErr
	}
	asked := fresh.Clone()
	switch err := recovered.Call(func() error { return g.config.Refreshed(ctx, asked) }); {
	case err == nil:
		return asked, profileErr
	case isRefusal(err):
		return nil, &provider.Error{Fault: provider.FaultRefresh, Err: err}
	default:
		return withTokensOf(renewed, fresh), errors.Join(profileErr, err)
	}
}

// withTokensOf returns a session with the new tokens and the user and claims of before.
func withTokensOf(before, fresh *session.Session) *session.Session {
	kept := before.Clone()
	kept.Expires = fresh.Expires
	if tokens, err := fresh.Tokens(); err == nil {
		kept.SetTokens(tokens)
	}
	return kept
}

// isFinal reports whether the provider or the application has ended the login.
func isFinal(err error) bool {
	fault, ok := errors.AsType[*provider.Error](err)
	return ok && fault.Fault == provider.FaultRefresh && !recovered.Is(err)
}

// isRefusal reports whether Hooks.Refresh has decided that the session ends. Any other error of it
// is trouble of the moment.
func isRefusal(err error) bool {
	_, worded := errors.AsType[*problem.Error](err)
	return (worded || errors.Is(err, answer.ErrRefused)) && !recovered.Is(err)
}

func (g *Guard) refreshEnded(ctx context.Context, s *session.Session, err error) {
	code := string(provider.FaultRefresh)
	g.config.Report.Logger.WarnContext(ctx, "sallyport: session ended by the provider",
		"code", code, "session", s,
		"cause", answer.Printable(err.Error()), "help", answer.Help(code))
	g.config.Report.Event(ctx, session.Event{
		Outcome: code, Provider: s.Provider, Issuer: s.User.Issuer, Subject: s.User.Subject,
	})
}

// refreshFailed logs that the provider did not do it now.
func (g *Guard) refreshFailed(ctx context.Context, s *session.Session, err error) error {
	g.config.Report.Logger.ErrorContext(ctx, "sallyport: tokens not refreshed",
		"session", s, "cause", answer.Printable(err.Error()), recovered.Stack(err))
	return notNow{err}
}

// A notNow is an error of a refresh as one that may be over soon, whatever it is.
type notNow struct{ error }

// Is makes it a provider.ErrUnavailable.
func (n notNow) Is(target error) bool { return target == provider.ErrUnavailable }

// Unwrap returns the error.
func (n notNow) Unwrap() error { return n.error }

// unrefreshed decides what a request gets whose session could not be renewed, and whose tokens are
// not valid any more.
func (g *Guard) unrefreshed(s *session.Session, err error) error {
	_, large := errors.AsType[*session.TooLargeError](err)
	switch {
	case large:
		return err
	case errors.Is(err, session.ErrEnded), errors.Is(err, session.ErrInvalid):
		login := problem.Link{Href: g.config.LoginPath, TextKey: "sign_in"}
		return failed("session_ended", s.Provider, err, login)
	case errors.Is(err, session.ErrStore):
		return unknown(err) // what is new is not lost: the next request saves it
	}
	e := failed("provider_unavailable/tokens", s.Provider, err)
	e.RetryAfter = provider.RetryAfter(err)
	return e
}
