package handlers

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// ErrRefused is what a hook returns, or wraps, to refuse: the user is told that they have no access.
// To choose the words, return a *problem.Error instead. Any other error is a failure of the hook and
// not the user's fault, such as a database that is down.
var ErrRefused = problem.ErrRefused

// refused marks an error of Hooks.Login or Hooks.Begin as the application's decision, or as a failure.
func (h *Handlers) refused(err error) error { return h.decided(err, "login_refused", h.again("")...) }

// refusedLink does the same for Hooks.Link.
func (h *Handlers) refusedLink(err error) error { return h.decided(err, "link_refused", h.toHome()) }

// decided words an error of a hook, unless the hook chose its own words (*problem.Error). Only
// ErrRefused is a refusal. What the application reports as an outage is answered as one.
func (h *Handlers) decided(err error, code string, links ...problem.Link) error {
	_, own := errors.AsType[*problem.Error](err)
	switch {
	case recovered.Is(err), own:
		return problem.From(err)
	case errors.Is(err, ErrRefused):
		return failed(code, fmt.Errorf("refused by the application: %w", err), links...)
	}
	err = fmt.Errorf("hook of the application: %w", err)
	switch {
	case errors.Is(err, provider.ErrUnavailable), errors.Is(err, session.ErrStore):
		return err // worded like those of the library
	case errors.Is(err, context.DeadlineExceeded):
		return failed("hook_timeout", err, links...)
	}
	return failed("hook_failed", err, links...)
}
