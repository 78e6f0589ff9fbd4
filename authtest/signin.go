package authtest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
)

// cookieName keeps providers on different ports apart, which cookies do not.
func (p *Provider) cookieName() string {
	u, err := url.Parse(p.Issuer())
	if err != nil {
		return "authtest"
	}
	return "authtest-" + u.Port()
}

// current returns the user's session at the provider.
func (p *Provider) current(r *http.Request) (login, bool) {
	cookie, err := r.Cookie(p.cookieName())
	if err != nil {
		return login{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.logins[cookie.Value]
	if l == nil {
		return login{}, false
	}
	copied := *l
	copied.consents = maps.Clone(l.consents)
	return copied, true
}

// login takes the form of the login page.
func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	id, name := r.PostForm.Get("request"), r.PostForm.Get("username")
	user, known := p.user(name)
	if !known || r.PostForm.Get("password") != name {
		p.page(w, http.StatusUnauthorized, page{
			Title:    "Sign in",
			Request:  id,
			Login:    true,
			Username: name,
			Problem:  "That is not right. The password is the same as the user name.",
		})
		return
	}
	p.signIn(
		w, r, id,
		login{user: user, sid: rand.Text(), at: p.time(), consents: map[string]bool{}},
	)
	p.proceed(w, r, id)
}

// signIn starts a new session of the user at the provider. It keeps the consents that the same user
// has given.
func (p *Provider) signIn(w http.ResponseWriter, r *http.Request, id string, l login) {
	value := rand.Text()
	if old, ok := p.current(r); ok && old.user.Subject == l.user.Subject {
		l.consents, l.sid = old.consents, old.sid
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signIns++
	l.number = p.signIns
	p.logins[value] = &l
	if a := p.pending[id]; a != nil {
		a.reauthed = true
	}
	cookie := &http.Cookie{
		Name:     p.cookieName(),
		Value:    value,
		Path:     "/",
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
		Secure:   p.secure(),
	}
	http.SetCookie(w, cookie)
	r.Header.Set("Cookie", cookie.Name+"="+cookie.Value) // for the rest of this request
}

// consent takes the form of the consent page.
func (p *Provider) consent(w http.ResponseWriter, r *http.Request) {
	id := r.PostForm.Get("request")
	p.mu.Lock()
	a := p.pending[id]
	p.mu.Unlock()
	if a != nil && r.PostForm.Get("decision") != "allow" {
		p.respond(
			w, r, id, a,
			url.Values{
				"error":             {"access_denied"},
				"error_description": {"the user denied the request"},
			},
		)
		return
	}
	if cookie, err := r.Cookie(p.cookieName()); err == nil && a != nil {
		p.mu.Lock()
		if l := p.logins[cookie.Value]; l != nil {
			l.consents[consentKey(a)] = true
		}
		p.mu.Unlock()
	}
	p.proceed(w, r, id)
}
