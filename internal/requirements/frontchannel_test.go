package requirements_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// framed serves front-channel logout, with cookies that browsers send into frames.
func framed(s *rig.Setup) {
	s.Config.FrontchannelLogout = true
	s.Config.Session.SameSite = http.SameSiteNoneMode
	s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
}

// frame opens an address as the frame of a page of the provider does.
func frame(t *testing.T, app *rig.App, b *http.Client, path string) *http.Response {
	t.Helper()
	return app.Get(t, b, path, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site", "cross-site")
}

// named is the address that names a session.
func named(name, iss, sid string) string {
	return "/auth/frontchannel/" + name + "?" + url.Values{"iss": {iss}, "sid": {sid}}.Encode()
}

// R122
func TestFrontchannel_R122_OffByDefault(t *testing.T) {
	app := rig.New(t, revocable)
	b := signedIn(t, app, "alice", "/me")
	resp := frame(t, app, b, named("op", app.OP.Issuer(), app.OP.Sessions("alice")[0]))
	if resp.StatusCode != http.StatusNotFound || !alive(t, app, b) {
		t.Errorf("status %d, alive %v", resp.StatusCode, alive(t, app, b))
	}
}

// R122, R75
func TestFrontchannel_R122_EndsTheSessionOfTheCookie(t *testing.T) {
	everyKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		var ended []string
		app := rig.New(t, keep, framed, func(s *rig.Setup) {
			s.Config.Hooks.Logout = func(_ context.Context, s *session.Session) { ended = append(ended, s.User.Subject) }
		})
		b := signedIn(t, app, "alice", "/me")
		kept := app.SessionCookies(b)
		other := signedIn(t, app, "alice", "/me")
		path := named("op", app.OP.Issuer(), app.OP.Sessions("alice")[0])
		resp := frame(t, app, b, path)
		framedPage(t, app, resp)
		if alive(t, app, b) || len(app.SessionCookies(b)) != 0 || presented(t, app, kept...) != "anonymous" {
			t.Error("the session lives on")
		}
		if !alive(t, app, other) {
			t.Error("another session of the user has ended")
		}
		if !app.Happened("logout", "ok") || fmt.Sprint(ended) != "[1001]" {
			t.Errorf("events %v, hook %v", app.Outcomes(), ended)
		}
		if n := app.OP.Count("revoke"); n != 0 {
			t.Errorf("%d tokens were taken back for somebody who is not known", n)
		}
		again := frame(t, app, b, path)
		framedPage(t, app, again) // already signed out is as good
		if len(again.Cookies()) != 0 {
			t.Errorf("a second time it sets %v", again.Cookies())
		}
	})
}

