package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R113
func TestLogout_R113_OnlyByOwnPost(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for name, try := range map[string]func() *http.Response{
		"GET": func() *http.Response { return app.Get(t, b, "/auth/logout") },
		"GET as image": func() *http.Response {
			return app.Get(t, b, "/auth/logout", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest",
				"image", "Sec-Fetch-Site", "cross-site")
		},
		"HEAD": func() *http.Response { return app.Do(t, b, "HEAD", "/auth/logout", nil) },
		"cross-site": func() *http.Response {
			return app.Post(t, b, "/auth/logout", nil, "Sec-Fetch-Site", "cross-site", "Origin",
				"https://evil.example")
		},
		"same-site": func() *http.Response {
			return app.Post(t, b, "/auth/logout", nil, "Sec-Fetch-Site", "same-site", "Origin",
				"https://other.127.0.0.1")
		},
		"foreign Origin": func() *http.Response {
			return app.Post(t, b, "/auth/logout", nil, "Sec-Fetch-Site", "", "Origin",
				"https://evil.example")
		},
		"null Origin": func() *http.Response {
			return app.Post(t, b, "/auth/logout", nil, "Sec-Fetch-Site", "", "Origin", "null")
		},
		"override": func() *http.Response {
			return app.Get(t, b, "/auth/logout?_method=POST", "X-HTTP-Method-Override", "POST")
		},
	} {
		resp := try()
		if len(resp.Cookies()) != 0 {
			t.Errorf("%s: sets cookies", name)
		}
		if who := app.Visit(t, b, "/"); who != app.Is("alice") {
			t.Fatalf("%s: the session is %s", name, who)
		}
	}
	if resp := app.Post(t, b, "/auth/logout", nil); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("own POST: status %d, want 303", resp.StatusCode)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after the logout: %s", who)
	}
}

// R113: the page of a GET has a button that works.
func TestLogout_R113_PageWithAButton(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	page := authtest.Open(t, b, app.URL+"/auth/logout?return_to=/public/bye")
	resp := authtest.Submit(t, b, page, nil)
	if resp.Request.URL.Path != "/public/bye" || authtest.Body(t, resp) != "anonymous" {
		t.Errorf("ended at %s: %s", resp.Request.URL, authtest.Body(t, resp))
	}
	if strings.Contains(page.Header.Get("Content-Security-Policy"), "form-action") {
		t.Error("form-action would stop the redirect to the provider")
	}
}

// R114
func TestLogout_R114_EndsBothSessions(t *testing.T) {
	var ended *session.Session
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Logout = func(_ context.Context, s *session.Session) { ended = s }
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	resp := app.Post(t, b, "/auth/logout", nil)
	there := rig.Location(t, resp)
	if got := there.Scheme + "://" + there.Host + there.Path; got != app.OP.Issuer()+
		"/end_session" {
		t.Fatalf("leads to %s", got)
	}
	query := there.Query()
	if query.Get("client_id") != authtest.ClientID ||
		query.Get("post_logout_redirect_uri") != app.URL+"/auth/logged-out" ||
		len(query.Get("state")) < 22 || strings.Count(query.Get("id_token_hint"), ".") != 2 {
		t.Errorf("parameters %v", query)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" { // before the provider has been visited
		t.Errorf("the local session is %s", who)
	}
	end := authtest.Open(t, b, there.String())
	if end.Request.URL.Path != "/auth/logged-out" || !strings.Contains(authtest.Body(t, end),
		"You are signed out") {
		t.Errorf("ended at %s", end.Request.URL)
	}
	if resp := authtest.Open(t, b, app.URL+"/me"); !strings.Contains(authtest.Body(t, resp),
		`name="password"`) {
		t.Error("the provider still knows the user")
	}
	if ended == nil || ended.User.Subject != "1001" || !app.Happened("logout", "ok") {
		t.Errorf("the hook saw %v, events %v", ended, app.Outcomes())
	}
}

