// Package problem is what applications see of a request that goes wrong. sallyport.Config.OnError
// receives an *[Error] and may answer in its own style; a check passed to Guard.Require, and the
// hooks of handlers.Hooks, may return one to choose status and text.
//
// The built-in answer is a page, or application/problem+json (RFC 9457) for programs. The cause
// goes to the log only; a reference number ties the two together.
package problem

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// An Error is a request that cannot be answered as wished. Title and Text are for the browser and
// hold nothing secret; Err is for the log. An application that makes one sets Code, and what is to
// differ from the defaults.
//
// In Config.OnError, every field has its final value.
type Error struct {
	// Code is a fixed word for metrics and tests, such as "state_mismatch". docs/troubleshooting.md
	// lists those of the library; applications may use others.
	Code string

	// Status is the HTTP status. Default: the status that belongs to Code, else 500.
	Status int

	// Title (a few words) and Text (what happened and what to do next) are what the user reads.
	// Default: the texts of TitleKey and TextKey in the user's language, which are those of Code
	// unless others are named. sallyport.Config.Texts changes them.
	Title, Text       string
	TitleKey, TextKey string

	// Lang is the language of the texts, such as "de".
	Lang string

	// Links are where to go from here; the first one is the main action.
	Links []Link

	// LoginURL is where to sign in, for programs. It comes with the code "sign_in_required", and
	// with the codes of step-ups, whose requirement it carries. The parameter return_to may be
	// added, a path of the application to return to afterwards.
	LoginURL string

	// RetryAfter is sent as Retry-After, in whole seconds. Default: 0, no header.
	RetryAfter time.Duration

	// Provider is the configured name, if a provider is involved.
	Provider string

	// Ref is the reference number of the log line; empty for what is not a failure.
	Ref string

	// Page says that the built-in answer is a page; otherwise it is application/problem+json.
	Page bool

	// Err is the cause; it may be nil.
	Err error
}

// A Link leads the user on from a page.
type Link struct {
	Href string

	// Text is what the user reads. Default: the text of TextKey in the user's language.
	Text, TextKey string

	// Post makes the link a button of a form, which POSTs the hidden Fields to Href.
	Post   bool
	Fields map[string]string
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

// MarshalJSON implements json.Marshaler: application/problem+json (RFC 9457), without the cause.
// LoginURL becomes login_url, and comes with return_param, the name of the parameter for the return
// address.
func (e *Error) MarshalJSON() ([]byte, error) {
	returnParam := ""
	if e.LoginURL != "" {
		returnParam = "return_to"
	}
	return json.Marshal(struct {
		Title    string `json:"title"`
		Status   int    `json:"status"`
		Detail   string `json:"detail,omitempty"`
		Code     string `json:"code"`
		Ref      string `json:"ref,omitempty"`
		LoginURL string `json:"login_url,omitempty"`
		Return   string `json:"return_param,omitempty"`
	}{cmp.Or(e.Title, http.StatusText(e.Status)), e.Status, e.Text, e.Code, e.Ref, e.LoginURL,
		returnParam})
}
