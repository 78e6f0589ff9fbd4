// Package page renders the few pages that the library shows itself: errors, the chooser, the
// sign-out question. They are fixed text in one plain, accessible layout; nothing that came from a
// provider or a request is shown, except values the caller names explicitly, escaped.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
)

// A Page is what a page says.
type Page struct {
	Title string
	Text  []string // paragraphs
	Links []Link
	Equal bool // none of the links is the main action
	Form  *Form
	Ref   string // reference number to quote; empty for none
}

// A Link leads on from the page. The first one is the main action, unless they are equal.
type Link struct{ Href, Text string }

// A Form is one button that POSTs.
type Form struct {
	Action string
	Hidden map[string]string
	Button string
}

//go:embed page.html
var layout string

//go:embed page.css
var style string

var tmpl = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
}).Parse(layout))

var (
	styleHash = sha256.Sum256([]byte(style))
	policy    = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(styleHash[:]) +
		"'; base-uri 'none'; frame-ancestors 'none'"
)

// Write sends p with the given status.
func Write(w http.ResponseWriter, r *http.Request, status int, p Page) {
	var body bytes.Buffer
	if err := tmpl.Execute(&body, p); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	Protect(h)
	csp := policy
	if p.Form == nil {
		// A page with a form goes without form-action: browsers apply it to the redirect that
		// answers the form as well, and signing out ends at the provider's origin.
		csp += "; form-action 'none'"
	} else {
		ProtectForm(h)
	}
	h.Set("Content-Security-Policy", csp)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body.Bytes())
	}
}

// ProtectForm changes the headers of Protect for a page with a form. Without a referrer, browsers
// send "Origin: null" with the form (Fetch Standard, "append a request Origin header"), which looks
// like a request of another site to those checks that have no Fetch Metadata to go by.
func ProtectForm(h http.Header) { h.Set("Referrer-Policy", "same-origin") }

// Protect sets the headers that every answer of the login routes carries: not to be stored
// (it may hold state or say who is signed in), no referrer (the URL may hold a code), no sniffing.
func Protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
