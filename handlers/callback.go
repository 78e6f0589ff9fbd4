package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// providerTimeout limits all requests to the provider on behalf of one request.
const providerTimeout = 30 * time.Second

// callback finishes a login or the linking of an account (see [routes.link]). The order of the
// steps matters: nothing happens for a callback without a flow of this browser, the flow is used up
// before anything can fail, and an existing session stays until the new one is complete.
//
// A repeated callback redirects a signed-in user to where the login led, and a late one starts the
// login again, once. Others get a page with a button.
func (h *routes) callback(w http.ResponseWriter, r *http.Request, name string) {
	p, err := h.config.Providers.Find(r.Context(), name)
	if err != nil {
		h.failUnread(w, r, name, h.lookupError(name, err))
		return
	}
	if !h.admit(w, r, h.config.Login, callbackMethod(p)) {
		return
	}
	c, err := readCallback(w, r, name, p)
	if err != nil {
		h.failUnread(w, r, name, h.errBadRequest(name, err))
		return
	}
	flow, err := h.findFlow(r, c)
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	switch a := (response{c, flow}); {
	case err != nil && flow != nil && flow.Renewal: // too late; the page begins another one
		h.leave(w, r, a)
	case err != nil && flow != nil && flow.Silent:
		h.leaveSilent(w, r, a, err)
	case err != nil:
		h.answerLate(w, r, c, flow, err)
	case flow.Link != "":
		h.finishLink(ctx, w, r, a)
	case flow.Renewal:
		h.finishRenewal(ctx, w, r, a)
	default:
		h.finishLogin(ctx, w, r, a)
	}
}

// A callback is what the browser brings from a provider.
type callback struct {
	name   string // of the provider
	p      provider.Provider
	params url.Values
	key    string // of the flow; empty if there is none in the parameters
}

// A response of a provider is a callback that belongs to a flow of this browser.
type response struct {
	callback
	flow *provider.Flow
}

// readCallback reads the parameters from the place that the response mode prescribes.
func readCallback(w http.ResponseWriter, r *http.Request, name string,
	p provider.Provider) (callback, error) {
	params, err := callbackParams(w, r)
	if err != nil {
		return callback{}, err
	}
	return callback{name, p, params, p.FlowKey(params)}, nil
}

func (h *routes) finishLogin(ctx context.Context, w http.ResponseWriter, r *http.Request,
	a response) {
	s, err := h.exchange(ctx, w, a)
	if isSilentRefusal(a.flow, err) { // the application has asked silently; what there is stays
		h.config.Login.Event(r.Context(), session.Event{Outcome: string(provider.FaultInteraction),
			Provider: a.name})
		h.leave(w, r, a)
		return
	}
	next := ""
	if err == nil {
		next, err = h.beginSession(ctx, w, r, a.flow, s)
	}
	switch {
	case errors.Is(err, errUsed):
		h.answerLate(w, r, a.callback, a.flow, err)
		return
	case err != nil && a.flow.Silent:
		h.leaveSilent(w, r, a, err)
		return
	case asksToStartAgain(a, err) && h.restart(w, r, a.callback, a.flow, err):
		return
	case err != nil:
		h.failLogin(w, r, a.name, a.flow.ReturnTo, err)
		return
	}
	h.arrive(w, r, a, next)
	h.config.Login.Event(r.Context(), session.Event{
		Outcome: "ok", Provider: a.name, Issuer: s.User.Issuer, Subject: s.User.Subject,
	})
	redirect(w, next)
}

// failUnread answers a callback whose parameters cannot be read. The state in the query, if there
// is one, is enough to find the return address.
func (h *routes) failUnread(w http.ResponseWriter, r *http.Request, name string, e *problem.Error) {
	leads, _ := h.destinationOf(r, name, queryOf(r).Get("state"))
	h.config.Login.Fail(w, r, h.leadingTo(leads.to, e))
}

// failLogin answers a failed login. Its buttons keep the return address.
func (h *routes) failLogin(w http.ResponseWriter, r *http.Request, name, returnTo string,
	err error) {
	h.config.Login.Fail(w, r, h.leadingTo(returnTo, h.loginError(name, err)))
}

// exchange waits for its turn, uses up the flow, and lets the provider verify the response and
// obtain the identity.
func (h *routes) exchange(
	ctx context.Context, w http.ResponseWriter, a response,
) (*session.Session, error) {
	done, err := h.turns.wait(ctx, a.name)
	if err != nil {
		return nil, h.errBusy(a.name, err)
	}
	defer done()
	if err := h.useFlow(w, a.p, a.flow); err != nil {
		return nil, err
	}
	// A logout that arrives from here on applies to the session that is about to begin (OpenID
	// Connect Back-Channel Logout 1.0 section 2.7).
	epoch, err := h.config.Sessions.Epoch(ctx)
	if err != nil {
		return nil, err
	}
	began := h.config.Sessions.Now()
	s, err := recovered.Get(func() (*session.Session, error) {
		return a.p.Finish(ctx, a.flow, a.params)
	})
	if err != nil {
		return nil, err
	}
	if s.User.Issuer == session.OwnIssuer {
		return nil, &provider.Error{Fault: provider.FaultUserInfo, Err: errImitation}
	}
	// the provider's clock is ahead: the iat of a logout token may be earlier
	if s.Issued.After(began) {
		s.Issued = began
	}
	s.Provider, s.Registration, s.Epoch = a.name, a.flow.Registration, epoch
	s.User.Tenant = h.config.Providers.TenantOf(a.name)
	return s, nil
}

// isSilentRefusal reports whether a login with prompt=none failed because the provider needs to
// interact with the user.
func isSilentRefusal(flow *provider.Flow, err error) bool {
	fault, ok := errors.AsType[*provider.Error](err)
	return ok && flow.Request.Prompt == promptNone && fault.Fault == provider.FaultInteraction
}

// beginSession calls Hooks.Login, then starts a new session, whatever the browser had before. next
// is where the browser goes.
func (h *routes) beginSession(ctx context.Context, w http.ResponseWriter, r *http.Request,
	flow *provider.Flow, s *session.Session) (next string, err error) {
	l := &Login{Session: s, ReturnTo: h.returns.clean(flow.ReturnTo), Request: flow.Request}
	if next, err = h.callLogin(r.WithContext(ctx), l); err != nil {
		return "", h.refused(err)
	}
	return next, h.config.Sessions.StartAfter(w, r, s, flow.Session)
}

// callbackMethod is the method of the provider's callback. It is never HEAD, which link scanners
// and prefetchers send: they must not use up the login.
func callbackMethod(p provider.Provider) string {
	if d, ok := p.(provider.Describer); ok && d.Describe().ResponseMode == "form_post" {
		return http.MethodPost
	}
	return http.MethodGet
}

// callbackParams reads the query of a GET or the body of a POST, never both.
func callbackParams(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		return strictQueryOf(r)
	}
	return formOf(w, r)
}
