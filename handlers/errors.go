package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/internal/page"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

func protect(h http.Header) { page.Protect(h) }

// toHome is the way out that every page offers.
var toHome = problem.Link{Href: home, Text: "Go to the start page"}

// again offers a fresh login at the provider.
func (h *Handlers) again(name string) []problem.Link { return h.retry(name, "Sign in again") }

// retry offers the login of a provider that has been found, or if there is no name the choice.
func (h *Handlers) retry(name, text string) []problem.Link {
	target := h.config.Prefix + "/login"
	if name != "" {
		target += "/" + name
	}
	return []problem.Link{{Href: target, Text: text}, toHome}
}

// lookupError answers for a name that has not led to a provider.
func (h *Handlers) lookupError(name string, err error) *problem.Error {
	if errors.Is(err, provider.ErrUnknown) {
		return errUnknownProvider(h.again(""))
	}
	return h.loginError(name, err)
}

// loginError turns the error of a login into what the user, the log and the events get. The
// user's text depends on the class only: why a token did not pass is nobody's business but the operator's.
func (h *Handlers) loginError(name string, err error) *problem.Error {
	if e, ok := errors.AsType[*problem.Error](err); ok {
		copied := *e
		copied.Provider = name
		return &copied
	}
	e := &problem.Error{Provider: name, Err: err, Links: h.again(name)}
	if errors.Is(err, provider.ErrUnavailable) {
		e.Status, e.Code, e.RetryAfter = http.StatusServiceUnavailable, "provider_unavailable", provider.RetryAfter(err)
		e.Title = "Sign-in is not available right now"
		e.Text = "The service that signs you in does not answer. Please try again in a moment. Nothing of yours is lost."
		e.Links = h.retry(name, "Try again")
		return e
	}
	if fault, ok := errors.AsType[*provider.Error](err); ok {
		explain(e, fault)
		return e
	}
	if _, ok := errors.AsType[*session.TooLargeError](err); ok {
		e.Status, e.Code = http.StatusInternalServerError, "session_too_large"
		e.Title = "You could not be signed in"
		e.Text = "Your account holds more information than this site can take over. Please tell the people who run this site."
		return e
	}
	if errors.Is(err, session.ErrStore) {
		e.Status, e.Code = http.StatusServiceUnavailable, "store_unavailable"
		e.Title = "Sign-in is not available right now"
		e.Text = "The problem is on our side. Please try again in a moment."
		return e
	}
	e = problem.From(err)
	e.Provider, e.Links = name, h.again(name)
	return e
}

// explain fills in what a fault reported by the provider package means.
func explain(e *problem.Error, fault *provider.Error) {
	e.Code = string(fault.Fault)
	switch fault.Fault {
	case provider.FaultDenied, provider.FaultInteraction:
		e.Status = http.StatusForbidden
		e.Title = "You were not signed in"
		e.Text = "The sign-in was cancelled, or the service that signs you in did not permit it."
	case provider.FaultNotAdmitted:
		e.Status = http.StatusForbidden
		e.Title = "You cannot sign in here with this account"
		e.Text = "Your account was recognised, but this site is for the accounts of others. If you have another one, start again and choose that."
	case provider.FaultState, provider.FaultIssuer, provider.FaultResponse:
		e.Status = http.StatusBadRequest
		e.Title = "This sign-in did not work"
		e.Text = "The answer does not belong to the sign-in that you started here. Please start again."
	case provider.FaultStepUp:
		e.Status = http.StatusForbidden
		e.Title = "This page needs more"
		e.Text = "The service that signs you in did not confirm what this page needs: a recent or stronger sign-in, or more access. You are as you were before."
	default:
		e.Status = http.StatusBadGateway
		e.Title = "This sign-in did not work"
		e.Text = "The service that signs you in gave an answer that we cannot accept. Please try again; if it happens again, tell the people who run this site."
	}
}

func (h *Handlers) errNoFlow(name string) *problem.Error {
	return &problem.Error{
		Status: http.StatusBadRequest, Code: "no_flow", Provider: name,
		Title: "This sign-in is no longer open",
		Text: "It was already finished, took too long, was started in another browser, or your browser does not keep our cookies. " +
			"If you came here by a bookmark or the back button, just start again.",
		Links: h.again(name),
	}
}

// errBusy is a callback that did not get its turn. Its flow has not been used up.
func (h *Handlers) errBusy(name string, cause error) *problem.Error {
	e := h.loginError(name, cause)
	e.Text = "Many people are signing in, or the service that signs you in is slow. Please reload this page in a moment, or start again."
	return e
}

func (h *Handlers) errUsed(name string) *problem.Error {
	e := h.errNoFlow(name)
	e.Code = "flow_used"
	return e
}

func (h *Handlers) errBadRequest(name string, cause error) *problem.Error {
	return &problem.Error{
		Status: http.StatusBadRequest, Code: "bad_request", Provider: name,
		Title: "This sign-in did not work", Text: "The address or the form that brought you here is not complete. Please start again.",
		Links: h.again(name), Err: cause,
	}
}

func (h *Handlers) errCookiesBlocked(name string) *problem.Error {
	return &problem.Error{
		Status: http.StatusBadRequest, Code: "cookies_blocked", Provider: name,
		Title: "Your browser does not keep you signed in",
		Text: "The sign-in itself worked, but the cookie that remembers it did not come back. " +
			"Please allow cookies for this site and try again.",
		Links: h.again(name),
	}
}

func errUnknownProvider(links []problem.Link) *problem.Error {
	return &problem.Error{
		Status: http.StatusNotFound, Code: "unknown_provider",
		Title: "There is no such way to sign in", Text: "Please choose another one.", Links: links,
	}
}

func errNotFound(base *url.URL) *problem.Error {
	return &problem.Error{
		Status: http.StatusNotFound, Code: "not_found", Title: "There is no such page",
		Links: []problem.Link{{Href: base.String() + "/", Text: toHome.Text}},
	}
}

func errMethod() *problem.Error {
	return &problem.Error{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Links: []problem.Link{toHome}}
}

func errWrongHost(base *url.URL) *problem.Error {
	return &problem.Error{
		Status: http.StatusMisdirectedRequest, Code: "wrong_host",
		Title: "Please use this site's own address",
		Text:  "Signing in works at " + base.String() + " only.",
		Links: []problem.Link{{Href: base.String() + "/", Text: "Go to " + base.Host}},
	}
}

func errCrossSite(cause error) *problem.Error {
	return &problem.Error{
		Status: http.StatusForbidden, Code: "cross_site", Err: cause,
		Title: "You are still signed in", Text: "Another site asked to sign you out. To sign out, use the button here.",
		Links: []problem.Link{toHome},
	}
}
