package handlers

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// link begins to connect an account at the provider that the path names with the account of the user who is signed in. It needs
// Hooks.Link; without, there is no such route. A POST of a page of the application leads to the provider, and its callback to the hook; a GET
// shows a button that POSTs. POSTs of other sites are refused: whoever could make a browser do it would connect an account of their
// own with the user's, and come in by it (CVE-2015-9284).
//
// The session that began it has to be there, the same one, when the browser is back. A login that is under way is never taken for this, nor
// the reverse.
func (h *routes) link(w http.ResponseWriter, r *http.Request) {
	if h.hooks.Link == nil {
		h.config.Login.Fail(w, r, h.errNotFound())
		return
	}
	if !h.admit(w, r, h.config.Link, http.MethodGet, http.MethodPost) {
		return
	}
	if err := h.crossing.Check(r); err != nil { // GET passes
		h.config.Link.Fail(w, r, h.errCrossSiteLink(err))
		return
	}
	name, p, err := h.provider(r, "link")
	if err != nil {
		h.config.Link.Fail(w, r, h.lookupError(name, err))
		return
	}
	s, err := h.config.Sessions.Load(r)
	if err == nil && h.config.Sessions.Due(s) {
		err = h.errUnproven()
	}
	switch {
	case err != nil:
		h.config.Link.Fail(w, r, h.linkError(name, h.errNobody(err)))
	case r.Method == http.MethodGet:
		h.askLink(w, r, name)
	default:
		h.beginLink(w, r, name, p, s)
	}
}

// askLink is the page with the button.
func (h *routes) askLink(w http.ResponseWriter, r *http.Request, name string) {
	e := failed("ask_link", nil, h.button(r, h.LinkURL(name, ""), "continue"), h.homeAs("cancel"))
	e.Provider = name
	h.config.Link.Show(w, r, e)
}

func (h *routes) beginLink(w http.ResponseWriter, r *http.Request, name string, p provider.Provider, s *session.Session) {
	target, err := h.open(w, r, name, p, &provider.Flow{ReturnTo: h.returns.clean(h.postedReturn(w, r)), Link: linkOf(s)})
	if err != nil {
		h.config.Link.Fail(w, r, h.linkError(name, err))
		return
	}
	redirect(w, target)
}

// linkOf names a session in a flow, which hooks get to see. The session's ID is a secret, so it is hashed.
func linkOf(s *session.Session) string {
	sum := sha256.Sum256([]byte("link " + s.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// finishLink is the callback of a flow that Link has begun.
func (h *routes) finishLink(ctx context.Context, w http.ResponseWriter, r *http.Request, a response) {
	_, err := h.linker(r, a.flow)
	switch {
	case h.hooks.Link == nil: // it was there when the flow began
		err = h.failedAt(a.name, "no_flow", errors.New("handlers: the flow links an account, and Hooks.Link is not set any more"))
	case errors.Is(err, session.ErrNone) && h.fromElsewhere(r):
		h.goOn(w, r, a)
		return
	case err == nil:
		err = h.connect(ctx, w, r, a)
	case !errors.Is(err, session.ErrStore):
		_ = h.useFlow(w, a.p, a.flow) // nothing will come of it any more
	}
	if err != nil {
		h.config.Link.Fail(w, r, h.leadingTo(a.flow.ReturnTo, h.linkError(a.name, h.errNobody(err))))
		return
	}
	h.forgetDestination(w, a.p, a.flow)
	redirect(w, h.returns.clean(a.flow.ReturnTo))
}

// linker returns the session that has begun a flow, if this browser still has it.
func (h *routes) linker(r *http.Request, flow *provider.Flow) (*session.Session, error) {
	s, err := h.config.Sessions.Load(r)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(linkOf(s)), []byte(flow.Link)) != 1 {
		return nil, errOtherSession
	}
	return s, nil
}

// fromElsewhere reports whether a page of another site has made the browser come here, with a POST or to what it takes for a page.
func (h *routes) fromElsewhere(r *http.Request) bool {
	if r.Method == http.MethodPost {
		return h.crossing.Check(r) != nil
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// goOn answers a callback to which the browser has not sent the session's cookie along, because it came from another site: by form_post, or to
// an application whose cookies are SameSite=Strict. From a page of our own it will, so here is one.
func (h *routes) goOn(w http.ResponseWriter, r *http.Request, a response) {
	callback := h.config.Prefix + "/callback/" + a.name
	onward := problem.Link{Href: callback + "?" + r.URL.RawQuery, TextKey: "continue"}
	if r.Method == http.MethodPost {
		onward.Href, onward.Post, onward.Fields = callback, true, map[string]string{}
		for name, values := range a.params {
			if len(values) != 1 {
				h.config.Link.Fail(w, r, h.errBadRequest(a.name, errors.New("a parameter is repeated")))
				return
			}
			onward.Fields[name] = values[0]
		}
	}
	e := failed("finish_link", nil, onward, h.homeAs("cancel"))
	e.Provider = a.name
	h.config.Link.Show(w, r, e)
}

// connect obtains the other identity and asks the application to connect it. The session is looked at again when the
// provider has answered: it may have ended meanwhile.
func (h *routes) connect(ctx context.Context, w http.ResponseWriter, r *http.Request, a response) error {
	linked, err := h.exchange(ctx, w, a)
	if err != nil {
		return err
	}
	current, err := h.linker(r, a.flow)
	if err != nil {
		return err
	}
	changed := current.Clone()
	if err := recovered.Call(func() error { return h.hooks.Link(ctx, changed, linked) }); err != nil {
		return h.refusedLink(err)
	}
	h.config.Link.Event(r.Context(), session.Event{
		Outcome: "ok", Provider: a.name, Issuer: linked.User.Issuer, Subject: linked.User.Subject,
	})
	if err := h.keepValues(w, r, a.flow, current, changed.Values); err != nil {
		return h.errNotKept(a.name, err)
	}
	return nil
}

// keepValues saves what the hook has changed in the session's values. Another request that saves the session at the same time
// keeps what it has changed.
func (h *routes) keepValues(w http.ResponseWriter, r *http.Request, flow *provider.Flow, s *session.Session, values map[string]string) error {
	const tries = 3
	before := maps.Clone(s.Values)
	if maps.Equal(before, values) {
		return nil
	}
	for try := 1; ; try++ {
		if s.Values == nil {
			s.Values = map[string]string{}
		}
		maps.DeleteFunc(s.Values, func(key, _ string) bool {
			_, had := before[key]
			_, has := values[key]
			return had && !has
		})
		for key, value := range values {
			if old, had := before[key]; !had || old != value {
				s.Values[key] = value
			}
		}
		err := h.config.Sessions.Save(w, r, s)
		if try == tries || !errors.Is(err, session.ErrChanged) {
			return err
		}
		if s, err = h.linker(r, flow); err != nil {
			return err
		}
	}
}
