package answer

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/problem"
)

// A page is what the library shows itself: an error, the choice of providers, the question whether
// to sign out. It is text in one plain, accessible layout; nothing that came from a provider or a
// request is shown, except values that are named explicitly, escaped.
type page struct {
	Lang, Dir string
	App       string // name of the application, unless the title has it
	Title     string
	Text      string
	Links     []problem.Link
	Equal     bool   // none of the links is the main action
	RefLabel  string // before Ref
	Ref       string // reference number to quote; empty for none
	Script    string // path of a module of our own; empty for none

	Submit template.JS // sends the form of the page; empty for none
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
	policy    = "default-src 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(styleHash[:]) +
		"'; base-uri 'none'; frame-ancestors 'none'"
)

// submit sends the form of a page.
const submit = "document.forms[0].submit()"

var submitHash = sha256.Sum256([]byte(submit))

// Submit shows a page whose button sends itself, if the browser runs scripts. The form goes to
// another origin, which must not learn the URL of the page.
func (wr *Writer) Submit(w http.ResponseWriter, r *http.Request, e *problem.Error) {
	lang := wr.Words.Language(r)
	e = withDefaults(*e)
	wr.Words.fill(lang, e)
	varyByLanguage(w.Header())
	wr.write(w, r, lang, e.Status,
		page{Title: e.Title, Text: e.Text, Links: e.Links, Submit: submit})
}

// Choose shows the choice of ways to sign in. The text of each link is the provider's label.
func (wr *Writer) Choose(w http.ResponseWriter, r *http.Request, ways []problem.Link) {
	lang := wr.Words.Language(r)
	p := page{
		Title: wr.Words.text(lang, "choose.title"), Text: wr.Words.text(lang, "choose.text"),
		Links: slices.Clone(ways), Equal: true,
	}
	for i, way := range ways {
		p.Links[i].Text = wr.Words.text(lang, "sign_in_with", "{provider}", way.Text)
	}
	wr.write(w, r, lang, http.StatusOK, p)
}

// SignedIn shows the page at which a login in a window of its own ends, with the script that closes
// the window.
func (wr *Writer) SignedIn(w http.ResponseWriter, r *http.Request, script string) {
	lang := wr.Words.Language(r)
	wr.write(w, r, lang, http.StatusOK, page{
		Title: wr.Words.text(lang, "still_signed_in.title"),
		Text:  wr.Words.text(lang, "close_window"), Script: script,
	})
}

func (wr *Writer) writePage(w http.ResponseWriter, r *http.Request, lang string, e *problem.Error) {
	wr.write(w, r, lang, e.Status, page{Title: e.Title, Text: e.Text, Links: e.Links, Ref: e.Ref})
}

// write sends p with the given status.
func (wr *Writer) write(w http.ResponseWriter, r *http.Request, lang string, status int, p page) {
	p.Lang, p.Dir = lang, direction(lang)
	if !strings.Contains(p.Title, wr.Words.app) {
		p.App = wr.Words.app
	}
	p.RefLabel = wr.Words.text(lang, "reference")
	var body bytes.Buffer
	if err := tmpl.Execute(&body, p); err != nil {
		status := http.StatusInternalServerError
		http.Error(w, http.StatusText(status), status)
		return
	}
	h := w.Header()
	Protect(h)
	csp := policy
	if p.Submit != "" { // without form-action, as below
		csp += "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(submitHash[:]) + "'"
	} else if hasForm(p.Links) {
		// A page with a form goes without form-action: browsers apply it to the redirect that
		// answers the form as well, and signing out ends at the provider's origin.
		protectForm(h)
	} else {
		csp += "; form-action 'none'"
	}
	if p.Script != "" {
		csp += "; script-src 'self'"
	}
	inLanguage(h, lang)
	h.Set("Content-Security-Policy", csp)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body.Bytes())
	}
}

// hasForm reports whether one of the links is a button that POSTs.
func hasForm(links []problem.Link) bool {
	return slices.ContainsFunc(links, func(l problem.Link) bool { return l.Post })
}

// protectForm changes the headers of Protect for a page with a form. Without a referrer, browsers
// send "Origin: null" with the form (Fetch Standard, "append a request Origin header"), which looks
// like a request of another site to those checks that have no Fetch Metadata to go by.
func protectForm(h http.Header) { h.Set("Referrer-Policy", "same-origin") }

// Protect sets the headers that every answer of the login routes carries: not to be stored
// (it may hold state or say who is signed in), no referrer (the URL may hold a code), no sniffing.
func Protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
