package handlers

import (
	"context"
	"net/http"

	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
)

// Login starts a login: with one provider, or with the one that the path names, it seals a flow
// into a cookie and redirects to the provider; with several it shows the chooser. The only
// parameter that it takes from the request is return_to (R2); with Config.ThirdPartyLogin, iss and target_link_uri as well.
func (h *Handlers) Login(w http.ResponseWriter, r *http.Request) {
	if !h.admit(w, r, h.config.Login, http.MethodGet) {
		return
	}
	query := r.URL.Query()
	returnTo := h.returns.clean(query.Get("return_to"))
	name, p, known := h.chosen(r)
	if h.config.ThirdPartyLogin && query.Has("iss") {
		returnTo = h.returns.clean(query.Get("target_link_uri"))
		name, p, known = h.initiatedBy(query.Get("iss"))
	}
	switch {
	case known:
		h.begin(w, r, name, p, returnTo, provider.Request{})
	case name == "":
		h.choose(w, r, returnTo)
	default:
		h.config.Login.Fail(w, r, errUnknownProvider(h.again("")))
	}
}

// chosen finds the provider to log in with. The name is empty while there is a choice to make.
func (h *Handlers) chosen(r *http.Request) (name string, p provider.Provider, known bool) {
	if r.URL.Path != h.config.Prefix+"/login" {
		return h.provider(r, "login")
	}
	if len(h.config.Providers) == 1 {
		for name, p = range h.config.Providers {
			return name, p, true
		}
	}
	return "", nil, false
}

// initiatedBy finds the provider that asks for a login (OpenID Connect Core section 4). An issuer that is not
// configured is never contacted; its user gets the choice that everybody has.
func (h *Handlers) initiatedBy(issuer string) (name string, p provider.Provider, known bool) {
	for name, p := range h.config.Providers {
		if i, ok := p.(provider.Initiator); ok && i.Initiates(issuer) {
			return name, p, true
		}
	}
	return "", nil, false
}

// StepUp starts a login for a page that needs more than the session can show (a recent
// sign-in, a stronger one, another scope), and returns to that page. req is the page's own wish; nothing
// of it comes from the browser. An unknown provider leads to the chooser.
func (h *Handlers) StepUp(w http.ResponseWriter, r *http.Request, name, returnTo string, req provider.Request) {
	p, known := h.config.Providers[name]
	if !known {
		redirect(w, h.LoginURL(returnTo))
		return
	}
	h.begin(w, r, name, p, h.returns.clean(returnTo), req)
}

// begin sends the browser to the provider.
func (h *Handlers) begin(w http.ResponseWriter, r *http.Request, name string, p provider.Provider, returnTo string, req provider.Request) {
	round, loop := h.round(r)
	if loop {
		h.forgetRounds(w)
		h.config.Login.Fail(w, r, h.errCookiesBlocked(name))
		return
	}
	target, err := h.open(w, r, name, p, &provider.Flow{ReturnTo: returnTo, Round: round, Request: req})
	if err != nil {
		failed := h.loginError(name, err)
		if returnTo != home && len(failed.Links) > 0 && failed.Links[0].Href == h.route("login/"+name, "") {
			failed.Links[0].Href = h.route("login/"+name, returnTo) // trying again still leads there
		}
		h.config.Login.Fail(w, r, failed)
		return
	}
	redirect(w, target)
}

// open makes a flow ready, keeps it in its cookie, and returns where to send the browser.
func (h *Handlers) open(w http.ResponseWriter, r *http.Request, name string, p provider.Provider, flow *provider.Flow) (string, error) {
	flow.Provider, flow.Registration = name, p.Registration()
	flow.RedirectURI = h.redirectURI(name)
	flow.Created = h.config.Sessions.Now()
	target, err := h.start(r, p, flow)
	if err != nil {
		return "", err
	}
	return target, h.keepFlow(w, r, p, flow)
}

// start asks the application, then the provider.
func (h *Handlers) start(r *http.Request, p provider.Provider, flow *provider.Flow) (string, error) {
	if hook := h.config.Hooks.Begin; hook != nil {
		owned := *flow // what a hook must not change
		if err := problem.Call(func() error { return hook(r, flow) }); err != nil {
			return "", refused(err)
		}
		flow.Provider, flow.Registration, flow.RedirectURI = owned.Provider, owned.Registration, owned.RedirectURI
		flow.Created, flow.Round = owned.Created, owned.Round
		flow.ReturnTo = h.returns.clean(flow.ReturnTo)
	}
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	return p.Begin(ctx, flow)
}

// redirectURI is where the provider sends the browser back to: one per provider, so that an
// answer of one is never taken for an answer of another (RFC 9700 section 4.4.2), and from the
// configuration only, never from the request's headers.
func (h *Handlers) redirectURI(name string) string {
	return h.config.BaseURL.String() + h.config.Prefix + "/callback/" + name
}
