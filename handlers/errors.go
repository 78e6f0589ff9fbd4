package handlers

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// toHome is the link that every page offers.
func (h *routes) toHome() problem.Link { return h.homeAs("home") }

// homeAs is toHome with another text.
func (h *routes) homeAs(key string) problem.Link {
	return problem.Link{Href: h.returns.start(), TextKey: key}
}

// atHome is homeAs with the origin, for a request that has come to another host.
func (h *routes) atHome(key string) problem.Link {
	return problem.Link{Href: h.config.Origin.String() + h.returns.start(), TextKey: key}
}

// failed returns the error of a code, with links.
func failed(code string, cause error, links ...problem.Link) *problem.Error {
	e := answer.New(code)
	e.Err, e.Links = cause, links
	return e
}

// failedAt is failed for a login with a provider, with a link that starts a new one.
func (h *routes) failedAt(name, code string, cause error) *problem.Error {
	e := failed(code, cause, h.again(name)...)
	e.Provider = name
	return e
}

// again returns the links that start a new login with the provider.
func (h *routes) again(name string) []problem.Link { return h.retry(name, "sign_in_again") }

// retry returns links to the login with a known provider, or without a name to the login page.
func (h *routes) retry(name, key string) []problem.Link {
	target := h.config.Paths.Prefix + "/login"
	if name != "" {
		target += "/" + name
	}
	return []problem.Link{{Href: target, TextKey: key}, h.toHome()}
}

// leadingTo makes the links that try again lead to the return address.
func (h *routes) leadingTo(returnTo string, e *problem.Error) *problem.Error {
	if returnTo == h.returns.start() {
		return e
	}
	e.Links = slices.Clone(e.Links)
	for i, link := range e.Links {
		if slices.Contains([]string{h.LoginURL(""), h.route("login/"+e.Provider, ""),
			h.LinkURL(e.Provider, "")}, link.Href) {
			e.Links[i].Href += "?return_to=" + url.QueryEscape(returnTo)
		}
	}
	return e
}

// lookupError turns an error of finding a provider into the answer.
func (h *routes) lookupError(name string, err error) *problem.Error {
	if errors.Is(err, directory.ErrUnknown) {
		return failed("unknown_provider", nil, h.again("")...)
	}
	return h.loginError(name, err)
}

// loginError turns an error of a login into what the user, the log and the events get. What the
// user reads depends only on the class of the error; the log has the cause.
func (h *routes) loginError(name string, err error) *problem.Error {
	if e, ok := errors.AsType[*problem.Error](err); ok {
		copied := *e
		copied.Provider = name
		return &copied
	}
	if _, missing := errors.AsType[*flowError](err); missing {
		return h.failedAt(name, "no_flow", err)
	}
	if errors.Is(err, errUsed) {
		return h.failedAt(name, "flow_used", err)
	}
	if errors.Is(err, provider.ErrMisconfigured) { // which also is ErrUnavailable
		return h.failedAt(name, "provider_misconfigured", err)
	}
	if errors.Is(err, provider.ErrUnavailable) {
		e := h.failedAt(name, "provider_unavailable", err)
		e.RetryAfter, e.Links = provider.RetryAfter(err), h.retry(name, "try_again")
		return e
	}
	if fault, ok := errors.AsType[*provider.Error](err); ok {
		if fault.Fault == provider.FaultRefused && startsAgainFor(fault) {
			return h.failedAt(name, "provider_error/again", err)
		}
		return h.failedAt(name, faultCode(fault), err)
	}
	if _, ok := errors.AsType[*session.TooLargeError](err); ok {
		return h.failedAt(name, "session_too_large", err)
	}
	if errors.Is(err, session.ErrStore) {
		return h.failedAt(name, "store_unavailable", err)
	}
	return h.failedAt(name, "internal_error", err)
}

// faultCode returns the code of a fault that a provider reports. The unknown fault of an
// application's own provider is answered like an OAuth error.
func faultCode(fault *provider.Error) string {
	code := string(fault.Fault)
	if _, known := answer.Find(code); known {
		return code
	}
	return "provider_error"
}

// errBusy is the answer to a login that did not get its turn. Its flow has not been used up.
func (h *routes) errBusy(name string, cause error) *problem.Error {
	e := h.failedAt(name, "provider_unavailable/busy", cause)
	e.Links = h.retry(name, "try_again")
	return e
}

func (h *routes) errBadRequest(name string, cause error) *problem.Error {
	return h.failedAt(name, "bad_request", cause)
}

func (h *routes) errCookiesBlocked(name string) *problem.Error {
	return h.failedAt(name, "cookies_blocked", nil)
}

func (h *routes) errNotFound() *problem.Error {
	return failed("not_found", nil, h.atHome("home"))
}

func (h *routes) errMethod() *problem.Error {
	return failed("method_not_allowed", nil, h.toHome())
}

func (h *routes) errWrongHost(host string) *problem.Error {
	base := h.config.Origin
	expected := "BaseURL has host=" + base.Host
	if h.config.OriginOf != nil {
		expected += ", and Origins and OriginOf do not know it"
	}
	cause := fmt.Errorf("handlers: the request has host=%s, but %s: does the proxy forward the "+
		"Host header?", host, expected)
	return failed("wrong_host", cause, h.atHome("go_to"))
}

func (h *routes) errCrossSite(cause error) *problem.Error {
	return failed("cross_site/logout", cause, h.toHome())
}
