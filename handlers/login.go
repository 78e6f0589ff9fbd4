package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/provider"
)

// login starts a login. With one provider, or with the one that the path names, it seals a flow
// into a cookie and redirects to the provider; with several it shows the login page. It reads only
// return_to (R2), a sealed request, what Config.LoginParams allows (R164), and with
// Config.ThirdPartyLogin the parameters of [routes.thirdParty].
func (h *routes) login(w http.ResponseWriter, r *http.Request) {
	methods := []string{http.MethodGet}
	if h.config.ThirdPartyLogin {
		methods = append(methods, http.MethodPost)
	}
	if !h.admit(w, r, h.config.Login, methods...) {
		return
	}
	asked, err := h.readLogin(w, r)
	if err != nil {
		h.config.Login.Fail(w, r, h.leadingTo(asked.returnTo, h.errBadRequest("", err)))
		return
	}
	if answer.IsHTMX(r) { // a script cannot follow the redirect to the provider
		answer.Protect(w.Header())
		w.Header().Set("HX-Redirect", h.sameLogin(r, asked))
		return
	}
	name, p, err := h.chosen(r)
	if err != nil {
		h.config.Login.Fail(w, r, h.leadingTo(asked.returnTo, h.lookupError(name, err)))
		return
	}
	if asked.initiated {
		name, p = h.initiatedBy(asked.issuer, name, p)
	}
	if p == nil {
		h.choose(w, r, asked)
		return
	}
	flow := &provider.Flow{ReturnTo: asked.returnTo}
	if flow.Request, err = h.requestOf(name, asked); err != nil {
		h.config.Login.Fail(w, r, h.leadingTo(asked.returnTo, h.errBadRequest(name, err)))
		return
	}
	h.begin(w, r, name, p, flow, h.sentByPage(r, flow.ReturnTo))
}

// sameLogin returns the path of the login route that a request asks for, with its return address
// and the parameters that the login page keeps.
func (h *routes) sameLogin(r *http.Request, asked loginRequest) string {
	returnTo := asked.returnTo
	if returnTo == h.returns.start() {
		returnTo = ""
	}
	if name := strings.TrimPrefix(r.URL.Path, h.arriving+"/login/"); name != r.URL.Path {
		return withQuery(h.LoginURLFor(name, returnTo), asked.carried)
	}
	return withQuery(h.LoginURL(returnTo), asked.carried)
}

// A loginRequest is what a request to the login route asks for.
type loginRequest struct {
	returnTo string
	carried  url.Values // sealed request and allowed parameters, which the login page keeps

	initiated    bool // by a third party; then nothing is carried
	issuer, hint string
}

// readLogin reads the parameters of a login request. With an error it returns the return address.
func (h *routes) readLogin(w http.ResponseWriter, r *http.Request) (loginRequest, error) {
	params, initiated := h.thirdParty(w, r)
	if initiated {
		return loginRequest{
			returnTo: h.returns.clean(params.Get("target_link_uri")), initiated: true,
			issuer: params.Get("iss"), hint: loginHint(params.Get("login_hint")),
		}, nil
	}
	asked := loginRequest{returnTo: h.returns.clean(params.Get(returnParam))}
	carried, err := h.carried(params)
	asked.carried = carried
	return asked, err
}

// sentByPage reports whether the URL of the request is exactly the one that our guards redirect to.
// Users who sign in again on purpose mostly come from another URL.
func (h *routes) sentByPage(r *http.Request, returnTo string) bool {
	route := strings.TrimPrefix(r.URL.EscapedPath(), h.arriving+"/")
	sent := h.config.Paths.Stripped + r.URL.RequestURI()
	return sent == h.route(route, returnTo) || sent == h.route(route, "") &&
		returnTo == h.returns.start()
}

// chosen returns the provider to log in with. It returns none if the user has to choose.
func (h *routes) chosen(r *http.Request) (name string, p provider.Provider, err error) {
	if r.URL.Path != h.arriving+"/login" {
		return h.provider(r, "login")
	}
	configured := h.config.Providers.Configured()
	if name = h.config.DefaultProvider; name != "" {
		return name, configured[name], nil
	}
	only := len(configured) == 1 && !h.config.Providers.HasTenants()
	if only && h.config.LoginPage == nil { // the page may offer a login of the application's own
		for name, p = range configured {
			return name, p, nil
		}
	}
	return "", nil, nil
}