// R114
func TestLogout_R114_ProviderDownOrWithoutLogout(t *testing.T) {
	down := rig.New(t)
	b := rig.Browser(t)
	down.SignIn(t, b, "alice", "/me")
	down.OP.SetDown(true)
	down.Post(t, b, "/auth/logout", nil)
	if who := down.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("provider down: %s", who)
	}
	none := rig.New(t)
	none.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { delete(m, "end_session_endpoint") }
	})
	b = rig.Browser(t)
	none.SignIn(t, b, "alice", "/me")
	if got := none.Post(t, b, "/auth/logout",
		nil).Header.Get("Location"); got != "/auth/logged-out" {
		t.Errorf("without a logout of the provider: leads to %q", got)
	}
}

// R115
func TestLogout_R115_StateIsChecked(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	there := rig.Location(t, app.Post(t, b, "/auth/logout",
		url.Values{"return_to": {"/public/bye"}}))
	state := there.Query().Get("state")
	for _, query := range []string{"", "?state=", "?state=forged", "?state=forged&return_to=/me",
		"?state=" + state + "&state=" + state, "?state=" + strings.ToLower(state)} {
		resp := app.Get(t, b, "/auth/logged-out"+query)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" {
			t.Errorf("%q: status %d, Location %q; want the page", query, resp.StatusCode,
				resp.Header.Get("Location"))
		}
	}
	stranger := rig.Browser(t)
	if resp := app.Get(t, stranger, "/auth/logged-out?state="+
		state); resp.StatusCode != http.StatusOK {
		t.Errorf("in another browser: status %d, want the page", resp.StatusCode)
	}
	if got := app.Get(t, b, "/auth/logged-out?state="+
		state).Header.Get("Location"); got != "/public/bye" {
		t.Errorf("the right state leads to %q", got)
	}
	if got := app.Get(t, b, "/auth/logged-out?state="+state).Header.Get("Location"); got != "" {
		t.Errorf("a second time it leads to %q", got)
	}
}

// R115: it says how it is.
func TestLogout_R115_PageDoesNotSignOut(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if got := authtest.Body(t, app.Get(t, b, "/auth/logged-out?state=x")); !strings.Contains(got,
		"still signed in") {
		t.Errorf("the page says:\n%s", got)
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("the session is %s", who)
	}
}

// R116, R103
func TestLogout_R116_Idempotent(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	kept := app.SessionCookies(b)
	for range 3 {
		if resp := app.Post(t, b, "/auth/logout", nil); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("status %d, want 303", resp.StatusCode)
		}
	}
	if left := app.SessionCookies(b); len(left) != 0 {
		t.Errorf("cookies are left: %v", left)
	}
	// Cookies that are no session (any more) are removed as well.
	app.SetCookies(b, &http.Cookie{Name: kept[0].Name, Value: "junk"},
		&http.Cookie{Name: kept[0].Name + ".3", Value: "junk"})
	resp := app.Post(t, b, "/auth/logout", nil)
	for _, name := range []string{kept[0].Name, kept[0].Name + ".3"} {
		if !slices.ContainsFunc(resp.Cookies(), func(c *http.Cookie) bool {
			return c.Name == name && c.MaxAge < 0
		}) {
			t.Errorf("%s is not removed", name)
		}
	}
}

// R138: a long ID token does not make a URL that servers refuse.
func TestLogout_R138_LongHintIsLeftOut(t *testing.T) {
	app := rig.New(t)
	app.OP.SetClaims("alice", map[string]any{"groups": strings.Repeat("g", 4000)})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	there := rig.Location(t, app.Post(t, b, "/auth/logout", nil))
	if there.Query().Has("id_token_hint") || there.Query().Get("client_id") == "" {
		t.Errorf("parameters %v", there.Query())
	}
}

// R114: just after a start nothing is known about the provider, and a logout finds out.
func TestLogout_R114_AfterARestart(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	app.Server.Config.Handler = app.AgainWith(t, provider.Set{"op": app.OP.OIDC()})
	before := app.OP.Count("discovery")
	there := rig.Location(t, app.Post(t, b, "/auth/logout", nil))
	if got := there.Scheme + "://" + there.Host + there.Path; got != app.OP.Issuer()+
		"/end_session" {
		t.Errorf("leads to %s", got)
	}
	// the tokens are taken back at the same time
	if n := app.OP.Count("discovery") - before; n < 1 || n > 2 {
		t.Errorf("%d requests for the metadata", n)
	}
}

