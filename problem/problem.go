// Package problem is how a request that goes wrong is answered: neutral, fixed text for the
// browser (a page, or application/problem+json of RFC 9457 for programs), the whole cause once in
// the log, and one event. A reference number ties the three together.
//
// Applications meet it in two places: sallyport.Config.OnError receives an *[Error] and may
// answer in its own style, and a check passed to Guard.Require may return one to choose status and text.
package problem

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
)

// An Error is a request that cannot be answered as wished. Title and Text are for the
// browser and hold nothing secret; Err is for the log.
type Error struct {
	Status     int           // HTTP status
	Code       string        // fixed word for metrics and tests, such as "state_mismatch"
	Title      string        // a few words; default: the status text
	Text       string        // what happened and what to do
	Links      []Link        // where to go from here
	Form       *Form         // a button, on a page that asks a question; else nil
	LoginURL   string        // where to sign in, for programs; with the code "sign_in_required"
	RetryAfter time.Duration // sent as Retry-After, in whole seconds; 0 for none
	Provider   string        // configured name, if one is involved
	Ref        string        // reference number, filled in by Reporter.Fail
	Err        error         // the cause; may be nil
}

// A Link leads the user on from an error page.
type Link struct{ Href, Text string }

// A Form is a button that POSTs the hidden fields to the action.
type Form struct {
	Action string
	Hidden map[string]string
	Button string
}

// Error implements error. The text is for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Code
	}
	return e.Code + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// title is the title of the answer.
func (e *Error) title() string { return cmp.Or(e.Title, http.StatusText(e.Status)) }

// MarshalJSON implements json.Marshaler: application/problem+json (RFC 9457), without the cause.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Title    string `json:"title"`
		Status   int    `json:"status"`
		Detail   string `json:"detail,omitempty"`
		Code     string `json:"code"`
		Ref      string `json:"ref,omitempty"`
		LoginURL string `json:"login_url,omitempty"`
	}{e.title(), e.Status, e.Text, e.Code, e.Ref, e.LoginURL})
}

// ErrRefused is what hooks of the application return to refuse; see handlers.ErrRefused.
var ErrRefused = errors.New("sallyport: refused by the application")

// retryAfter is when a client may ask again unless the cause says more.
const retryAfter = 5 * time.Second

// New returns the error with the status and the words that belong to a code of
// docs/troubleshooting.md, such as "login_refused". An unknown code gets those of
// "internal_error".
func New(code string) *Error {
	o, known := answer.Find(code)
	if !known {
		o, _ = answer.Find("internal_error")
		o.Code = code
	}
	e := &Error{Status: o.Status, Code: o.Code, Title: o.Title, Text: o.Text}
	if o.Status == http.StatusServiceUnavailable {
		e.RetryAfter = retryAfter
	}
	return e
}

// From returns err's *Error, or wraps err as an internal error (500), which a panic always is.
func From(err error) *Error {
	e, ok := errors.AsType[*Error](err)
	if ok && !recovered.Is(err) {
		copied := *e // the caller's value may be shared by many requests
		return &copied
	}
	failed := New("internal_error")
	failed.Err = err
	if ok {
		failed.Provider, failed.Links = e.Provider, e.Links
	}
	return failed
}
