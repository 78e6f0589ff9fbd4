package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

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

// Callback finishes a login. The steps are in this order for a reason: nothing is done for a
// callback that does not belong to a login of this browser, the login is used up before anything can
// fail, and an existing session stays as it is until the new one is complete.
func (h *Handlers) Callback(w http.ResponseWriter, r *http.Request) {
	name, p, known := h.provider(r, "callback")
	if !known {
		h.config.Login.Fail(w, r, errUnknownProvider(h.again("")))
		return
	}
	if !h.admit(w, r, h.config.Login, callbackMethod(p)) {
		return
	}
	s, flow, err := h.finish(w, r, name, p)
	if isSilentRefusal(flow, err) {
		h.silentlyEnded(w, r, flow)
		return
	}
	if err != nil {
		h.config.Login.Fail(w, r, h.loginError(name, err))
		return
	}
	h.countRound(w, flow.Round)
	h.config.Login.Event(r.Context(), session.Event{
		Outcome: "ok", Provider: name, Issuer: s.User.Issuer, Subject: s.User.Subject,
	})
	redirect(w, h.returns.clean(flow.ReturnTo))
}

func (h *Handlers) finish(w http.ResponseWriter, r *http.Request, name string, p provider.Provider) (*session.Session, *provider.Flow, error) {
	// 1. Read the parameters from the one place where the response mode puts them.
	params, err := callbackParams(w, r)
	if err != nil {
		return nil, nil, h.errBadRequest(name, err)
	}
	// 2. Find this browser's flow for them, wait for a turn, and use the flow up.
	flow, cookie, err := h.findFlow(r, name, p, params)
	if err != nil {
		return nil, nil, err
	}
	done, err := h.turns.wait(r.Context(), name)
	if err != nil {
		return nil, nil, h.errBusy(name, err)
	}
	defer done()
	if err := h.useFlow(w, name, p, flow, cookie); err != nil {
		return nil, nil, err
	}
	// 3. Let the provider check the answer and obtain the identity. A logout that arrives from here on counts for
	// the session that is about to begin (OpenID Connect Back-Channel Logout 1.0 section 2.7).
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	epoch, err := h.config.Sessions.Epoch(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := p.Finish(ctx, flow, params)
	if err != nil {
		return nil, flow, err
	}
	s.Provider, s.Registration, s.Epoch = name, flow.Registration, epoch
	if flow.Request.Prompt == promptNone {
		if err := h.carryOver(r, s); err != nil {
			return nil, flow, err
		}
	}
	// 4. Ask the application.
	if hook := h.config.Hooks.Login; hook != nil {
		if err := problem.Call(func() error { return hook(ctx, s) }); err != nil {
			return nil, nil, refused(err)
		}
	}
	// 5. Begin the session: a new one, whatever the browser had before.
	if err := h.config.Sessions.Start(w, r, s); err != nil {
		return nil, nil, err
	}
	return s, flow, nil
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

// refused marks an error of a hook as the application's decision, unless the hook chose its own
// words (*problem.Error) or panicked.
func refused(err error) error {
	if _, own := errors.AsType[*problem.Error](err); own {
		return err
	}
	if _, panicked := errors.AsType[*problem.Panic](err); panicked {
		return problem.From(err)
	}
	return &problem.Error{
		Status: http.StatusForbidden, Code: "login_refused",
		Title: "You cannot sign in here",
		Text:  "Your account was recognised, but it has no access to this site. If you think that it should, ask the people who run it.",
		Links: []problem.Link{toHome},
		Err:   fmt.Errorf("refused by the application: %w", err),
	}
}