// R114: a provider that is down just after a start is asked once in a while, and the local logout
// is complete.
func TestLogout_R114_ProviderDownAfterARestart(t *testing.T) {
	app := rig.New(t)
	var browsers []*http.Client
	for range 12 {
		browsers = append(browsers, rig.SignedIn(t, app, "alice", "/me"))
	}
	app.Server.Config.Handler = app.AgainWith(t, provider.Set{"op": app.OP.OIDC()})
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("discovery", 503, "", "") })
	before := app.OP.Count("discovery")
	for _, b := range browsers {
		if got := app.Post(t, b, "/auth/logout",
			nil).Header.Get("Location"); got != "/auth/logged-out" {
			t.Errorf("leads to %q", got)
		}
		if rig.Alive(t, app, b) {
			t.Error("the session lives on")
		}
	}
	if n := app.OP.Count("discovery") - before; n > 3 {
		t.Errorf("%d requests to a provider that is down", n)
	}
	app.OP.Behave()
	app.Clock.Advance(10 * time.Second)
	b := rig.SignedIn(t, app, "alice", "/me")
	if got := app.Post(t, b, "/auth/logout", nil).Header.Get("Location"); !strings.HasPrefix(got,
		app.OP.Issuer()) {
		t.Errorf("once it is back: leads to %q", got)
	}
}

// R114, R138: who is leaving, for providers at which several users are signed in.
func TestLogout_R114_Hint(t *testing.T) {
	long := strings.Repeat("x", 513)
	for name, row := range map[string]struct {
		field  string
		claims map[string]any
		want   string
	}{
		"none":          {"", nil, ""},
		"login_hint":    {"", map[string]any{"login_hint": "O.CiR &=#"}, "O.CiR &=#"},
		"another claim": {"email", map[string]any{"login_hint": "x"}, "alice@example.com"},
		"not there":     {"upn", map[string]any{"login_hint": "x"}, ""},
		"no text":       {"", map[string]any{"login_hint": []string{"x"}}, ""},
		"empty":         {"", map[string]any{"login_hint": ""}, ""},
		"too long":      {"", map[string]any{"login_hint": long}, ""},
		"just not":      {"", map[string]any{"login_hint": long[1:]}, long[1:]},
		"another case":  {"Email", nil, ""},
	} {
		app := rig.New(t, func(s *rig.Setup) { s.OIDC.LogoutHintClaim = row.field })
		app.OP.SetClaims("alice", row.claims)
		b := rig.SignedIn(t, app, "alice", "/me")
		query := rig.Location(t, app.Post(t, b, "/auth/logout", nil)).Query()
		if got := query.Get("logout_hint"); got != row.want ||
			query.Has("logout_hint") != (row.want != "") {
			t.Errorf("%s: logout_hint %q, want %q", name, got, row.want)
		}
		if query.Get("id_token_hint") == "" || query.Get("client_id") == "" ||
			query.Get("state") == "" {
			t.Errorf("%s: parameters %v", name, query)
		}
	}
}

// A session that keeps no tokens still has its claims.
func TestLogout_HintWithoutTokens(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.Config.Session.ProfileOnly = true })
	app.OP.SetClaims("alice", map[string]any{"login_hint": "O.CiR"})
	b := rig.SignedIn(t, app, "alice", "/me")
	query := rig.Location(t, app.Post(t, b, "/auth/logout", nil)).Query()
	if query.Get("logout_hint") != "O.CiR" || query.Has("id_token_hint") {
		t.Errorf("parameters %v", query)
	}
}

