package main

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/session"
)

// mySessions lists where the user is signed in, with a button to end each of them.
func (p *pages) mySessions(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context()) // RequireAuth has seen to it
	entries, err := p.auth.Sessions.List(r.Context(), s)
	if err != nil && !errors.Is(err, session.ErrNoList) {
		p.auth.Refuse(w, r, err)
		return
	}
	p.render(w, r, "sessions", view{
		Title: "Your sessions", Sessions: entries, Listed: err == nil,
		Everywhere: p.auth.Sessions.Revocable(),
	})
}

// endSession ends the session whose button was pressed. Requests of other sites do not get here:
// the guard refuses them.
func (p *pages) endSession(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	if err := p.auth.Sessions.EndOne(r.Context(), s, r.PostFormValue("handle")); err != nil {
		p.auth.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/sessions", http.StatusSeeOther)
}

// endAllSessions signs the user out everywhere, also here.
func (p *pages) endAllSessions(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	if err := p.auth.Sessions.EndAll(r.Context(), s); err != nil {
		p.auth.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
