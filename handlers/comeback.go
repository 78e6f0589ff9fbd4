package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/provider"
)

// A provider that answers by POST makes the browser leave out the session's cookie, which is
// SameSite=Lax. The answer waits in the browser, sealed, while a redirect makes the browser come
// back by GET, with the session. Nothing of the answer is used before.

const (
	answerCookie   = "answer-" // then the end of the flow's cookie name; kept in pieces
	answerLifetime = time.Minute
)

func answerTicket(id, binding string) engine.Ticket {
	return engine.Ticket{Name: answerCookie + id, Binding: binding}
}

// comeBack keeps the answer and has the browser come back.
func (h *routes) comeBack(w http.ResponseWriter, r *http.Request, a response) {
	id := h.flowName(a.flow.State)[len(h.cookie(flowCookie)):]
	sessions := h.config.Sessions
	text, err := sessions.Seal(answerTicket(id, h.bound(a.name)), []byte(a.params.Encode()))
	if err == nil {
		err = h.setPieces(w, answerCookie+id, text, answerLifetime)
	}
	if err != nil {
		_ = h.useFlow(w, a.p, a.flow)
		h.failLogin(w, r, a.name, a.flow.ReturnTo, fmt.Errorf("the provider's answer: %w", err))
		return
	}
	redirect(w, h.config.Paths.Prefix+"/renew/"+segment(a.name)+"?login="+url.QueryEscape(id))
}

// renew is where the browser comes back to with an answer that was sent by POST.
func (h *routes) renew(w http.ResponseWriter, r *http.Request) {
	name, p, err := h.provider(r, "renew")
	if err != nil {
		h.config.Login.Fail(w, r, h.lookupError(name, err))
		return
	}
	if !h.admit(w, r, h.config.Login, http.MethodGet) {
		return
	}
	c, err := h.keptAnswer(w, r, name, p)
	if err != nil {
		h.failLogin(w, r, name, h.returns.start(), err)
		return
	}
	flow, err := h.findFlow(r, c)
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	switch {
	case err != nil:
		h.answerLate(w, r, c, flow, err)
	case !flow.Renewal:
		h.failLogin(w, r, name, flow.ReturnTo, h.failedAt(name, "no_flow",
			errors.New("handlers: the login is no renewal")))
	default:
		h.finishRenewal(ctx, w, r, response{c, flow})
	}
}

// keptAnswer returns the answer that the browser has kept, and removes it.
func (h *routes) keptAnswer(w http.ResponseWriter, r *http.Request, name string,
	p provider.Provider) (callback, error) {
	id := queryOf(r).Get("login")
	text := h.takePieces(w, r, answerCookie+id)
	plain, err := h.config.Sessions.Unseal(answerTicket(id, h.bound(name)), text)
	if err != nil {
		return callback{}, h.failedAt(name, "no_flow",
			errors.New("handlers: the browser has not kept the provider's answer"))
	}
	params, err := url.ParseQuery(string(plain))
	if err != nil {
		return callback{}, h.errBadRequest(name, err)
	}
	return callback{name, p, params, p.FlowKey(params)}, nil
}
