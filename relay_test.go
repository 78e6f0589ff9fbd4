package sallyport_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/relay"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/internal/testcert"
	"github.com/sallyport-go/sallyport/session"
)

const relaySecret = "6b1d0f3c9a8e7d5c4b3a29181706f5e4d3c2b1a0998877665544332211ffeedd"

// A relayed application has two origins, and a relay at a third one.
type relayed struct {
	*rig.App
	relay   string // its URL
	allowed atomic.Pointer[[]string]
	log     strings.Builder
}

// withRelay starts an application with a relay that allows both of its origins.
func withRelay(t *testing.T, change ...func(*rig.Setup)) *relayed {
	t.Helper()
	re := &relayed{}
	server := httptest.NewUnstartedServer(nil)
	addr := server.Listener.Addr().String()
	re.relay = "https://login.localhost" + addr[strings.LastIndex(addr, ":"):] + "/callback"
	re.App = rig.New(t, append([]func(*rig.Setup){twoOrigins, func(s *rig.Setup) {
		s.Config.RelayURL, s.Config.RelaySecret = re.relay, relaySecret
	}}, change...)...)
	re.allow(re.At("a.localhost"), re.At("b.localhost"))
	server.Config.Handler = re.handler(t, relaySecret)
	testcert.Start(server)
	t.Cleanup(server.Close)
	return re
}

