package middleware_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/rig"
)

// assets serves /app.css and /logo.png to everyone, as files that never change.
func assets(app *rig.App) {
	app.Mux.HandleFunc("/static/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	})
}

// F20: what the application marks as the same for everyone carries no cookie, whatever is due.
func TestRenew_F20_NotInStaticFiles(t *testing.T) {
	for name, change := range map[string]func(*rig.Setup){
		"renewal":      func(*rig.Setup) {},
		"revalidation": rig.Revalidate(10 * time.Minute),
		"revalidation, store": func(s *rig.Setup) {
			rig.Revalidate(10 * time.Minute)(s)
			rig.KeptIn["store"](s)
		},
		"refresh": func(s *rig.Setup) {
			rig.Offline(s)
			rig.Revalidate(10 * time.Minute)(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, change)
			assets(app)
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			app.Clock.Advance(5 * time.Hour)
			for _, header := range [][]string{
				{"Sec-Fetch-Dest", "style", "Sec-Fetch-Mode", "no-cors"},
				{"Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors"},
				{"Sec-Fetch-Dest", "font", "Sec-Fetch-Mode", "cors"},
				{"Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors"},
				{"Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"},
				{"Sec-Fetch-Mode", "", "Accept", "image/avif,image/webp,*/*"},
				{"Sec-Fetch-Mode", "", "Accept", "text/css,*/*;q=0.1"},
			} {
				resp := app.Get(t, b, "/static/x", header...)
				if resp.StatusCode != 200 || len(resp.Header["Set-Cookie"]) != 0 {
					t.Errorf("%v: status %d, cookies %v", header, resp.StatusCode,
						resp.Header["Set-Cookie"])
				}
				// Behind a guard, neither.
				if header[1] == "image" {
					if got := app.Get(t, b, "/me", header...).Header["Set-Cookie"]; len(got) != 0 {
						t.Errorf("a guarded image: cookies %v", got)
					}
				}
			}
			if who := app.Visit(t, b, "/"); who != app.Is("alice") {
				t.Errorf("signed in as %s", who)
			}
		})
	}
}

// F20: a page, guarded or not, and any guarded request moves the idle limit.
func TestRenew_F20_ByPagesAndAtGuards(t *testing.T) {
	for name, header := range map[string][]string{
		"/":        {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"},
		"/public/": {"Sec-Fetch-Mode", "", "Accept", "text/html,*/*"},
		"/me": {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept",
			"application/json"},
		"/me/api": {"Sec-Fetch-Mode", "", "Accept", "*/*"},
	} {
		for place, change := range rig.KeptIn {
			t.Run(place+name, func(t *testing.T) {
				app := rig.New(t, change)
				b := rig.Browser(t)
				app.SignIn(t, b, "alice", "/me")
				for range 6 { // a day without a request would end the session
					app.Clock.Advance(20 * time.Hour)
					if resp := app.Get(t, b, name, header...); resp.StatusCode != 200 ||
						len(resp.Header["Set-Cookie"]) != 1 {
						t.Fatalf("status %d, cookies %v", resp.StatusCode,
							resp.Header["Set-Cookie"])
					}
				}
				if who := app.Visit(t, b, "/"); who != app.Is("alice") {
					t.Errorf("signed in as %s", who)
				}
			})
		}
	}
}

// F20: two guards around one handler renew once.
func TestRenew_F20_Once(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/twice", app.Auth.RequireAuth(
		app.Auth.RequireRole("admin")(http.HandlerFunc(app.Guarded))))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(5 * time.Hour)
	resp := app.Get(t, b, "/twice", "Sec-Fetch-Mode", "cors")
	if len(resp.Header["Set-Cookie"]) != 1 || len(resp.Header["Vary"]) != 1 {
		t.Errorf("cookies %v, Vary %v", resp.Header["Set-Cookie"], resp.Header["Vary"])
	}
}

// F20: a session that has to be revalidated is revalidated by a guarded script too, if that is
// possible without the browser.
func TestRevalidate_F20_AtGuards(t *testing.T) {
	app := rig.NewCalling(t, rig.Revalidate(10*time.Minute))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(11 * time.Minute)
	if got := app.Get(t, b, "/me", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest",
		"empty"); got.StatusCode != 200 || rig.Refreshes(app) != 1 {
		t.Errorf("status %d after %d refreshes", got.StatusCode, rig.Refreshes(app))
	}
}
