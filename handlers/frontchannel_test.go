package handlers_test

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

// R122
func TestFrontchannel_R122_OffByDefault(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	b := rig.SignedIn(t, app, "alice", "/me")
	resp := rig.OpenFrame(t, app, b, rig.FrontchannelPath("op", app.OP.Issuer(),
		app.OP.Sessions("alice")[0]))
	if resp.StatusCode != http.StatusNotFound || !rig.Alive(t, app, b) {
		t.Errorf("status %d, alive %v", resp.StatusCode, rig.Alive(t, app, b))
	}
}

// R122, R75
func TestFrontchannel_R122_EndsTheSessionOfTheCookie(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		var ended []string
		app := rig.New(t, keep, rig.Framed, func(s *rig.Setup) {
			s.Config.Hooks.Logout = func(_ context.Context, s *session.Session) {
				ended = append(ended, s.User.Subject)
			}
		})
		b := rig.SignedIn(t, app, "alice", "/me")
		kept := app.SessionCookies(b)
		other := rig.SignedIn(t, app, "alice", "/me")
		path := rig.FrontchannelPath("op", app.OP.Issuer(), app.OP.Sessions("alice")[0])
		resp := rig.OpenFrame(t, app, b, path)
		framedPage(t, app, resp)
		if rig.Alive(t, app, b) || len(app.SessionCookies(b)) != 0 ||
			rig.Presented(t, app, kept...) != "anonymous" {
			t.Error("the session lives on")
		}
		if !rig.Alive(t, app, other) {
			t.Error("another session of the user has ended")
		}
		if !app.Happened("logout", "ok") || fmt.Sprint(ended) != "[1001]" {
			t.Errorf("events %v, hook %v", app.Outcomes(), ended)
		}
		if n := app.OP.Count("revoke"); n != 0 {
			t.Errorf("%d tokens were revoked for an unknown user", n)
		}
		again := rig.OpenFrame(t, app, b, path)
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
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" ||
		resp.Header.Get("Cache-Control") != "no-store" ||
		resp.Header.Get("X-Frame-Options") != "" ||
		!strings.HasPrefix(policy, "default-src 'none'; ") ||
		!strings.HasSuffix(policy, "; frame-ancestors "+app.OP.Issuer()) {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
	if body := authtest.Body(t, resp); len(body) > 200 ||
		!strings.Contains(body, "<title>Sign-out</title>") {
		t.Errorf("the page is %s", body)
	}
}

// R122
func TestFrontchannel_R122_HostileRequests(t *testing.T) {
	app := rig.New(t, rig.Revocable, rig.Framed, rig.Second)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	iss, sid := app.OP.Issuer(), app.OP.Sessions("alice")[0]
	bob := rig.SignedIn(t, app, "bob", "/auth/login/op")
	right := rig.FrontchannelPath("op", iss, sid)
	for name, path := range map[string]string{
		"nothing": "/auth/frontchannel/op", "no iss": "/auth/frontchannel/op?sid=" + sid,
		"no sid":    "/auth/frontchannel/op?iss=" + url.QueryEscape(iss),
		"empty iss": rig.FrontchannelPath("op", "", sid), "empty sid": rig.FrontchannelPath("op",
			iss, ""), "empty": rig.FrontchannelPath("op", "", ""),
		"iss with slash":    rig.FrontchannelPath("op", iss+"/", sid),
		"iss in upper case": rig.FrontchannelPath("op", strings.ToUpper(iss), sid),
		"other iss":         rig.FrontchannelPath("op", app.OP2.Issuer(), sid),
		"iss with space":    rig.FrontchannelPath("op", iss+" ", sid),
		"sid in lower case": rig.FrontchannelPath("op", iss, strings.ToLower(sid)),
		"sid cut":           rig.FrontchannelPath("op", iss, sid[1:]),
		"sid of bob":        rig.FrontchannelPath("op", iss, app.OP.Sessions("bob")[0]),
		"subject as sid":    rig.FrontchannelPath("op", iss, "1001"), "iss twice": right + "&iss=" +
			url.QueryEscape(iss), "sid twice": right + "&sid=" + sid, "unreadable": right +
			"&a=%zz", "semicolon": "/auth/frontchannel/op?iss=" + url.QueryEscape(iss) +
			";sid=" + sid,
	} {
		resp := rig.OpenFrame(t, app, b, path)
		framedPage(t, app, resp)
		if len(resp.Cookies()) != 0 || !rig.Alive(t, app, b) {
			t.Errorf("%s: cookies %v, alive %v", name, resp.Cookies(), rig.Alive(t, app, b))
		}
	}
	if resp := rig.OpenFrame(t, app, b, rig.FrontchannelPath("op2", iss,
		sid)); resp.StatusCode != http.StatusOK || !rig.Alive(t, app, b) {
		t.Errorf("at another provider's path: status %d, alive %v", resp.StatusCode,
			rig.Alive(t, app, b))
	}
	for name, resp := range map[string]*http.Response{
		"POST": app.Do(t, b, "POST", right, nil, "Content-Type",
			"application/x-www-form-urlencoded"),
		"form":    app.Post(t, b, "/auth/frontchannel/op", url.Values{"iss": {iss}, "sid": {sid}}),
		"HEAD":    app.Do(t, b, "HEAD", right, nil),
		"OPTIONS": app.Do(t, b, "OPTIONS", right, nil, "Origin", "https://evil.example"),
		"host":    app.Get(t, b, right, "Host", "other.example"),
		"unknown": app.Get(t, b, rig.FrontchannelPath("op3", iss, sid)),
		"slash":   app.Get(t, b, strings.Replace(right, "/op?", "/op/?", 1)),
	} {
		if resp.StatusCode < 400 || len(resp.Cookies()) != 0 || !rig.Alive(t, app, b) {
			t.Errorf("%s: status %d, cookies %v, alive %v", name, resp.StatusCode, resp.Cookies(),
				rig.Alive(t, app, b))
		}
	}
	framedPage(t, app, rig.OpenFrame(t, app, bob, right)) // alice's, in bob's browser
	if !rig.Alive(t, app, b) || !rig.Alive(t, app, bob) {
		t.Errorf("in another browser: alice %v, bob %v", rig.Alive(t, app, b),
			rig.Alive(t, app, bob))
	}
	framedPage(t, app, rig.OpenFrame(t, app, b, right))
	if rig.Alive(t, app, b) {
		t.Error("after all that the right request ends nothing")
	}
}

// R122: a session without a sid cannot be named, so not even an empty one names it.
func TestFrontchannel_R122_SessionWithoutSID(t *testing.T) {
	app := rig.New(t, rig.Revocable, rig.Framed)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) { delete(c, "sid") }
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	for _, path := range []string{rig.FrontchannelPath("op", app.OP.Issuer(), ""),
		"/auth/frontchannel/op?iss=" + url.QueryEscape(app.OP.Issuer())} {
		framedPage(t, app, rig.OpenFrame(t, app, b, path))
	}
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended")
	}
}