// framedPage checks the page that everybody gets.
func framedPage(t *testing.T, app *rig.App, resp *http.Response) {
	t.Helper()
	policy := resp.Header.Get("Content-Security-Policy")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("X-Frame-Options") != "" ||
		!strings.HasPrefix(policy, "default-src 'none'; ") || !strings.HasSuffix(policy, "; frame-ancestors "+app.OP.Issuer()) {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
	if body := authtest.Body(t, resp); len(body) > 200 || !strings.Contains(body, "<title>Sign-out</title>") {
		t.Errorf("the page is %s", body)
	}
}

// R122
func TestFrontchannel_R122_HostileRequests(t *testing.T) {
	app := rig.New(t, revocable, framed, second)
	b := signedIn(t, app, "alice", "/auth/login/op")
	iss, sid := app.OP.Issuer(), app.OP.Sessions("alice")[0]
	bob := signedIn(t, app, "bob", "/auth/login/op")
	right := named("op", iss, sid)
	for name, path := range map[string]string{
		"nothing": "/auth/frontchannel/op", "no iss": "/auth/frontchannel/op?sid=" + sid, "no sid": "/auth/frontchannel/op?iss=" + url.QueryEscape(iss),
		"empty iss": named("op", "", sid), "empty sid": named("op", iss, ""), "empty": named("op", "", ""),
		"iss with slash": named("op", iss+"/", sid), "iss in upper case": named("op", strings.ToUpper(iss), sid), "other iss": named("op", app.OP2.Issuer(), sid),
		"iss with space": named("op", iss+" ", sid), "sid in lower case": named("op", iss, strings.ToLower(sid)), "sid cut": named("op", iss, sid[1:]), "sid of bob": named("op", iss, app.OP.Sessions("bob")[0]),
		"subject as sid": named("op", iss, "1001"), "iss twice": right + "&iss=" + url.QueryEscape(iss), "sid twice": right + "&sid=" + sid, "unreadable": right + "&a=%zz", "semicolon": "/auth/frontchannel/op?iss=" + url.QueryEscape(iss) + ";sid=" + sid,
	} {
		resp := frame(t, app, b, path)
		framedPage(t, app, resp)
		if len(resp.Cookies()) != 0 || !alive(t, app, b) {
			t.Errorf("%s: cookies %v, alive %v", name, resp.Cookies(), alive(t, app, b))
		}
	}
	if resp := frame(t, app, b, named("op2", iss, sid)); resp.StatusCode != http.StatusOK || !alive(t, app, b) {
		t.Errorf("at another provider's path: status %d, alive %v", resp.StatusCode, alive(t, app, b))
	}
	for name, resp := range map[string]*http.Response{
		"POST":    app.Do(t, b, "POST", right, nil, "Content-Type", "application/x-www-form-urlencoded"),
		"form":    app.Post(t, b, "/auth/frontchannel/op", url.Values{"iss": {iss}, "sid": {sid}}),
		"HEAD":    app.Do(t, b, "HEAD", right, nil),
		"OPTIONS": app.Do(t, b, "OPTIONS", right, nil, "Origin", "https://evil.example"),
		"host":    app.Get(t, b, right, "Host", "other.example"),
		"unknown": app.Get(t, b, named("op3", iss, sid)), "slash": app.Get(t, b, strings.Replace(right, "/op?", "/op/?", 1)),
	} {
		if resp.StatusCode < 400 || len(resp.Cookies()) != 0 || !alive(t, app, b) {
			t.Errorf("%s: status %d, cookies %v, alive %v", name, resp.StatusCode, resp.Cookies(), alive(t, app, b))
		}
	}
	framedPage(t, app, frame(t, app, bob, right)) // alice's, in bob's browser
	if !alive(t, app, b) || !alive(t, app, bob) {
		t.Errorf("in another browser: alice %v, bob %v", alive(t, app, b), alive(t, app, bob))
	}
	framedPage(t, app, frame(t, app, b, right))
	if alive(t, app, b) {
		t.Error("after all that the right request ends nothing")
	}
}

// R122: a session without a sid cannot be named, so not even an empty one names it.
func TestFrontchannel_R122_SessionWithoutSID(t *testing.T) {
	app := rig.New(t, revocable, framed)
	app.OP.Misbehave(func(f *authtest.Faults) { f.IDToken = func(c map[string]any) { delete(c, "sid") } })
	b := signedIn(t, app, "alice", "/me")
	for _, path := range []string{named("op", app.OP.Issuer(), ""), "/auth/frontchannel/op?iss=" + url.QueryEscape(app.OP.Issuer())} {
		framedPage(t, app, frame(t, app, b, path))
	}
	if !alive(t, app, b) {
		t.Error("the session has ended")
	}
}

// R122: in a page of the provider; one may have another origin for its logout.
func TestFrontchannel_R122_FromTheProvider(t *testing.T) {
	app := rig.New(t, revocable, framed)
	app.OP.SetFrontchannelLogout(app.URL + "/auth/frontchannel/op")
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { m["end_session_endpoint"] = "https://logout.op.example/end" }
	})
	b := signedIn(t, app, "alice", "/me")
	page := authtest.Body(t, authtest.Open(t, b, app.OP.Issuer()+"/end_session"))
	_, address, found := strings.Cut(page, `<iframe src="`)
	address, _, _ = strings.Cut(address, `"`)
	if !found {
		t.Fatalf("no frame in the page:\n%s", page)
	}
	resp := frame(t, app, b, strings.ReplaceAll(address, "&amp;", "&"))
	if alive(t, app, b) {
		t.Error("the session lives on")
	}
	if got, want := resp.Header.Get("Content-Security-Policy"), "; frame-ancestors "+app.OP.Issuer()+" https://logout.op.example"; !strings.HasSuffix(got, want) {
		t.Errorf("policy %q, want it to end with %q", got, want)
	}
}

