package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Pages and problem+json are in the language that the browser asks for, and say so. The log is in
// English.
func TestTexts_FollowTheBrowser(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.Config.AppName, s.Second = "Acme & Söhne", true })
	script := []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}
	for _, row := range []struct {
		path, accept, lang string
		has                []string
	}{
		{"/auth/login", "de-AT,de;q=0.9,en;q=0.8", "de", []string{
			`<html lang="de" dir="ltr">`, "<h1>Bei Acme &amp; Söhne anmelden</h1>",
			">Mit authtest anmelden</a>",
		}},
		{"/auth/login", "ja", "ja", []string{`<html lang="ja" dir="ltr">`,
			"<h1>Acme &amp; Söhne にサインイン</h1>"}},
		{"/auth/login", "", "en", []string{`<html lang="en" dir="ltr">`,
			"<h1>Sign in to Acme &amp; Söhne</h1>"}},
		{"/auth/logout", "fr", "fr", []string{"<h1>Se déconnecter ?</h1>",
			">Se déconnecter</button>", ">Rester connecté</a>"}},
		{"/auth/callback/op", "de", "de", []string{
			"<title>Diese Anmeldung ist abgelaufen · Acme &amp; Söhne</title>", "Referenz: <code>",
			">Erneut anmelden</a>",
		}},
		{"/auth/nothing", "es", "es", []string{"Página no encontrada"}},
	} {
		resp := app.Get(t, rig.Browser(t), row.path, "Accept-Language", row.accept)
		body := authtest.Body(t, resp)
		for _, want := range row.has {
			if !strings.Contains(body, want) {
				t.Errorf("%s in %q: %s\nwant %s in it", row.path, row.accept, body, want)
			}
		}
		inLanguage(t, resp, row.lang)
	}
	for path, title := range map[string]string{"/me": "Anmeldung erforderlich",
		"/auth/nothing": "Seite nicht gefunden"} {
		resp := app.Get(t, rig.Browser(t), path, append(script, "Accept-Language", "de")...)
		if body := authtest.Body(t, resp); !strings.Contains(body, `"title":"`+title+`"`) {
			t.Errorf("%s: %s", path, body)
		}
		inLanguage(t, resp, "de")
	}
	if log := app.Log(); strings.Contains(log, "Anmeldung") ||
		!strings.Contains(log, "request refused") {
		t.Errorf("the log is in another language: %s", log)
	}
}

func inLanguage(t *testing.T, resp *http.Response, lang string) {
	t.Helper()
	path := resp.Request.URL.Path
	if got := resp.Header.Get("Content-Language"); got != lang {
		t.Errorf("%s: Content-Language %q, want %q", path, got, lang)
	}
	vary := resp.Header.Values("Vary")
	if !slices.Contains(vary, "Accept-Language") || path == "/me" && !slices.Contains(vary,
		"Cookie") {
		t.Errorf("%s: Vary %q", path, vary)
	}
}

// The challenge of a tenant, whose login has its own path, is in the user's language as well.
func TestTexts_TenantChallenge(t *testing.T) {
	app := rig.New(t)
	tenant := app.Auth.RequireTenant(func(*http.Request) string { return "op" })
	app.Mux.Handle("/tenant", tenant(http.HandlerFunc(app.Guarded)))
	for accept, want := range map[string]string{"de": "Anmeldung erforderlich",
		"xx": "Sign-in required"} {
		resp := app.Get(t, rig.Browser(t), "/tenant", "Sec-Fetch-Mode", "cors",
			"Accept-Language", accept)
		body := authtest.Body(t, resp)
		if !strings.Contains(body, want) || !strings.Contains(body, app.URL+"/auth/login/op") {
			t.Errorf("%s: %s", accept, body)
		}
	}
}

// Config.Texts changes a text and adds a language; an application that names none is called by its
// host.
func TestTexts_OfTheApplication(t *testing.T) {
	_, err := sallyport.New(config(map[string]map[string]string{"ar": {"x": "x"}}))
	if err == nil || !strings.Contains(err.Error(), `sallyport: Texts["ar"]: unknown key "x"`) {
		t.Errorf("New: %v", err)
	}
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Texts = map[string]map[string]string{
			"en": {"signed_out.text": "Bye from {app}, <friend>."}}
	})
	body := authtest.Body(t, app.Get(t, rig.Browser(t), "/auth/logged-out"))
	host := strings.TrimPrefix(app.URL, "https://")
	if !strings.Contains(body, "<p>Bye from "+host+", &lt;friend&gt;.</p>") {
		t.Errorf("the page: %s", body)
	}
}

// Mistakes about pages are found by New, all of them.
func TestTexts_MistakesAreReported(t *testing.T) {
	c := config(map[string]map[string]string{
		"en":  {"sing_in": "x", "sign_in": ""},
		"sv":  {"sign_in": "Logga in"},
		"e n": {},
	})
	c.AppName = "two\nlines"
	c.Order = []string{"op", "op", "other"}
	_, err := sallyport.New(c)
	for _, want := range []string{
		`Texts["en"]: unknown key "sing_in"`, `Texts["en"]: "sign_in" is empty`,
		`Texts["sv"]: `, `Texts["e n"] is not a language tag`, `AppName "two\nlines"`,
		`Order has "op" twice`, `Order has "other", which is not in Providers`,
	} {
		if err == nil || !strings.Contains(err.Error(), "sallyport: "+want) {
			t.Errorf("New does not report %s: %v", want, err)
		}
	}
}

// An error of the application gets status and texts of its code, in the user's language.
func TestTexts_ErrorsOfTheApplication(t *testing.T) {
	app := rig.New(t)
	for path, e := range map[string]*problem.Error{
		"/code": {Code: "forbidden"},
		"/key":  {Code: "unpaid", Status: 402, TitleKey: "login_refused.title", Text: "Pay."},
		"/title": {Code: "forbidden", Title: "Nein",
			Links: []problem.Link{{Href: "/x", TextKey: "home"}}},
	} {
		check := app.Auth.Require(func(*session.Session) error { return fmt.Errorf("no: %w", e) })
		app.Mux.Handle(path, check(http.HandlerFunc(app.Guarded)))
	}
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for path, want := range map[string]string{
		"/code":  "403 Sie haben keinen Zugriff auf diese Seite",
		"/key":   "402 Sie haben keinen Zugriff</h1>\n<p>Pay.</p>",
		"/title": "403 Nein</h1>\n<ul>\n<li><a href=\"/x\">Zur Startseite</a>",
	} {
		resp := app.Get(t, b, path, "Accept-Language", "de")
		_, body, _ := strings.Cut(authtest.Body(t, resp), "<h1>")
		if got := fmt.Sprint(resp.StatusCode, " ", body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// config is a valid configuration but for the texts.
func config(texts map[string]map[string]string) sallyport.Config {
	return sallyport.Config{
		BaseURL: "https://app.example.com", Session: session.Config{Secret: rig.Secret},
		Texts:     texts,
		Providers: provider.Set{"op": &provider.OIDC{Issuer: "https://op.example", ClientID: "c"}},
	}
}
