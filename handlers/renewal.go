package handlers

import (
	"context"
	"errors"
	"maps"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// promptNone asks the provider not to show anything to the user (OpenID Connect Core section
// 3.1.2.1).
const promptNone = "none"

// Silent asks the provider, by a redirect of the browser with prompt=none, whether the user is
// still signed in there, and then leads to returnTo. If so, the session continues. If not, or if
// another user is signed in now, the session ends, and the page is shown without it; without a
// session, there is nothing to ask about again. Silent returns false, without an answer to the
// request, if the provider cannot be reached or has just been asked.
func (h *routes) Silent(w http.ResponseWriter, r *http.Request, s *session.Session,
	returnTo string) bool {
	h = h.at(r)
	flow := &provider.Flow{
		ReturnTo: h.returns.clean(returnTo), Request: provider.Request{Prompt: promptNone},
		Session: h.config.Sessions.Name(s), Renewal: true,
	}
	target, err := h.beginRenewal(w, r, s.Provider, flow)
	if err != nil {
		h.config.Login.Logger.WarnContext(r.Context(), "sallyport: session not revalidated",
			"provider", s.Provider, "cause", answer.Printable(err.Error()), recovered.Stack(err))
		return false
	}
	redirect(w, target)
	return true
}

// errRenewedTwice means that the browser does not keep the cookies of the renewed session.
var errRenewedTwice = errors.New("handlers: the session has just been renewed twice, " +
	"and the browser still has the old one")

func (h *routes) beginRenewal(w http.ResponseWriter, r *http.Request, name string,
	flow *provider.Flow) (string, error) {
	p, err := h.config.Providers.Find(r.Context(), name)
	if err != nil {
		return "", err
	}
	if err := h.prepare(r, name, p, flow); err != nil {
		return "", err
	}
	if _, flow.Round = h.justEnded(r, kindOf(flow)); flow.Round >= maxRounds {
		return "", errRenewedTwice
	}
	return h.depart(w, r, p, flow)
}

// finishRenewal handles the callback of a flow that Silent started. The code is redeemed only after
// the session has been found.
func (h *routes) finishRenewal(ctx context.Context, w http.ResponseWriter, r *http.Request,
	a response) {
	s, err := h.named(r, a.flow)
	switch {
	case errors.Is(err, session.ErrStore): // the flow stays: the same callback may come again
		h.failLogin(w, r, a.name, a.flow.ReturnTo, err)
		return
	case errors.Is(err, session.ErrNone) && r.Method == http.MethodPost:
		h.comeBack(w, r, a)
		return
	case err != nil: // it was signed out, or another one has begun
		_ = h.useFlow(w, a.p, a.flow)
		h.leave(w, r, a)
		return
	}
	next := a.flow.ReturnTo
	prove := func() (fresh *session.Session, err error) {
		fresh, next, err = h.prove(ctx, w, r, a, s)
		return fresh, err
	}
	err = h.config.Sessions.Continue(w, r, s, prove)
	switch {
	case err == nil:
		h.arrive(w, r, a, next)
		h.config.Login.Event(r.Context(), session.Event{
			Outcome: "renewed", Provider: a.name, Issuer: s.User.Issuer, Subject: s.User.Subject,
		})
		redirect(w, next)
	case errors.Is(err, errUsed):
		h.answerLate(w, r, a.callback, a.flow, err)
	case endsRenewal(err):
		h.endRenewed(w, r, a, err)
	case errors.Is(err, session.ErrInvalid): // signed out meanwhile
		h.leave(w, r, a)
	default:
		h.failLogin(w, r, a.name, a.flow.ReturnTo, err)
	}
}

// named returns the session that the flow names, if the browser has it.
func (h *routes) named(r *http.Request, flow *provider.Flow) (*session.Session, error) {
	s, err := h.config.Sessions.Load(r)
	if err == nil && !h.config.Sessions.Names(flow.Session, s) {
		err = errOtherSession
	}
	return s, err
}

var (
	errAnotherUser = &provider.Error{
		Fault: provider.FaultInteraction,
		Err:   errors.New("another user is signed in at the provider now"),
	}
	errNotRenewed = errors.New("handlers: Hooks.Login refuses to renew the session")
)

// endsRenewal reports whether an error means that the user is no longer signed in with the
// provider.
func endsRenewal(err error) bool {
	fault, ok := errors.AsType[*provider.Error](err)
	return errors.Is(err, errNotRenewed) ||
		ok && (fault.Fault == provider.FaultInteraction || fault.Fault == provider.FaultDenied)
}

// prove obtains the identity again, and calls Hooks.Login. next is where the browser goes.
func (h *routes) prove(ctx context.Context, w http.ResponseWriter, r *http.Request, a response,
	s *session.Session) (fresh *session.Session, next string, err error) {
	next = h.returns.clean(a.flow.ReturnTo)
	if fresh, err = h.exchange(ctx, w, a); err != nil {
		return nil, next, err
	}
	if fresh.User.Key() != s.User.Key() || s.Provider != a.name {
		return nil, next, errAnotherUser
	}
	asked := fresh.Clone()
	asked.Values = maps.Clone(s.Values)
	via, err := h.callLogin(r.WithContext(ctx), &Login{
		Session: asked, ReturnTo: next, Request: a.flow.Request, Renews: s.Clone(),
	})
	_, worded := errors.AsType[*problem.Error](err)
	switch {
	case err == nil && h.hooks.Login == nil:
		return fresh, next, nil
	case err == nil:
		return asked, via, nil
	case !recovered.Is(err) && (worded || errors.Is(err, answer.ErrRefused)):
		return nil, next, errors.Join(errNotRenewed, err)
	}
	h.config.Login.Logger.ErrorContext(ctx,
		"sallyport: session renewed, but not the user's profile",
		"session", s, "cause", answer.Printable(err.Error()), recovered.Stack(err))
	return asBefore(s, fresh), next, nil
}

// asBefore returns the renewed session with its previous user and claims.
func asBefore(s, fresh *session.Session) *session.Session {
	kept := s.Clone()
	kept.SID, kept.Issued, kept.Epoch = fresh.SID, fresh.Issued, fresh.Epoch
	if !fresh.Expires.IsZero() {
		kept.Expires = fresh.Expires
	}
	if tokens, err := fresh.Tokens(); err == nil {
		kept.SetTokens(tokens)
	}
	return kept
}

// endRenewed answers a renewal that the provider or the application rejected: it ends the session
// and shows the page without it.
func (h *routes) endRenewed(w http.ResponseWriter, r *http.Request, a response, cause error) {
	if err := h.config.Sessions.Discard(w, r); err != nil {
		h.failLogin(w, r, a.name, a.flow.ReturnTo, err)
		return
	}
	h.config.Login.Logger.InfoContext(r.Context(), "sallyport: session not renewed, and ended",
		"provider", a.name, "cause", answer.Printable(cause.Error()))
	ended := session.Event{Outcome: string(provider.FaultInteraction), Provider: a.name}
	h.config.Login.Event(r.Context(), ended)
	h.leave(w, r, a)
}

// leave redirects to the page that caused the renewal, with the session that the browser has.
func (h *routes) leave(w http.ResponseWriter, r *http.Request, a response) {
	h.forgetDestination(w, a.p, a.flow)
	redirect(w, h.returns.clean(a.flow.ReturnTo))
}