// R122: in a page of the provider; one may have another origin for its logout.
func TestFrontchannel_R122_FromTheProvider(t *testing.T) {
	app := rig.New(t, rig.Revocable, rig.Framed)
	app.OP.SetFrontchannelLogout(app.URL + "/auth/frontchannel/op")
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["end_session_endpoint"] = "https://logout.op.example/end"
		}
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	page := authtest.Body(t, authtest.Open(t, b, app.OP.Issuer()+"/end_session"))
	_, address, found := strings.Cut(page, `<iframe src="`)
	address, _, _ = strings.Cut(address, `"`)
	if !found {
		t.Fatalf("no frame in the page:\n%s", page)
	}
	resp := rig.OpenFrame(t, app, b, strings.ReplaceAll(address, "&amp;", "&"))
	if rig.Alive(t, app, b) {
		t.Error("the session lives on")
	}
	if got, want := resp.Header.Get("Content-Security-Policy"), "; frame-ancestors "+
		app.OP.Issuer()+" https://logout.op.example"; !strings.HasSuffix(got, want) {
		t.Errorf("policy %q, want it to end with %q", got, want)
	}
}

// R122: an address that is more than one origin to a browser gets into no header.
func TestFrontchannel_R122_OriginsAreOrigins(t *testing.T) {
	app := rig.New(t, rig.Revocable, rig.Framed)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["end_session_endpoint"] = "https://*;script-src*/end"
		}
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	framedPage(t, app, rig.OpenFrame(t, app, b, "/auth/frontchannel/op"))
}

// R122: a store that fails is no sign-out.
func TestFrontchannel_R122_StoreFails(t *testing.T) {
	failing := &countingRevocations{}
	app := rig.New(t, rig.Framed, func(s *rig.Setup) {
		failing.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
		s.Config.Session.Revocations = failing
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	failing.fail.Store(true)
	resp := rig.OpenFrame(t, app, b, rig.FrontchannelPath("op", app.OP.Issuer(),
		app.OP.Sessions("alice")[0]))
	if resp.StatusCode != http.StatusServiceUnavailable ||
		!app.Happened("logout", "store_unavailable") {
		t.Errorf("status %d, events %v", resp.StatusCode, app.Outcomes())
	}
}

// R122: a provider that shows no pages has no business here.
func TestFrontchannel_R122_ProviderWithoutPages(t *testing.T) {
	app := rig.New(t, rig.Revocable, rig.Framed, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": noLogout{s.OIDC}}
	})
	if resp := app.Get(t, rig.Browser(t), rig.FrontchannelPath("op", app.OP.Issuer(),
		"x")); resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", resp.StatusCode)
	}
}

// R122: it says that it cannot work everywhere.
func TestFrontchannel_R122_WarnsAboutSameSite(t *testing.T) {
	for sameSite, want := range map[http.SameSite]bool{0: true, http.SameSiteLaxMode: true,
		http.SameSiteNoneMode: false} {
		app := rig.New(t, rig.Framed, func(s *rig.Setup) { s.Config.Session.SameSite = sameSite })
		if got := strings.Contains(app.Log(),
			"front-channel logout reaches no session cookie"); got != want {
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
	app := rig.New(t, rig.Revocable, rig.Framed)
	b := rig.SignedIn(t, app, "alice", "/me")
	for _, path := range []string{"check_session", "check_session_iframe", "session", "rp_iframe",
		"iframe", "session_state", "opframe", "monitor"} {
		resp := app.Get(t, b, "/auth/"+path+
			"?origin=https://evil.example&client_id=%3Cscript%3Ealert(1)%3C/script%3E")
		if body := authtest.Body(t, resp); resp.StatusCode != http.StatusNotFound ||
			strings.Contains(body, "script") || strings.Contains(body, "postMessage") {
			t.Errorf("%s: status %d:\n%s", path, resp.StatusCode, body)
		}
		if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got,
			"frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, got)
		}
	}
}
