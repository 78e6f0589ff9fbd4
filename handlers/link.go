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

// link starts to link an account with the provider that the path names to the account of the
// signed-in user. Without Hooks.Link, the route does not exist. A POST from a page of the
// application leads to the provider, and its callback to the hook; a GET shows a page with a
// button. POSTs from other sites are rejected: otherwise, another site could link an account of its
// own to the user's account and sign in with it (CVE-2015-9284).
//
// The callback requires the session that started the linking. A login is never taken for the
// linking of an account, nor the reverse.
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

// askLink shows the page with the button.
func (h *routes) askLink(w http.ResponseWriter, r *http.Request, name string) {
	e := failed("ask_link", nil, h.button(r, h.LinkURL(name, ""), "continue"), h.homeAs("cancel"))
	e.Provider = name
	h.config.Link.Show(w, r, e)
}

func (h *routes) beginLink(w http.ResponseWriter, r *http.Request, name string, p provider.Provider,
	s *session.Session) {
	target, err := h.open(w, r, name, p,
		&provider.Flow{ReturnTo: h.returns.clean(h.postedReturn(w, r)), Link: linkOf(s)})
	if err != nil {
		h.config.Link.Fail(w, r, h.linkError(name, err))
		return
	}
	redirect(w, target)
}

// linkOf identifies a session in a flow. Hooks can read it, so the session ID is hashed.
func linkOf(s *session.Session) string {
	sum := sha256.Sum256([]byte("link " + s.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// finishLink handles the callback of a flow that link started.
func (h *routes) finishLink(ctx context.Context, w http.ResponseWriter, r *http.Request,
	a response) {
	_, err := h.linker(r, a.flow)
	switch {
	case h.hooks.Link == nil: // it was there when the flow began
		err = h.failedAt(a.name, "no_flow",
			errors.New("handlers: the flow links an account, and Hooks.Link is not set any more"))
	case errors.Is(err, session.ErrNone) && h.fromElsewhere(r):
		h.goOn(w, r, a)
		return
	case err == nil:
		err = h.connect(ctx, w, r, a)
	case !errors.Is(err, session.ErrStore):
		_ = h.useFlow(w, a.p, a.flow) // nothing will come of it any more
	}
	if err != nil {
		h.config.Link.Fail(w, r,
			h.leadingTo(a.flow.ReturnTo, h.linkError(a.name, h.errNobody(err))))
		return
	}
	h.forgetDestination(w, a.p, a.flow)
	redirect(w, h.returns.clean(a.flow.ReturnTo))
}

// linker returns the session that started a flow, if this browser still has it.
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

// fromElsewhere reports whether a page of another site caused this request, by a POST or by a
// navigation.
func (h *routes) fromElsewhere(r *http.Request) bool {
	if r.Method == http.MethodPost {
		return h.crossing.Check(r) != nil
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// goOn answers a callback that arrived without the session cookie because it came from another
// site: by form_post, or with SameSite=Strict cookies. It shows a page of our own, whose button
// sends the cookie.
func (h *routes) goOn(w http.ResponseWriter, r *http.Request, a response) {
	callback := h.config.Paths.Callback(a.name)
	onward := problem.Link{Href: callback + "?" + r.URL.RawQuery, TextKey: "continue"}
	if r.Method == http.MethodPost {
		onward.Href, onward.Post, onward.Fields = callback, true, map[string]string{}
		for name, values := range a.params {
			if len(values) != 1 {
				h.config.Link.Fail(w, r,
					h.errBadRequest(a.name, errors.New("a parameter is repeated")))
				return
			}
			onward.Fields[name] = values[0]
		}
	}
	e := failed("finish_link", nil, onward, h.homeAs("cancel"))
	e.Provider = a.name
	h.config.Link.Show(w, r, e)
}

// connect obtains the other identity and calls Hooks.Link. It loads the session again after the
// provider has answered, because it may have ended by then.
func (h *routes) connect(ctx context.Context, w http.ResponseWriter, r *http.Request,
	a response) error {
	linked, err := h.exchange(ctx, w, a)
	if err != nil {
		return err
	}
	current, err := h.linker(r, a.flow)
	if err != nil {
		return err
	}
	changed := current.Clone()
	if err := recovered.Call(func() error {
		return h.hooks.Link(ctx, changed, linked)
	}); err != nil {
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

// keepValues saves the session's values that the hook has changed. It keeps the changes of
// concurrent requests.
func (h *routes) keepValues(w http.ResponseWriter, r *http.Request, flow *provider.Flow,
	s *session.Session, values map[string]string) error {
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
