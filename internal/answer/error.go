package answer

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
)

// ErrRefused is the sallyport.ErrRefused that hooks of the application return.
var ErrRefused = errors.New("sallyport: refused by the application")

// retryAfter is when a client may ask again unless the cause says more.
const retryAfter = 5 * time.Second

// New returns the error of a code, or of one of its variants such as "cross_site/logout". An
// unknown code gets status and texts of "internal_error".
func New(name string) *problem.Error {
	o, known := Find(name)
	if !known {
		o, _ = Find("internal_error")
		o.Words, o.Code = o.words(), name
	}
	e := &problem.Error{Code: o.Code, Status: o.Status}
	Reword(e, o.words())
	if o.Status == http.StatusServiceUnavailable {
		e.RetryAfter = retryAfter
	}
	return e
}

// Reword gives e the texts of a key instead of those of its code.
func Reword(e *problem.Error, key string) {
	e.Title, e.Text = "", ""
	e.TitleKey, e.TextKey = key+".title", key+".text"
}

// From returns err's *problem.Error, complete but for the words, or wraps err as an internal error
// (500), which a panic always is.
func From(err error) *problem.Error {
	e, ok := errors.AsType[*problem.Error](err)
	if ok && !recovered.Is(err) {
		return withDefaults(*e) // a copy: the caller's value may be shared by many requests
	}
	failed := New("internal_error")
	failed.Err = err
	if ok {
		failed.Provider, failed.Links = e.Provider, e.Links
	}
	return failed
}

// withDefaults fills in what belongs to the code of an error that the application has made.
func withDefaults(e problem.Error) *problem.Error {
	o, known := Find(e.Code)
	e.Status = cmp.Or(e.Status, o.Status, http.StatusInternalServerError)
	if known && e.Title == "" {
		e.TitleKey = cmp.Or(e.TitleKey, o.words()+".title")
		if e.Text == "" {
			e.TextKey = cmp.Or(e.TextKey, o.words()+".text")
		}
	}
	return &e
}
