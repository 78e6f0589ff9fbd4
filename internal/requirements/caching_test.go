package requirements_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// F48, R131: what is behind a guard is not shown from a cache after the user has signed out.
func TestCaching_F48_BehindGuards(t *testing.T) {
	none := []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "", "Sec-Fetch-User", ""}
	dest := func(mode, dest string) []string { return []string{"Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", dest} }
	for name, row := range map[string]struct {
		path             string
		headers          []string
		byDefault, store string // with NoStore
	}{
		"page":              {"/me", nil, "no-store", "no-store"},
		"frame":             {"/me", dest("navigate", "iframe"), "no-store", "no-store"},
		"JSON":              {"/me", dest("cors", "empty"), "no-store", "no-store"},
		"no Fetch Metadata": {"/me", none, "no-store", "no-store"},
		"odd destination":   {"/me", dest("no-cors", "Script"), "no-store", "no-store"},
		"video":             {"/me", dest("no-cors", "video"), "no-store", "no-store"},
		"script":            {"/me", dest("no-cors", "script"), "private, no-cache", "no-store"},
		"style":             {"/me", dest("no-cors", "style"), "private, no-cache", "no-store"},
		"image":             {"/me", dest("no-cors", "image"), "private, no-cache", "no-store"},
		"font":              {"/me", dest("cors", "font"), "private, no-cache", "no-store"},
		"handler's own":     {"/own", nil, "private, max-age=60", "private, max-age=60"},
		"not guarded":       {"/", nil, "", ""},
	} {
		for option, want := range map[string]string{"": row.byDefault, "NoStore": row.store} {
			app := rig.New(t, func(s *rig.Setup) { s.Config.NoStore = option == "NoStore" })
			app.Mux.Handle("/own", app.Auth.RequireAuth(ownCaching("private, max-age=60")))
			b := signedIn(t, app, "alice", "/auth/login")
			if got := app.Get(t, b, row.path, row.headers...).Header.Values("Cache-Control"); fmt.Sprint(got) != fmt.Sprintf("[%s]", want) {
				t.Errorf("%s, %q: Cache-Control %q, want %q", name, option, got, want)
			}
		}
	}
}

func ownCaching(value string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", value) })
}

// F48: the header of one response is not that of the next, whatever a handler does with it.
func TestCaching_F48_HandlersMayAppend(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/own", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Cache-Control", "no-transform")
	})))
	b := signedIn(t, app, "alice", "/auth/login")
	for range 2 {
		if got := app.Get(t, b, "/own").Header.Values("Cache-Control"); fmt.Sprint(got) != "[no-store no-transform]" {
			t.Errorf("Cache-Control %q", got)
		}
		if got := app.Get(t, b, "/me").Header.Values("Cache-Control"); fmt.Sprint(got) != "[no-store]" {
			t.Errorf("Cache-Control %q afterwards", got)
		}
	}
}

// F48: the opt-out is named for what it does.
func TestCaching_F48_OptOut(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.Config.CacheableAfterSignOut = true })
	b := rig.Browser(t)
	if got := app.Get(t, b, "/me").Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the challenge has Cache-Control %q", got)
	}
	app.SignIn(t, b, "alice", "/me")
	if got := app.Get(t, b, "/me").Header.Get("Cache-Control"); got != "" {
		t.Errorf("Cache-Control %q", got)
	}
}

// oldBrowser sends what a browser without Fetch Metadata sends with the form of a page: its origin, or
// "null" where the page's Referrer-Policy allows no referrer.
func oldBrowser(t *testing.T, app *rig.App, page *http.Response) []string {
	t.Helper()
	origin := app.URL
	switch policy := page.Header.Get("Referrer-Policy"); policy {
	case "no-referrer":
		origin = "null"
	case "same-origin", "strict-origin", "strict-origin-when-cross-origin", "":
	default:
		t.Fatalf("Referrer-Policy %q", policy)
	}
	return []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "", "Sec-Fetch-User", "", "Origin", origin}
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// fields are the hidden fields of a page's form.
func fields(page string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	return form
}

// F48: the buttons of the built-in pages work in browsers without Fetch Metadata, and other sites'
// forms still do not.
func TestForms_F48_BrowsersWithoutFetchMetadata(t *testing.T) {
	app, _ := linking(t)
	for path, want := range map[string]string{"/auth/logout?return_to=/public/x": "", "/auth/link/op2?return_to=/me": app.OP2.Issuer()} {
		b := signedIn(t, app, "alice", "/auth/login/op")
		page := app.Get(t, b, path)
		form := fields(authtest.Body(t, page))
		target, _ := url.Parse(path)
		evil := []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "", "Sec-Fetch-User", "", "Origin"}
		for _, origin := range []string{"null", "https://evil.example"} {
			if resp := app.Post(t, b, target.Path, form, append(evil, origin)...); resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %s: status %d", target.Path, origin, resp.StatusCode)
			}
		}
		resp := app.Post(t, b, target.Path, form, oldBrowser(t, app, page)...)
		if resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: status %d, want a redirect", path, resp.StatusCode)
		}
		if to := rig.Location(t, resp); want != "" && to.Scheme+"://"+to.Host != want {
			t.Errorf("%s leads to %s", path, to)
		}
	}
}
