package problem

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// A Panic is a panic of application code that [Call] caught. The answer to a request that fails
// with one is always 500.
type Panic = recovered.Panic

// Call runs f, code of the application, and turns a panic into an error, so that a faulty hook
// fails its own request and nothing else.
func Call(f func() error) error { return recovered.Call(f) }

// Serve runs f, which answers the request. If f panics, the answer is 500. http.ErrAbortHandler
// passes through: code that has the ResponseWriter aborts the connection with it.
func (rp *Reporter) Serve(w http.ResponseWriter, r *http.Request, f func()) {
	if err := serve(f); err != nil {
		rp.Fail(w, r, err)
	}
}

func serve(f func()) error {
	err := recovered.Call(func() error { f(); return nil })
	if p, ok := errors.AsType[*Panic](err); ok && p.Value == http.ErrAbortHandler {
		panic(http.ErrAbortHandler)
	}
	return err
}
