package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

//go:embed templates
var templateFiles embed.FS

// pages renders the application's HTML.
type pages struct {
	auth      *sallyport.Auth
	providers provider.Set
	views     map[string]*template.Template
	stopping  chan struct{} // closed when the program is about to end
}

func newPages(auth *sallyport.Auth, providers provider.Set) *pages {
	p := &pages{auth: auth, providers: providers, views: map[string]*template.Template{},
		stopping: make(chan struct{})}
	for _, name := range []string{"home", "profile", "admin", "sessions", "live"} {
		p.views[name] = template.Must(template.ParseFS(templateFiles, "templates/layout.html",
			"templates/"+name+".html"))
	}
	return p
}

// A view is what the templates see.
type view struct {
	Title    string
	Path     string           // of this page, for the menu
	Session  *session.Session // nil without a signed-in user
	Login    string           // path that signs in and comes back here
	Logout   string           // path to POST to
	Claims   []claim
	Provider string // for people
	Ends     string
	API      *apiCall

	Sessions   []session.Entry
	Listed     bool   // there is a list, even if it is empty
	Everywhere bool   // signing out everywhere is possible
	Script     string // path of the page's script, if it has one
}

// A claim is one thing that the provider says about the user.
type claim struct{ Name, Value string }

func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	p.render(w, r, "home", view{Title: "Welcome"})
}

func (p *pages) admin(w http.ResponseWriter, r *http.Request) {
	p.render(w, r, "admin", view{Title: "Administration"})
}

func (p *pages) profile(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context()) // RequireAuth has seen to it
	claims, err := claimsOf(s)
	if err != nil {
		http.Error(w, "The claims cannot be read.", http.StatusInternalServerError)
		return
	}
	p.render(w, r, "profile", view{
		Title: "Your profile", Claims: claims, Provider: p.label(s.Provider),
		Ends: s.Expires.UTC().Format(time.RFC1123), API: p.callAPI(w, r, s),
	})
}

// label is what people know a provider by.
func (p *pages) label(name string) string {
	if d, ok := p.providers[name].(provider.Describer); ok && d.Describe().Label != "" {
		return d.Describe().Label
	}
	return name
}

// claimsOf lists the claims by name. Texts are shown as they are, anything else as JSON.
func claimsOf(s *session.Session) ([]claim, error) {
	var all map[string]json.RawMessage
	if err := s.Claims(&all); err != nil {
		return nil, fmt.Errorf("read claims: %w", err)
	}
	claims := make([]claim, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := string(all[name])
		var text string
		if json.Unmarshal(all[name], &text) == nil {
			value = text
		}
		claims = append(claims, claim{name, value})
	}
	return claims, nil
}

func (p *pages) render(w http.ResponseWriter, r *http.Request, name string, v view) {
	v.Path = r.URL.Path
	v.Session, _ = session.FromContext(r.Context())
	v.Login = p.auth.LoginURL(r.URL.RequestURI())
	v.Logout = p.auth.LogoutURL("")
	var body bytes.Buffer
	if err := p.views[name].ExecuteTemplate(&body, "layout.html", v); err != nil {
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	// The form that signs out ends at the provider's origin, so there is no form-action here.
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src "+
			pictureOrigin(v.Session)+"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	w.Write(body.Bytes())
}

// pictureOrigin is where the page may load the user's picture from.
func pictureOrigin(s *session.Session) string {
	if s == nil {
		return "'none'"
	}
	u, err := url.Parse(s.User.Picture)
	if err != nil || u.Host == "" || strings.ContainsAny(u.Host, "; ,'*") {
		return "'none'"
	}
	return u.Scheme + "://" + u.Host
}
