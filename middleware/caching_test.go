package middleware_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/sallyport-go/sallyport/internal/rig"
)

// F48, R131: what is behind a guard is not shown from a cache after the user has signed out.
func TestCaching_F48_BehindGuards(t *testing.T) {
	none := []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "",
		"Sec-Fetch-User", ""}
	dest := func(mode, dest string) []string {
		return []string{"Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", dest}
	}
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
			b := rig.SignedIn(t, app, "alice", "/auth/login")
			if got := app.Get(t, b, row.path,
				row.headers...).Header.Values("Cache-Control"); fmt.Sprint(got) != fmt.Sprintf(
				"[%s]", want) {
				t.Errorf("%s, %q: Cache-Control %q, want %q", name, option, got, want)
			}
		}
	}
}

func ownCaching(value string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", value)
	})
}

// F48: the header of one response is not that of the next, whatever a handler does with it.
func TestCaching_F48_HandlersMayAppend(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/own", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.Header().Add("Cache-Control", "no-transform")
	})))
	b := rig.SignedIn(t, app, "alice", "/auth/login")
	for range 2 {
		if got := app.Get(t, b,
			"/own").Header.Values("Cache-Control"); fmt.Sprint(got) != "[no-store no-transform]" {
			t.Errorf("Cache-Control %q", got)
		}
		if got := app.Get(t, b,
			"/me").Header.Values("Cache-Control"); fmt.Sprint(got) != "[no-store]" {
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
