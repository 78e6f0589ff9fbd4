package e2e

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// library serves a file of an npm package.
func (f *frontEnd) library(path, file string) {
	f.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, file)
	})
}

// guarded serves HTML behind a guard.
func (f *frontEnd) guarded(pattern, html string) {
	f.mux.Handle(pattern, f.auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(html))
	})))
}

// R169: htmx that is not signed in opens the login, which leads back to the page; signing out with
// htmx ends at the provider.
func TestChromium_R169_HTMX(t *testing.T) {
	for _, version := range []string{"htmx.org@2", "htmx.org@4"} {
		t.Run(version, func(t *testing.T) {
			f := newFrontEnd(t)
			f.library("/htmx.js", filepath.Join(npm(t, version), "htmx.org/dist/htmx.min.js"))
			f.page("/", `<script src=/htmx.js></script><main><h1>Page</h1>
<div id=part>nothing</div>
<button id=load hx-get="/part" hx-target="#part">load</button>
<button id=save hx-post="/part" hx-target="#part">save</button>
<button id=out hx-post="/auth/logout">sign out</button>
<a id=boosted hx-boost="true" href="/private">private</a>
<a id=login hx-boost="true" href="/auth/login?return_to=/%3Flinked">sign in</a></main>`)
			f.guarded("/part", `the part`)
			f.guarded("/private", `<main><h1>Private</h1></main>`)
			for _, id := range []string{"load", "save"} {
				w := open(t, "htmx")
				w.goTo(t, f.url+"/?tab=1")
				w.do(t, chromedp.Click(chromedp.ID(id)))
				w.atProvider(t, "alice")
				w.do(t, chromedp.WaitVisible(chromedp.ID("part")))
				w.shows(t, f.url+"/?tab=1", "nothing")
				w.do(t, chromedp.Click(chromedp.ID(id)))
				w.reads(t, "part", "the part")
				w.press(t, "#out", "You are signed out")
				w.shows(t, f.url+"/auth/logged-out", "signed out")
			}
			w := open(t, "htmx-boost")
			w.goTo(t, f.url+"/?tab=2")
			w.do(t, chromedp.Click(chromedp.ID("boosted")))
			w.atProvider(t, "alice")
			w.do(t, chromedp.WaitVisible(chromedp.ID("part")))
			w.shows(t, f.url+"/?tab=2")
			w.press(t, "#boosted", "Private")
			w.goTo(t, f.url+"/auth/logout")
			w.press(t, "form button", "You are signed out")
			w.goTo(t, f.url+"/")
			w.do(t, chromedp.Click(chromedp.ID("login")))
			w.atProvider(t, "bob")
			w.do(t, chromedp.WaitVisible(chromedp.ID("part")))
			w.shows(t, f.url+"/?linked")
			if n := f.op.Count("end_session"); n != 3 {
				t.Errorf("%d logouts at the provider, want 3", n)
			}
		})
	}
}

// R169: Turbo shows no problem+json: links that need a sign-in load as pages, which leads through
// the login and back; frames and forms get 401.
func TestChromium_R169_Turbo(t *testing.T) {
	f := newFrontEnd(t)
	f.library("/turbo.js", filepath.Join(npm(t, "@hotwired/turbo@8"),
		"@hotwired/turbo/dist/turbo.es2017-esm.js"))
	const head = `<script type=module src=/turbo.js></script>`
	f.page("/", head+`<main><h1>Page</h1><a id=link href="/private?x=1">private</a>
<a id=login href="/auth/login?return_to=/%3Flinked">sign in</a></main>`)
	f.guarded("/private", `<!doctype html>`+head+`<main><h1>Private</h1>
<form method=post action="/auth/logout" data-turbo=false><button id=out>sign out</button></form>
</main>`)
	w := open(t, "turbo")
	w.goTo(t, f.url+"/")
	w.do(t, chromedp.Click(chromedp.ID("link")))
	w.atProvider(t, "alice")
	w.do(t, chromedp.WaitVisible(chromedp.ID("out")))
	w.shows(t, f.url+"/private?x=1", "Private")
	w.press(t, "#out", "You are signed out")
	w.goTo(t, f.url+"/")
	w.do(t, chromedp.Click(chromedp.ID("login")))
	w.atProvider(t, "bob")
	w.do(t, chromedp.WaitVisible(chromedp.ID("link")))
	w.shows(t, f.url+"/?linked")
	w.press(t, "#link", "Private")
}