// handler returns a relay with a secret.
func (re *relayed) handler(t *testing.T, secret string) http.Handler {
	t.Helper()
	relay, err := sallyport.Relay(sallyport.RelayConfig{
		URL: re.relay, Secret: secret, Now: re.Clock.Now,
		Allow: func(_ context.Context, origin string) bool {
			return slices.Contains(*re.allowed.Load(), origin)
		},
		Logger: slog.New(slog.NewTextHandler(&re.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

func (re *relayed) allow(origins ...string) { re.allowed.Store(&origins) }

// response returns the request by which a provider's response arrives at the relay.
func (re *relayed) response(t *testing.T, b *http.Client, origin string) *http.Request {
	t.Helper()
	authorize := rig.Location(t, re.Get(t, b, origin+"/auth/login?return_to=/me"))
	stop := *b
	stop.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(req.URL.String(), re.relay) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	to := rig.Location(t, authtest.SignIn(t, &stop, authorize.String(), "alice"))
	return httptest.NewRequest("GET", to.String(), nil)
}

// serve has a relay answer a request.
func serve(relay http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	relay.ServeHTTP(w, r)
	return w
}

// R166: all origins use the redirect URI of the relay, and the response arrives at the origin where
// the login began.
func TestRelay_R166_SignIn(t *testing.T) {
	for _, mode := range []string{"query", "form_post"} {
		t.Run(mode, func(t *testing.T) {
			re := withRelay(t, func(s *rig.Setup) { s.OIDC.FormPost = mode == "form_post" })
			if got := re.Auth.RedirectURIs()["op"].Redirect; got != re.relay+"/op" {
				t.Errorf("redirect URI %s", got)
			}
			b := rig.Browser(t)
			for _, host := range []string{"a.localhost", "b.localhost"} {
				page := re.At(host) + "/me?x=1"
				end := authtest.SignIn(t, b, page, "alice")
				for end.Request.URL.Host != strings.TrimPrefix(re.At(host), "https://") {
					end = authtest.Submit(t, b, end, nil) // the form of the relay
				}
				if body := authtest.Body(t, end); end.Request.URL.String() != page ||
					!strings.Contains(body, re.Is("alice")) {
					t.Fatalf("%s: %s at %s", host, body, end.Request.URL)
				}
			}
		})
	}
}

// R166: the relay forwards seven parameters, without cookies and without telling caches or other
// sites.
func TestRelay_R166_ForwardsNothingElse(t *testing.T) {
	re := withRelay(t)
	relay := re.handler(t, relaySecret)
	r := re.response(t, rig.Browser(t), re.URL)
	query := r.URL.Query()
	state := query.Get("state")
	for _, name := range []string{"access_token", "session_state", "return_to", "scope", "Code",
		"redirect_uri", "state[]", "hd"} {
		query.Set(name, "x")
	}
	for _, name := range []string{"error", "error_description", "id_token", "response"} {
		query.Set(name, name)
	}
	r.URL.RawQuery = query.Encode()
	r.Header.Set("Cookie", "x=y")
	w := serve(relay, r)
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		t.Fatalf("status %d, %v", w.Code, err)
	}
	var names []string
	for name := range location.Query() {
		names = append(names, name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got !=
		"code error error_description id_token iss response state" {
		t.Errorf("forwarded: %s", got)
	}
	if inner := location.Query().Get("state"); inner == "" || inner == state {
		t.Errorf("state %q", inner)
	}
	location.RawQuery = ""
	if location.String() != re.URL+"/auth/callback/op" {
		t.Errorf("forwarded to %s", location)
	}
	for _, method := range []string{"GET", "POST"} {
		w := serve(relay, re.again(method, query))
		h := w.Header()
		if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" ||
			len(h["Set-Cookie"]) > 0 {
			t.Errorf("%s: headers %v", method, h)
		}
		if method == "POST" && (!strings.Contains(h.Get("Content-Security-Policy"),
			"script-src 'sha256-") || strings.Contains(w.Body.String(), "access_token") ||
			!strings.Contains(w.Body.String(), `action="`+re.URL+`/auth/callback/op"`)) {
			t.Errorf("policy %s, page %s", h.Get("Content-Security-Policy"), w.Body)
		}
	}
}

// again is a response with other parameters.
func (re *relayed) again(method string, params url.Values) *http.Request {
	if method == http.MethodGet {
		return httptest.NewRequest(method, re.relay+"/op?"+params.Encode(), nil)
	}
	r := httptest.NewRequest(method, re.relay+"/op", strings.NewReader(params.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// R166: a state of another secret, provider, time or origin leads nowhere.
func TestRelay_R166_HostileStates(t *testing.T) {
	re := withRelay(t)
	relay := re.handler(t, relaySecret)
	r := re.response(t, rig.Browser(t), re.URL)
	good := r.URL.Query()
	refused := func(what string, relay http.Handler, r *http.Request, status int) {
		t.Helper()
		w := serve(relay, r)
		if w.Code != status || w.Header().Get("Location") != "" ||
			strings.Contains(w.Body.String(), "<form") || strings.Contains(w.Body.String(),
			good.Get("code")) {
			t.Errorf("%s: status %d, Location %q\n%s", what, w.Code, w.Header().Get("Location"),
				w.Body)
		}
	}
	set := func(name string, values ...string) *http.Request {
		params := url.Values{}
		for n, v := range good {
			params[n] = v
		}
		params[name] = values
		return re.again("GET", params)
	}
	if w := serve(relay, r); w.Code != http.StatusSeeOther {
		t.Fatalf("the good response: status %d", w.Code)
	}
	refused("another secret", re.handler(t, rig.Secret), r, 400)
	refused("no state", relay, set("state"), 400)
	refused("two states", relay, set("state", good.Get("state"), good.Get("state")), 400)
	refused("two codes", relay, set("code", "x", good.Get("code")), 400)
	refused("a long state", relay, set("state", strings.Repeat("A", 5000)), 400)
	for i := 0; i < len(good.Get("state")); i += 11 {
		changed := []byte(good.Get("state"))
		changed[i] ^= 1
		refused("a changed state", relay, set("state", string(changed)), 400)
	}
	location, _ := url.Parse(serve(relay, r).Header().Get("Location"))
	refused("the inner state", relay, set("state", location.Query().Get("state")), 400)
	refused("the response of another provider", relay,
		httptest.NewRequest("GET", re.relay+"/other?"+good.Encode(), nil), 400)
	refused("a path beside", relay,
		httptest.NewRequest("GET", re.relay+"/op/x?"+good.Encode(), nil), 404)
	refused("no provider", relay, httptest.NewRequest("GET", re.relay+"?"+good.Encode(), nil), 404)
	refused("HEAD", relay, re.again("HEAD", good), 405)
	other := re.again("GET", good)
	other.Host = "a.localhost"
	refused("another host", relay, other, 421)
	both := re.again("POST", url.Values{"code": {"x"}})
	both.URL.RawQuery = good.Encode()
	refused("a POST with a query", relay, both, 400)

	re.allow(re.At("b.localhost"))
	refused("an origin that was removed", relay, r, 400)
	re.allow()
	refused("no origin", relay, r, 400)
	re.allow(re.URL + ".evil.example")
	refused("a longer origin", relay, r, 400)
	re.allow(re.At("a.localhost"))
	re.Clock.Advance(-2 * time.Minute)
	refused("a state from the future", relay, r, 400)
	re.Clock.Advance(2*time.Minute + time.Hour)
	refused("an expired state", relay, r, 400)
	for _, cause := range []string{
		"does not open", "has expired", "is not allowed", "is repeated",
	} {
		if !strings.Contains(re.log.String(), cause) {
			t.Errorf("the log does not say %q", cause)
		}
	}
	if strings.Contains(re.log.String(), good.Get("code")) {
		t.Error("the log has the code")
	}
}

// R166: who has the secret of the relay can seal any state, but only allowed origins get responses.
func TestRelay_R166_AllowedOriginsOnly(t *testing.T) {
	re := withRelay(t)
	relay := re.handler(t, relaySecret)
	for _, base := range []string{"https://evil.example", "https://a.localhost.evil.example"} {
		c := at(base)
		c.RelayURL, c.RelaySecret = re.relay, relaySecret
		c.Session.Now = re.Clock.Now
		auth, err := sallyport.New(c)
		if err != nil {
			t.Fatal(err)
		}
		login := httptest.NewRequest("GET", base+"/auth/login", nil)
		authorize, _ := url.Parse(serve(auth.Handler(http.NotFoundHandler()),
			login).Header().Get("Location"))
		params := url.Values{"code": {"secret-code"}, "state": {authorize.Query().Get("state")}}
		w := serve(relay, re.again("GET", params))
		if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			t.Errorf("%s: status %d, Location %s", base, w.Code, w.Header().Get("Location"))
		}
		re.allow(base)
		if w := serve(relay, re.again("GET", params)); !strings.HasPrefix(
			w.Header().Get("Location"), base+"/auth/callback/op?") {
			t.Errorf("%s, allowed: status %d", base, w.Code)
		}
		re.allow()
	}
}

// R166: an Allow that looks at the end of the origin only is not led elsewhere by a state that no
// application makes: what it gets is an origin as browsers write it.
func TestRelay_R166_AllowGetsOrigins(t *testing.T) {
	const at = "https://login.example.com/callback"
	base := &url.URL{Scheme: "https", Host: "login.example.com", Path: "/callback"}
	var asked []string
	handler, err := sallyport.Relay(sallyport.RelayConfig{
		URL: at, Secret: relaySecret, Logger: slog.New(slog.DiscardHandler),
		Allow: func(_ context.Context, origin string) bool {
			asked = append(asked, origin)
			return strings.HasSuffix(origin, ".preview.example.com")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := session.New(session.Config{Secret: relaySecret}, engine.Site{BaseURL: base}, nil)
	if err != nil {
		t.Fatal(err)
	}
	states := relay.States{URL: at, Sealer: sealer}
	answer := func(callback string) string {
		state, err := states.Wrap("op", callback, "state")
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", at+"/op?code=x&state="+state, nil)
		return serve(handler, r).Header().Get("Location")
	}
	for _, start := range []string{
		"http://x.preview.example.com", "https://X.preview.example.com",
		"https://evil.example\uff0f.preview.example.com",
		"https://evil.example\u3002preview.example.com",
		"https://evil.example%2f.preview.example.com", "https://evil.example\\.preview.example.com",
		"https://evil.example?.preview.example.com", "https://evil.example#.preview.example.com",
		"https://evil.example@x.preview.example.com", "https://.preview.example.com",
		"https://evil.example:x.preview.example.com", "https://evil.example;.preview.example.com",
		"https://x\".preview.example.com", "https://*.preview.example.com",
		"javascript://x.preview.example.com",
	} {
		if to := answer(start + "/auth/callback/op"); to != "" {
			t.Errorf("%s: the response goes to %s", start, to)
		}
	}
	if asked != nil {
		t.Errorf("Allow got %q", asked)
	}
	if to := answer("https://x.preview.example.com/auth/callback/op"); to !=
		"https://x.preview.example.com/auth/callback/op?code=x&state=state" {
		t.Errorf("a preview gets %q", to)
	}
}

// R166: the relay changes nothing about what the application checks: the response is good once, in
// the browser where the login began, at its origin.
func TestRelay_R166_EveryOtherCheckStays(t *testing.T) {
	re := withRelay(t)
	b := rig.Browser(t)
	r := re.response(t, b, re.URL)
	forwarded := serve(re.handler(t, relaySecret), r).Header().Get("Location")
	for name, attack := range map[string]struct {
		browser *http.Client
		target  string
	}{
		"another browser": {rig.Browser(t), forwarded},
		"another origin":  {b, strings.Replace(forwarded, re.URL, re.At("b.localhost"), 1)},
		"the outer state": {b, re.URL + "/auth/callback/op?" + r.URL.RawQuery},
	} {
		if resp := re.Get(t, attack.browser, attack.target); resp.StatusCode != 400 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if resp := re.Get(t, b, forwarded); resp.Header.Get("Location") != "/me" {
		t.Errorf("the response itself: status %d", resp.StatusCode)
	}
	if resp := re.Get(t, rig.Browser(t), forwarded); resp.StatusCode != 400 {
		t.Errorf("a second time: status %d", resp.StatusCode)
	}
}

// R166: mistakes of the configuration are errors, which show no secret.
func TestRelay_R166_Mistakes(t *testing.T) {
	good := sallyport.RelayConfig{
		URL: "https://login.example.com/callback", Secret: relaySecret,
		Origins: []string{"https://a.example.com"},
	}
	if _, err := sallyport.Relay(good); err != nil {
		t.Fatal(err)
	}
	type relay = sallyport.RelayConfig
	for want, change := range map[string]func(*relay){
		"URL":                       func(c *relay) { c.URL = "http://login.example.com" },
		"Secret":                    func(c *relay) { c.Secret = "short" },
		"OldSecrets":                func(c *relay) { c.OldSecrets = []string{"short"} },
		"Allow is nil":              func(c *relay) { c.Origins = nil },
		`"https://a.example.com/x"`: func(c *relay) { c.Origins[0] += "/x" },
		"write https":               func(c *relay) { c.Origins[0] = "https://A.example.com:443" },
		"authtest.Secret":           func(c *relay) { c.Secret = authtest.Secret },
	} {
		c := good
		c.Origins = slices.Clone(good.Origins)
		change(&c)
		if _, err := sallyport.Relay(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for want, change := range map[string]func(*sallyport.Config){
		"RelaySecret is missing":  func(c *sallyport.Config) { c.RelaySecret = "" },
		"RelayURL":                func(c *sallyport.Config) { c.RelayURL = "" },
		"a secret of the session": func(c *sallyport.Config) { c.RelaySecret = c.Session.Secret },
		"RelaySecret cannot":      func(c *sallyport.Config) { c.RelaySecret = "short" },
	} {
		c := at("https://app.example.com")
		c.RelayURL, c.RelaySecret = good.URL, relaySecret
		change(&c)
		if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, good); strings.Contains(text, relaySecret) {
			t.Errorf("%s prints the secret", verb)
		}
	}
}

// R166: after a sign-out with a relay, the provider is not asked to lead to a URL that it does not
// know.
func TestRelay_R166_SignOut(t *testing.T) {
	re := withRelay(t)
	b := rig.Browser(t)
	re.SignIn(t, b, "alice", "/me")
	there := rig.Location(t, re.Post(t, b, "/auth/logout", nil))
	if there.Query().Has("post_logout_redirect_uri") || there.Host == re.URL {
		t.Errorf("sign-out leads to %s", there)
	}
	if resp := re.Get(t, b, there.String()); resp.StatusCode != http.StatusOK {
		t.Errorf("the provider answers %d", resp.StatusCode)
	}
}