// StepUp starts a login for a page that requires more than the session shows (a recent sign-in, a
// stronger one, another scope), and then returns to that page. req is the page's requirement;
// nothing in it comes from the browser. An unknown provider leads to the login page. The third
// step-up of a page within a minute shows an error instead: the provider does not deliver what the
// page, or an API behind it, requires.
func (h *routes) StepUp(w http.ResponseWriter, r *http.Request, name, returnTo string,
	req provider.Request) {
	h = h.at(r)
	p, err := h.config.Providers.Find(r.Context(), name)
	flow := &provider.Flow{ReturnTo: h.returns.clean(returnTo), Request: req, StepUp: true}
	switch {
	case errors.Is(err, directory.ErrUnknown):
		redirect(w, h.LoginURL(returnTo))
	case err != nil:
		h.failLogin(w, r, name, flow.ReturnTo, err)
	default:
		h.begin(w, r, name, p, flow, true)
	}
}

// begin redirects the browser to the provider, unless it has just been there too often: for the
// same purpose, if a page sends it there, or for any purpose while there is no session.
func (h *routes) begin(w http.ResponseWriter, r *http.Request, name string,
	p provider.Provider, flow *provider.Flow, byPage bool) {
	returnTo := flow.ReturnTo
	target, err := "", h.prepare(r, name, p, flow)
	if err == nil {
		err = h.countRounds(w, r, flow, byPage)
	}
	if err == nil {
		target, err = h.depart(w, r, p, flow)
	}
	if err != nil {
		h.failLogin(w, r, name, returnTo, err)
		return
	}
	redirect(w, target)
}

// open prepares a flow, keeps it in its cookie, and returns the URL to redirect to.
func (h *routes) open(w http.ResponseWriter, r *http.Request, name string,
	p provider.Provider, flow *provider.Flow) (string, error) {
	if err := h.prepare(r, name, p, flow); err != nil {
		return "", err
	}
	return h.depart(w, r, p, flow)
}

// prepare completes the flow, then calls Hooks.Begin.
func (h *routes) prepare(r *http.Request, name string, p provider.Provider,
	flow *provider.Flow) (err error) {
	flow.Provider, flow.Registration = name, p.Registration()
	flow.RedirectURI = h.redirectURI(name, p)
	flow.Created = h.config.Sessions.Now()
	h.nameSession(r, p, flow)
	if flow.State == "" && flow.Link == "" {
		if flow.State, err = h.newState(name, 0); err != nil {
			return err
		}
	}
	hook := h.hooks.Begin
	if hook == nil {
		return nil
	}
	owned := *flow // what a hook must not change
	if err := recovered.Call(func() error { return hook(r, flow) }); err != nil {
		return h.refused(err)
	}
	owned.Request, owned.ReturnTo = flow.Request, h.returns.clean(flow.ReturnTo)
	*flow = owned
	if flow.Renewal || flow.Silent {
		flow.Request.Prompt = promptNone
	}
	return nil
}

// nameSession records the current session in the flow if the callback will arrive without its
// cookie: the login ends that session (R88).
func (h *routes) nameSession(r *http.Request, p provider.Provider, flow *provider.Flow) {
	if flow.Session != "" || flow.Link != "" || callbackMethod(p) != http.MethodPost {
		return
	}
	if s, err := h.config.Sessions.Load(r); err == nil {
		flow.Session = h.config.Sessions.Name(s)
	}
}

// depart asks the provider for the URL to redirect to, and keeps the flow.
func (h *routes) depart(w http.ResponseWriter, r *http.Request, p provider.Provider,
	flow *provider.Flow) (string, error) {
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	// pushed requests and request tokens hold connections
	done, err := h.begins.wait(ctx, flow.Provider)
	if err != nil {
		return "", h.errBusy(flow.Provider, err)
	}
	target, err := recovered.Get(func() (string, error) { return h.beginAt(ctx, p, flow) })
	done()
	if err != nil {
		return "", err
	}
	return target, h.keepFlow(w, r, p, flow)
}

// RouteURL returns the address of a login route.
func (h *routes) RouteURL(route string) string {
	return h.config.Origin.String() + h.config.Paths.Prefix + "/" + route
}
