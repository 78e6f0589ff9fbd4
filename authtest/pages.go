package authtest

import (
	"bytes"
	_ "embed"
	"fmt"
	"hash/fnv"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/session"
)

//go:embed templates/page.html
var layout string

//go:embed templates/style.css
var style string

var pageTemplate = template.Must(
	template.New("page").Funcs(template.FuncMap{"scope": describeScope}).Parse(layout),
)

// A page is what the login, consent and message pages show.
type page struct {
	Base     string // path of the issuer, without a slash at its end
	Title    string
	Text     string
	Request  string // ID of the pending request
	Login    bool
	Username string
	Problem  string
	User     session.User
	Client   string
	Scopes   []string
	Users    []session.User
	Action   string // where a form of Fields goes (form_post)
	Fields   url.Values
	Frame    string // of the application, to sign out there
	Continue string // where to go from here
}

// describeScope says in plain words what a scope opens.
func describeScope(scope string) string {
	switch scope {
	case "openid":
		return "Know who you are"
	case "profile":
		return "See your name, picture and roles"
	case "email":
		return "See your email address"
	case "offline_access":
		return "Keep access while you are away"
	}
	return "Use " + scope
}

func (p *Provider) page(w http.ResponseWriter, status int, v page) {
	v.Base, v.Users = p.path(), p.Users()
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	// No form-action: browsers apply it to the redirect back to the application as well.
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'"
	if u, err := url.Parse(v.Frame); err == nil && v.Frame != "" {
		policy += "; frame-src " + u.Scheme + "://" + u.Host
	}
	h.Set("Content-Security-Policy", policy)
	w.WriteHeader(status)
	w.Write(body.Bytes())
}

func (p *Provider) home(w http.ResponseWriter, _ *http.Request) {
	p.page(w, http.StatusOK, page{
		Title: "A provider for tests",
		Text:  "Applications send their users here to sign in. It is for trying things out only.",
	})
}

func stylesheet(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write([]byte(style))
}

// avatar draws a picture for a user: the first letter on a color of their own.
func (p *Provider) avatar(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("user")
	letter, _ := utf8.DecodeRuneInString(strings.ToUpper(name))
	hash := fnv.New32a()
	hash.Write([]byte(name))
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	fmt.Fprintf(
		w,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="hsl(%d 45%% 38%%)"/>`+
			`<text x="48" y="48" dy=".35em" text-anchor="middle" font-family="sans-serif" font-size="48" fill="#fff">%s</text></svg>`,
		hash.Sum32()%360,
		html.EscapeString(string(letter)),
	)
}
