package handlers

import (
	"context"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
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
	name, p, err := h.chosen(r)
	if h.config.ThirdPartyLogin && query.Has("iss") {
		returnTo = h.returns.clean(query.Get("target_link_uri"))
		if err == nil {
			name, p = h.initiatedBy(query.Get("iss"), name, p)
		}
	}
	switch {
	case err != nil:
		h.config.Login.Fail(w, r, h.lookupError(name, err))
	case p == nil:
		h.choose(w, r, returnTo)
	default:
		h.begin(w, r, name, p, returnTo, provider.Request{})
	}
}

// chosen finds the provider to log in with. There is none while there is a choice to make.
func (h *Handlers) chosen(r *http.Request) (name string, p provider.Provider, err error) {
	if r.URL.Path != h.config.Prefix+"/login" {
		return h.provider(r, "login")
	}
	configured := h.config.Providers.Configured()
	if len(configured) == 1 && !h.config.Providers.HasTenants() {
		for name, p = range configured {
			return name, p, nil
		}
	}
	return "", nil, nil
}

// initiatedBy finds the provider that asks for a login (OpenID Connect Core section 4): one that is configured, or else the
// one that the path names, which a tenant's has to be. An issuer that is neither is never contacted (R30, R69); its user gets the
// choice that everybody has.
func (h *Handlers) initiatedBy(issuer, named string, namedProvider provider.Provider) (name string, p provider.Provider) {
	initiates := func(p provider.Provider) bool {
		i, ok := p.(provider.Initiator)
		return ok && i.Initiates(issuer)
	}
	if initiates(namedProvider) {
		return named, namedProvider
	}
	for name, p := range h.config.Providers.Configured() {
		if initiates(p) {
			return name, p
		}
	}
	return "", nil
}

// StepUp starts a login for a page that needs more than the session can show (a recent
// sign-in, a stronger one, another scope), and returns to that page. req is the page's own wish; nothing
// of it comes from the browser. An unknown provider leads to the chooser.
func (h *Handlers) StepUp(w http.ResponseWriter, r *http.Request, name, returnTo string, req provider.Request) {
	p, err := h.config.Providers.Find(r.Context(), name)
	switch {
	case errors.Is(err, provider.ErrUnknown):
		redirect(w, h.LoginURL(returnTo))
		return
	case err != nil:
		h.config.Login.Fail(w, r, h.loginError(name, err))
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
		if returnTo != h.returns.start() && len(failed.Links) > 0 && failed.Links[0].Href == h.route("login/"+name, "") {
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
	flow.RedirectURI = h.RedirectURI(name)
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
			return "", h.refused(err)
		}
		flow.Provider, flow.Registration, flow.RedirectURI = owned.Provider, owned.Registration, owned.RedirectURI
		flow.Created, flow.Round, flow.Link = owned.Created, owned.Round, owned.Link
		flow.ReturnTo = h.returns.clean(flow.ReturnTo)
	}
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	return recovered.Get(func() (string, error) { return p.Begin(ctx, flow) })
}

// RedirectURI is where the provider of the name sends the browser back to: one per provider, so that an
// answer of one is never taken for an answer of another (RFC 9700 section 4.4.2), and from the
// configuration only, never from the request's headers. It is what to register at the provider.
func (h *Handlers) RedirectURI(name string) string {
	return h.config.BaseURL.String() + h.config.Prefix + "/callback/" + name
}
