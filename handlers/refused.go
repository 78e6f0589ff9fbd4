package handlers

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// refused turns an error of Hooks.Login or Hooks.Begin into a rejection or a failure.
func (h *routes) refused(err error) error { return h.decided(err, "login_refused", h.again("")...) }

// refusedLink is refused for Hooks.Link.
func (h *routes) refusedLink(err error) error { return h.decided(err, "link_refused", h.toHome()) }

// decided chooses the code for an error of a hook, unless the hook has chosen one (*problem.Error).
// Only ErrRefused is a rejection. An outage that the application reports is answered as one.
func (h *routes) decided(err error, code string, links ...problem.Link) error {
	_, own := errors.AsType[*problem.Error](err)
	switch {
	case recovered.Is(err), own:
		return answer.From(err)
	case errors.Is(err, answer.ErrRefused):
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