// R114, R115, R138: logouts of the vendors' own. They send the browser back without a state, so it
// stays at the page.
func TestLogout_R114_VendorLogout(t *testing.T) {
	for want, vendor := range map[string]*provider.VendorLogout{
		"https://tenant.example/v2/logout?client_id=authtest-client&returnTo=URL": {
			URL: "https://tenant.example/v2/logout", ReturnParam: "returnTo"},
		"https://tenant.example/v2/logout?federated&client_id=authtest-client&returnTo=URL": {
			URL: "https://tenant.example/v2/logout?federated", ReturnParam: "returnTo"},
		"https://pool.example/logout?client_id=authtest-client&logout_uri=URL": {
			URL: "https://pool.example/logout", ReturnParam: "logout_uri"},
		"https://pool.example/logout?a=b&client_id=authtest-client&post_logout_redirect_uri=URL": {
			URL: "https://pool.example/logout?a=b", ReturnParam: "post_logout_redirect_uri"},
	} {
		app := rig.New(t, func(s *rig.Setup) { s.OIDC.VendorLogout = vendor })
		app.OP.SetClaims("alice", map[string]any{"login_hint": "O.CiR"})
		b := rig.SignedIn(t, app, "alice", "/me")
		app.OP.SetDown(true) // the provider is not asked
		resp := app.Post(t, b, "/auth/logout", url.Values{"return_to": {"/public/bye"}})
		want = strings.Replace(want, "URL", url.QueryEscape(app.URL+"/auth/logged-out"), 1)
		if got := resp.Header.Get("Location"); got != want {
			t.Errorf("leads to %s, want %s", got, want)
		}
		if rig.Alive(t, app, b) || len(app.Cookies(b)) != 0 {
			t.Errorf("cookies are left: %v", app.Cookies(b))
		}
		back := app.Get(t, b, "/auth/logged-out")
		if back.StatusCode != http.StatusOK || !strings.Contains(authtest.Body(t, back),
			"You are signed out") {
			t.Errorf("back here: status %d: %s", back.StatusCode, authtest.Body(t, back))
		}
	}
}

func TestLogout_VendorLogoutIsChecked(t *testing.T) {
	for name, vendor := range map[string]*provider.VendorLogout{
		"empty": {}, "no URL": {ReturnParam: "returnTo"},
		"no parameter": {URL: "https://x.example/logout"}, "http": {URL: "http://x.example/logout",
			ReturnParam: "returnTo"},
		"relative":     {URL: "/logout", ReturnParam: "returnTo"},
		"fragment":     {URL: "https://x.example/logout#a", ReturnParam: "returnTo"},
		"client_id":    {URL: "https://x.example/logout", ReturnParam: "client_id"},
		"twice":        {URL: "https://x.example/logout?returnTo=y", ReturnParam: "returnTo"},
		"client twice": {URL: "https://x.example/logout?client_id=y", ReturnParam: "returnTo"},
		"space":        {URL: "https://x.example/logout", ReturnParam: "return to"},
		"bad query":    {URL: "https://x.example/logout?%zz", ReturnParam: "returnTo"},
	} {
		if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.VendorLogout = vendor
		})); err == nil || !strings.Contains(err.Error(), "VendorLogout.") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
		o.VendorLogout = &provider.VendorLogout{URL: "https://x.example/v2/logout?federated",
			ReturnParam: "returnTo"}
	})); err != nil {
		t.Error(err)
	}
}

// R95: with revocations, a copy of the cookie is of no use after the logout.
func TestLogout_R95_EndsCopies(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	b := rig.SignedIn(t, app, "alice", "/me")
	kept := app.SessionCookies(b)
	app.Post(t, b, "/auth/logout", nil)
	if got := rig.Presented(t, app, kept...); got != "anonymous" {
		t.Errorf("a copy of the cookie after the logout: %s", got)
	}
}

