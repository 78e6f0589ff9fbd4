package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/page"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

func protect(h http.Header) { page.Protect(h) }

// toHome is the way out that every page offers.
func (h *Handlers) toHome() problem.Link { return h.homeAs(answer.Home) }

// homeAs is toHome in other words.
func (h *Handlers) homeAs(text string) problem.Link {
	return problem.Link{Href: h.returns.start(), Text: text}
}

// atHome is toHome with the origin, for a request that has come to another host.
func (h *Handlers) atHome(text string) problem.Link {
	return problem.Link{Href: h.config.BaseURL.String() + h.returns.start(), Text: text}
}

// failed returns the error of a code, with the way on from there.
func failed(code string, cause error, links ...problem.Link) *problem.Error {
	e := problem.New(code)
	e.Err, e.Links = cause, links
	return e
}

// failedAt is failed for the login at a provider, with a fresh login as the way on.
func (h *Handlers) failedAt(name, code string, cause error) *problem.Error {
	e := failed(code, cause, h.again(name)...)
	e.Provider = name
	return e
}

// again offers a fresh login at the provider.
func (h *Handlers) again(name string) []problem.Link { return h.retry(name, answer.SignInAgain) }

// retry offers the login of a provider that has been found, or if there is no name the choice.
func (h *Handlers) retry(name, text string) []problem.Link {
	target := h.config.Prefix + "/login"
	if name != "" {
		target += "/" + name
	}
	return []problem.Link{{Href: target, Text: text}, h.toHome()}
}

// leadingTo makes the ways to try again lead to an address.
func (h *Handlers) leadingTo(returnTo string, e *problem.Error) *problem.Error {
	if returnTo == h.returns.start() {
		return e
	}
	e.Links = slices.Clone(e.Links)
	for i, link := range e.Links {
		if slices.Contains([]string{h.LoginURL(""), h.route("login/"+e.Provider, ""), h.LinkURL(e.Provider, "")}, link.Href) {
			e.Links[i].Href += "?return_to=" + url.QueryEscape(returnTo)
		}
	}
	return e
}

// lookupError answers for a name that has not led to a provider.
func (h *Handlers) lookupError(name string, err error) *problem.Error {
	if errors.Is(err, provider.ErrUnknown) {
		return failed("unknown_provider", nil, h.again("")...)
	}
	return h.loginError(name, err)
}

// loginError turns the error of a login into what the user, the log and the events get. The user's
// text depends on the class only: only the operator reads why a token was rejected.
func (h *Handlers) loginError(name string, err error) *problem.Error {
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
		e.RetryAfter, e.Links = provider.RetryAfter(err), h.retry(name, answer.TryAgain)
		return e
	}
	if fault, ok := errors.AsType[*provider.Error](err); ok {
		if fault.Fault == provider.FaultRefused && fault.StartAgain() {
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

// faultCode is the outcome of a fault that a provider reports. One that is not ours, of a provider
// of the application's own, is answered like an OAuth error.
func faultCode(fault *provider.Error) string {
	code := string(fault.Fault)
	if _, known := answer.Find(code); known {
		return code
	}
	return "provider_error"
}

// errBusy is a callback that did not get its turn. Its flow has not been used up.
func (h *Handlers) errBusy(name string, cause error) *problem.Error {
	e := h.loginError(name, cause)
	e.Text = problem.New("provider_unavailable/busy").Text
	return e
}

func (h *Handlers) errBadRequest(name string, cause error) *problem.Error {
	return h.failedAt(name, "bad_request", cause)
}

func (h *Handlers) errCookiesBlocked(name string) *problem.Error {
	return h.failedAt(name, "cookies_blocked", nil)
}

func (h *Handlers) errNotFound() *problem.Error {
	return failed("not_found", nil, h.atHome(answer.Home))
}

func (h *Handlers) errMethod() *problem.Error {
	return failed("method_not_allowed", nil, h.toHome())
}

func (h *Handlers) errWrongHost(host string) *problem.Error {
	base := h.config.BaseURL
	cause := fmt.Errorf("handlers: the request has host=%s, but BaseURL has host=%s: does the proxy forward the Host header?", host, base.Host)
	return failed("wrong_host", cause, h.atHome(answer.GoTo+base.Host))
}

func (h *Handlers) errCrossSite(cause error) *problem.Error {
	return failed("cross_site/logout", cause, h.toHome())
}
