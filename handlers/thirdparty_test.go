package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/rig"
)

// portal starts a login at an application as the portal of a provider does: from another site.
func portal(t *testing.T, app *rig.App, b *http.Client, method, path string,
	params url.Values) *http.Response {
	t.Helper()
	from := []string{"Sec-Fetch-Site", "cross-site", "Origin", app.OP.Issuer()}
	if method == http.MethodGet {
		return app.Get(t, b, path+"?"+params.Encode(), from...)
	}
	return app.Do(t, b, method, path, params,
		append(from, "Content-Type", "application/x-www-form-urlencoded")...)
}

func thirdParty(s *rig.Setup) { s.Config.ThirdPartyLogin, s.Second = true, true }

// F32, R30: by GET and by POST; three parameters are read and nothing else.
func TestThirdParty_F32_Parameters(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		app := rig.New(t, thirdParty)
		b := rig.Browser(t)
		resp := portal(t, app, b, method, "/auth/login", url.Values{
			"iss": {app.OP.Issuer()}, "login_hint": {"alice+x@example.com"},
			"target_link_uri": {app.URL + deep},
			"state":           {"evil"}, "nonce": {"evil"}, "scope": {"evil"},
			"client_id":    {"evil"},
			"redirect_uri": {"https://evil.example"},
			"prompt":       {"evil"}, "acr_values": {"evil"}, "lti_message_hint": {"evil"},
			"return_to": {"/evil"},
		})
		authorize := rig.Location(t, resp)
		if got := authorize.Query().Get("login_hint"); got != "alice+x@example.com" ||
			strings.Contains(authorize.RawQuery, "evil") || !strings.HasPrefix(authorize.String(),
			app.OP.Issuer()) {
			t.Errorf("%s: leads to %s", method, authorize)
		}
		leadsTo(t, app.Get(t, b, app.Authorize(t, b, authorize, "alice").String()), deep)
	}
}

// F32: a hint that is no hint is left out; the login works all the same.
func TestThirdParty_F32_Hints(t *testing.T) {
	app := rig.New(t, thirdParty)
	for hint, want := range map[string]string{
		"alice": "alice", "ü@example.com": "ü@example.com", "a b": "a b",
		strings.Repeat("x", 200):  strings.Repeat("x", 200),
		strings.Repeat("x", 5000): "", "a\x00b": "", "a\r\nb": "", "a\u2028b": "", "a\u202eb": "",
		"a\xffb": "", "": "",
	} {
		for _, method := range []string{"GET", "POST"} {
			resp := portal(t, app, rig.Browser(t), method, "/auth/login",
				url.Values{"iss": {app.OP.Issuer()}, "login_hint": {hint}})
			if got := rig.Location(t, resp).Query().Get("login_hint"); got != want {
				t.Errorf("%s %.20q: login_hint %.20q", method, hint, got)
			}
		}
	}
}

// F32, R30: where a login may lead is filtered, and whose it may be is configured.
func TestThirdParty_F32_Filtered(t *testing.T) {
	app := rig.New(t, thirdParty)
	for _, method := range []string{"GET", "POST"} {
		for _, target := range []string{"//evil.example", "https://evil.example/", `/\evil.example`,
			"/auth/logout", "/" + strings.Repeat("x", 5000)} {
			b := rig.Browser(t)
			resp := portal(t, app, b, method, "/auth/login", url.Values{"iss": {app.OP.Issuer()},
				"target_link_uri": {target}})
			leadsTo(t, app.Get(t, b, app.Authorize(t, b, rig.Location(t, resp),
				"alice").String()), "/")
		}
		for _, issuer := range []string{"https://evil.example", "", app.OP.Issuer() + "/"} {
			resp := portal(t, app, rig.Browser(t), method, "/auth/login",
				url.Values{"iss": {issuer}})
			if resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" {
				t.Errorf("%s, iss %q: status %d", method, issuer, resp.StatusCode)
			}
		}
	}
}

// F32, R29: starting a login changes nothing for a user who is signed in, and a body that is too
// long or not readable leads to the choice. Without the setting there is no POST.
func TestThirdParty_F32_Harmless(t *testing.T) {
	app := rig.New(t, thirdParty)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	before := app.SessionCookies(b)
	portal(t, app, b, "POST", "/auth/login", url.Values{"iss": {app.OP2.Issuer()}})
	if after := app.SessionCookies(b); len(after) != len(before) ||
		after[0].Value != before[0].Value {
		t.Error("the session has changed")
	}
	for _, params := range []url.Values{
		{"iss": {app.OP.Issuer()}, "x": {strings.Repeat("x", 70<<10)}}, {}} {
		if resp := portal(t, app, rig.Browser(t), "POST", "/auth/login",
			params); resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	off := rig.New(t)
	if resp := portal(t, off, rig.Browser(t), "POST", "/auth/login",
		url.Values{"iss": {off.OP.Issuer()}}); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("switched off: status %d, want 405", resp.StatusCode)
	}
	authorize := off.BeginLogin(t, rig.Browser(t), "/auth/login?login_hint=x&iss="+
		url.QueryEscape(off.OP.Issuer()))
	if authorize.Query().Has("login_hint") {
		t.Errorf("switched off: leads to %s", authorize)
	}
}

