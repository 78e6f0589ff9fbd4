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

const (
	// providerTimeout bounds all that one request of a login asks of the provider.
	providerTimeout = 30 * time.Second
	// maxCallback bounds the parameters of a callback, in the query or in the body.
	maxCallback = 64 << 10
)

// Callback finishes what a flow of this browser has begun: a login, or the connecting of an account (see [Handlers.Link]). The
// steps are in this order for a reason: nothing is done for a callback that does not belong to a flow of this browser, the
// flow is used up before anything can fail, and an existing session stays as it is until the new one is complete.
func (h *Handlers) Callback(w http.ResponseWriter, r *http.Request) {
	name, p, err := h.provider(r, "callback")
	if err != nil {
		h.config.Login.Fail(w, r, h.lookupError(name, err))
		return
	}
	if !h.admit(w, r, h.config.Login, callbackMethod(p)) {
		return
	}
	a, err := h.answered(w, r, name, p)
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	switch {
	case err != nil:
		h.config.Login.Fail(w, r, h.loginError(name, err))
	case a.flow.Link != "":
		h.finishLink(ctx, w, r, a)
	default:
		h.finishLogin(ctx, w, r, a)
	}
}

// A response of a provider is a callback that belongs to a flow of this browser.
type response struct {
	name   string
	p      provider.Provider
	params url.Values
	flow   *provider.Flow
	cookie string // the flow's
}

// answered reads the parameters from the one place where the response mode puts them, and finds this browser's flow for them.
func (h *Handlers) answered(w http.ResponseWriter, r *http.Request, name string, p provider.Provider) (response, error) {
	params, err := callbackParams(w, r)
	if err != nil {
		return response{}, h.errBadRequest(name, err)
	}
	flow, cookie, err := h.findFlow(r, name, p, params)
	return response{name, p, params, flow, cookie}, err
}

func (h *Handlers) finishLogin(ctx context.Context, w http.ResponseWriter, r *http.Request, a response) {
	s, err := h.exchange(ctx, w, a)
	if err == nil && a.flow.Request.Prompt == promptNone {
		err = h.carryOver(r, s)
	}
	if isSilentRefusal(a.flow, err) {
		h.silentlyEnded(w, r, a.flow)
		return
	}
	if err == nil {
		err = h.beginSession(ctx, w, r, s)
	}
	if err != nil {
		h.config.Login.Fail(w, r, h.loginError(a.name, err))
		return
	}
	h.countRound(w, a.flow.Round)
	h.config.Login.Event(r.Context(), session.Event{
		Outcome: "ok", Provider: a.name, Issuer: s.User.Issuer, Subject: s.User.Subject,
	})
	redirect(w, h.returns.clean(a.flow.ReturnTo))
}

// exchange waits for a turn, uses the flow up, and lets the provider check the answer and obtain the identity.
func (h *Handlers) exchange(ctx context.Context, w http.ResponseWriter, a response) (*session.Session, error) {
	done, err := h.turns.wait(ctx, a.name)
	if err != nil {
		return nil, h.errBusy(a.name, err)
	}
	defer done()
	if err := h.useFlow(w, a.name, a.p, a.flow, a.cookie); err != nil {
		return nil, err
	}
	// A logout that arrives from here on counts for the session that is about to begin (OpenID Connect Back-Channel Logout 1.0
	// section 2.7).
	epoch, err := h.config.Sessions.Epoch(ctx)
	if err != nil {
		return nil, err
	}
	s, err := recovered.Get(func() (*session.Session, error) { return a.p.Finish(ctx, a.flow, a.params) })
	if err != nil {
		return nil, err
	}
	s.Provider, s.Registration, s.Epoch = a.name, a.flow.Registration, epoch
	s.User.Tenant = h.config.Providers.TenantOf(a.name)
	return s, nil
}

// beginSession asks the application, then begins the session: a new one, whatever the browser had before.
func (h *Handlers) beginSession(ctx context.Context, w http.ResponseWriter, r *http.Request, s *session.Session) error {
	if hook := h.config.Hooks.Login; hook != nil {
		if err := problem.Call(func() error { return hook(ctx, s) }); err != nil {
			return h.refused(err)
		}
	}
	return h.config.Sessions.Start(w, r, s)
}

// callbackMethod is how the provider's callback arrives. HEAD, which link scanners and
// prefetchers send, is never one of them: it must not use up the login.
func callbackMethod(p provider.Provider) string {
	if m, ok := p.(provider.ResponseModer); ok && m.ResponseMode() == "form_post" {
		return http.MethodPost
	}
	return http.MethodGet
}

// callbackParams reads the URL of a GET or the body of a POST, never a mixture of both.
func callbackParams(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		if len(r.URL.RawQuery) > maxCallback {
			return nil, errors.New("query too long")
		}
		params, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, errors.New("query not readable") // the error's text would quote it
		}
		return params, nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxCallback)
	if err := r.ParseForm(); err != nil {
		return nil, errors.New("form not readable or too long")
	}
	return r.PostForm, nil
}
