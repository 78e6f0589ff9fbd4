package rig

import (
	"net/http"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// OwnLogins are the logins of an application with passwords of its own.
type OwnLogins struct {
	Next session.Session  // whom the next request of /own signs in
	Err  error            // of that request
	Got  *session.Session // after it
	Seen *session.Session // by the last request of /seen
}

// NewOwnLogins is an application that signs users in itself, at /own, and tells the test who is
// signed in, at /seen.
func NewOwnLogins(t *testing.T, change ...func(*Setup)) (*App, *OwnLogins) {
	t.Helper()
	app, own := New(t, change...), &OwnLogins{}
	own.Next.User.Subject = "42"
	app.Mux.HandleFunc("/own", func(w http.ResponseWriter, r *http.Request) {
		s := own.Next.Clone()
		own.Err, own.Got = app.Auth.SignIn(w, r, s), s
		if own.Err != nil {
			app.Auth.Refuse(w, r, own.Err)
			return
		}
		http.Redirect(w, r, app.Auth.ReturnTo(r.PostFormValue("return_to")), http.StatusSeeOther)
	})
	app.Mux.HandleFunc("/seen", func(_ http.ResponseWriter, r *http.Request) {
		own.Seen, _ = session.FromContext(r.Context())
	})
	return app, own
}

// SignInOwn signs the browser in as own.Next, which must work.
func (app *App) SignInOwn(t *testing.T, b *http.Client, own *OwnLogins) {
	t.Helper()
	if resp := app.Post(t, b, "/own", nil); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("POST /own: status %d, %v", resp.StatusCode, own.Err)
	}
}