// F28: a navigation that a service worker passes on is one, with and without a form.
func TestNavigation_F28_ServiceWorker(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	worker := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site",
		"same-origin"}
	for path, want := range map[string]string{"/me?x=1": "/auth/login?return_to=%2Fme%3Fx%3D1",
		"/admin": "/auth/login?return_to=%2Fadmin"} {
		if resp := app.Get(t, b, path, worker...); resp.StatusCode != http.StatusFound ||
			resp.Header.Get("Location") != want {
			t.Errorf("%s: status %d, Location %q", path, resp.StatusCode,
				resp.Header.Get("Location"))
		}
	}
	resp := app.Do(t, b, "POST", "/me", url.Values{"a": {"1"}},
		append(worker, "Content-Type", "application/x-www-form-urlencoded")...)
	if resp.StatusCode != http.StatusUnauthorized ||
		!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("a form: status %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	callback := app.Callback(t, b, "alice", deepLogin)
	leadsTo(t, app.Get(t, b, callback.String(), worker...), deep)
	// A step-up, too.
	app.Mux.Handle("/scope", app.Auth.RequireScope("more")(http.HandlerFunc(app.Guarded)))
	if resp := app.Get(t, b, "/scope", worker...); !strings.HasPrefix(resp.Header.Get("Location"),
		app.OP.Issuer()) {
		t.Errorf("a step-up: status %d, Location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	for _, script := range [][]string{
		{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, {"Sec-Fetch-Mode", "same-origin",
			"Sec-Fetch-Dest", "empty"},
		{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
		{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "embed"},
		{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "empty", "Sec-Purpose",
			"prefetch;prerender"},
		{"Sec-Fetch-Mode", "websocket", "Sec-Fetch-Dest", "empty"},
	} {
		if resp := app.Get(t, rig.Browser(t), "/me",
			script...); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%v: status %d, want 401", script, resp.StatusCode)
		}
	}
}

// R30: third-party initiated login is off by default.
func TestThirdPartyLogin_R30(t *testing.T) {
	off := rig.New(t, rig.Second)
	if resp := off.Get(t, rig.Browser(t), "/auth/login?iss="+
		url.QueryEscape(off.OP.Issuer())); resp.StatusCode != 200 {
		t.Errorf("switched off: status %d, want the chooser", resp.StatusCode)
	}
	on := rig.New(t, rig.Second, func(s *rig.Setup) { s.Config.ThirdPartyLogin = true })
	iss := "iss=" + url.QueryEscape(on.OP2.Issuer())
	b := rig.Browser(t)
	authorize := on.BeginLogin(t, b, "/auth/login?"+iss+
		"&login_hint=x&state=evil&client_id=evil&scope=admin&target_link_uri="+
		url.QueryEscape(on.URL+"/public/deep?x=1"))
	// F32
	if !strings.HasPrefix(authorize.String(), on.OP2.Issuer()) ||
		strings.Contains(authorize.RawQuery, "evil") || strings.Contains(authorize.RawQuery,
		"admin") || authorize.Query().Get("login_hint") != "x" {
		t.Errorf("leads to %s", authorize)
	}
	if got := on.Get(t, b, on.Authorize(t, b, authorize,
		"alice").String()).Header.Get("Location"); got != "/public/deep?x=1" {
		t.Errorf("ends at %q", got)
	}
	for _, target := range []string{"//evil.example", "https://evil.example/", "/\\evil.example",
		"/auth/logout"} {
		if got := endsAt(t, on, b, "/auth/login?"+iss+"&target_link_uri="+
			url.QueryEscape(target)); got != "/" {
			t.Errorf("target_link_uri %s ends at %q", target, got)
		}
	}
	for _, bad := range []string{"https://evil.example", "", on.OP.Issuer() + "/",
		strings.ToUpper(on.OP.Issuer())} {
		before := on.OP.Count("discovery") + on.OP2.Count("discovery")
		resp := on.Get(t, rig.Browser(t), "/auth/login?iss="+url.QueryEscape(bad))
		if resp.Header.Get("Location") != "" || on.OP.Count("discovery")+
			on.OP2.Count("discovery") != before {
			t.Errorf("iss %q: status %d, Location %q", bad, resp.StatusCode,
				resp.Header.Get("Location"))
		}
	}
}

// R30: a tenant's provider starts a login where its name is in the address; it is not searched for.
func TestTenants_R30_ThirdPartyLogin(t *testing.T) {
	app, _ := rig.NewTenants(t, func(s *rig.Setup) { s.Config.ThirdPartyLogin = true })
	acme := url.QueryEscape(app.OP2.Issuer())
	b := rig.Browser(t)
	authorize := app.BeginLogin(t, b, "/auth/login/acme?iss="+acme+"&target_link_uri="+
		url.QueryEscape(app.URL+"/me?x=1"))
	if got := app.Get(t, b, app.Authorize(t, b, authorize,
		"alice").String()).Header.Get("Location"); got != "/me?x=1" {
		t.Errorf("ends at %q", got)
	}
	for _, path := range []string{"/auth/login?iss=" + acme, "/auth/login/globex?iss=" + acme} {
		if resp := app.Get(t, b, path); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, want the chooser", path, resp.StatusCode)
		}
	}
}