// R122: an address that is more than one origin to a browser gets into no header.
func TestFrontchannel_R122_OriginsAreOrigins(t *testing.T) {
	app := rig.New(t, revocable, framed)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { m["end_session_endpoint"] = "https://*;script-src*/end" }
	})
	b := signedIn(t, app, "alice", "/me")
	framedPage(t, app, frame(t, app, b, "/auth/frontchannel/op"))
}

// R122: a store that fails is no sign-out.
func TestFrontchannel_R122_StoreFails(t *testing.T) {
	failing := &countingRevocations{}
	app := rig.New(t, framed, func(s *rig.Setup) {
		failing.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
		s.Config.Session.Revocations = failing
	})
	b := signedIn(t, app, "alice", "/me")
	failing.fail.Store(true)
	resp := frame(t, app, b, named("op", app.OP.Issuer(), app.OP.Sessions("alice")[0]))
	if resp.StatusCode != http.StatusServiceUnavailable || !app.Happened("logout", "store_unavailable") {
		t.Errorf("status %d, events %v", resp.StatusCode, app.Outcomes())
	}
}

// R122: a provider that shows no pages has no business here.
func TestFrontchannel_R122_ProviderWithoutPages(t *testing.T) {
	app := rig.New(t, revocable, framed, func(s *rig.Setup) { s.Config.Providers = provider.Set{"op": noLogout{s.OIDC}} })
	if resp := app.Get(t, rig.Browser(t), named("op", app.OP.Issuer(), "x")); resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", resp.StatusCode)
	}
}

// R122: it says that it cannot work everywhere.
func TestFrontchannel_R122_WarnsAboutSameSite(t *testing.T) {
	for sameSite, want := range map[http.SameSite]bool{0: true, http.SameSiteLaxMode: true, http.SameSiteNoneMode: false} {
		app := rig.New(t, framed, func(s *rig.Setup) { s.Config.Session.SameSite = sameSite })
		if got := strings.Contains(app.Log(), "front-channel logout reaches no session cookie"); got != want {
			t.Errorf("SameSite %v: warned %v, want %v", sameSite, got, want)
		}
	}
	quiet := rig.New(t)
	if strings.Contains(quiet.Log(), "front-channel") {
		t.Error("it warns although front-channel logout is off")
	}
}

// R123: session management is not there.
func TestSessionManagement_R123_NoSuchEndpoint(t *testing.T) {
	app := rig.New(t, revocable, framed)
	b := signedIn(t, app, "alice", "/me")
	for _, path := range []string{"check_session", "check_session_iframe", "session", "rp_iframe", "iframe", "session_state", "opframe", "monitor"} {
		resp := app.Get(t, b, "/auth/"+path+"?origin=https://evil.example&client_id=%3Cscript%3Ealert(1)%3C/script%3E")
		if body := authtest.Body(t, resp); resp.StatusCode != http.StatusNotFound || strings.Contains(body, "script") || strings.Contains(body, "postMessage") {
			t.Errorf("%s: status %d:\n%s", path, resp.StatusCode, body)
		}
		if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, got)
		}
	}
}