// oldBrowser sends what a browser without Fetch Metadata sends with the form of a page: its origin,
// or "null" where the page's Referrer-Policy allows no referrer.
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
	return []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "",
		"Sec-Fetch-User", "", "Origin", origin}
}

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
	app, _ := rig.NewLinking(t)
	for path, want := range map[string]string{"/auth/logout?return_to=/public/x": "",
		"/auth/link/op2?return_to=/me": app.OP2.Issuer()} {
		b := rig.SignedIn(t, app, "alice", "/auth/login/op")
		page := app.Get(t, b, path)
		form := fields(authtest.Body(t, page))
		target, _ := url.Parse(path)
		evil := []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "",
			"Sec-Fetch-User", "", "Origin"}
		for _, origin := range []string{"null", "https://evil.example"} {
			if resp := app.Post(t, b, target.Path, form,
				append(evil, origin)...); resp.StatusCode != http.StatusForbidden {
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

// F48: a sign-out after the idle limit, or after the lifetime, reaches the provider. The session
// that has expired gives access to nothing, and one that has ended is not used.
func TestLogout_F48_AfterTheSessionHasExpired(t *testing.T) {
	for _, after := range []time.Duration{25 * time.Hour, 7*24*time.Hour + time.Hour} {
		app := rig.New(t)
		b := rig.SignedIn(t, app, "alice", "/me")
		copied := app.SessionCookies(b)
		app.Clock.Advance(after)
		if rig.Alive(t, app, b) {
			t.Errorf("after %v: signed in", after)
		}
		there := rig.Location(t, app.Post(t, b, "/auth/logout", nil))
		if there.Scheme+"://"+there.Host != app.OP.Issuer() ||
			there.Query().Get("id_token_hint") == "" {
			t.Errorf("after %v: the sign-out ends at %s", after, there)
		}
		if len(app.SessionCookies(b)) != 0 {
			t.Errorf("after %v: cookies are left", after)
		}
		if who := rig.Presented(t, app, copied...); who != "anonymous" {
			t.Errorf("after %v: a copy is signed in as %s", after, who)
		}
	}
	app := rig.New(t, rig.Revocable)
	b, other := rig.SignedIn(t, app, "alice", "/me"), rig.Browser(t)
	copied := app.SessionCookies(b)
	app.Post(t, b, "/auth/logout", nil)
	app.SetCookies(other, copied...)
	app.Clock.Advance(25 * time.Hour)
	if there := rig.Location(t, app.Post(t, other, "/auth/logout",
		nil)); there.Query().Has("id_token_hint") {
		t.Errorf("a session that has ended is used: %s", there)
	}
}

// F16: what needs an order between processes is an explicit choice.
func TestLogout_F16_RoutesNeedRevocations(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.Config.FrontchannelLogout = true })
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if got := app.Get(t, b, "/auth/frontchannel/op?iss=x&sid=y").StatusCode; got != 404 {
		t.Errorf("front-channel logout: status %d", got)
	}
	if got := app.Do(t, b, "POST", "/auth/backchannel/op", nil).StatusCode; got != 404 {
		t.Errorf("back-channel logout: status %d", got)
	}
	if err := app.Auth.Sessions.EndAll(t.Context(), &session.Session{}); !errors.Is(err,
		session.ErrNoRevocations) {
		t.Errorf("EndAll: %v", err)
	}
	if !strings.Contains(app.Log(), "FrontchannelLogout is of no effect") {
		t.Error("nothing says so at the start")
	}
}

// R75
func TestLogout_R75_TokensAreRevoked(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	revoked, release := make(chan string, 4), make(chan struct{})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, r *http.Request) bool {
			if e == "revoke" {
				revoked <- r.PostForm.Get("token_type_hint")
				<-release // the provider takes its time
			}
			return false
		}
	})
	// it does not wait
	if got := app.Post(t, b, "/auth/logout", nil).StatusCode; got != http.StatusSeeOther {
		t.Errorf("status %d, want 303", got)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("signed in as %s", who)
	}
	if first := <-revoked; first != "refresh_token" {
		t.Errorf("the first token to be revoked is the %s", first)
	}
	close(release)
	if second := <-revoked; second != "access_token" {
		t.Errorf("the second token to be revoked is the %s", second)
	}
	// Without a session, and by another site, nothing is revoked.
	app.Post(t, b, "/auth/logout", nil)
	if n := app.OP.Count("revoke"); n != 2 {
		t.Errorf("%d revocations, want 2", n)
	}
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
