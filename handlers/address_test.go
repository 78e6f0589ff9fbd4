package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

const longest = 2048 // that return_to may have

// ofLongest makes an address of exactly the longest length out of repetitions of a piece.
func ofLongest(start, piece string) string {
	s := start
	for len(s)+len(piece) <= longest {
		s += piece
	}
	return s + strings.Repeat("x", longest-len(s))
}

// longAddresses are hard to keep: long, and with bytes that JSON or URLs escape.
var longAddresses = map[string]string{
	"450 parameters":  "/me/list?" + strings.TrimSuffix(strings.Repeat("f=1&", 450), "&"),
	"the longest":     ofLongest("/me/", "abcdefghij"),
	"only ampersands": ofLongest("/me/?", "&"),
	"percent signs":   ofLongest("/me/?q=", "%E2%82%AC"),
	"angle brackets":  ofLongest("/me/?q=", "<>&'\""),
	"not ASCII":       ofLongest("/me/?q=", "ü€漢"),
	"with a fragment": ofLongest("/me/?q=1#", "part/"),
	"noise":           ofLongest("/me/?", "k7=Qz/9.x-_~!*'();:@$,v"),
}

// F25: every address that is accepted comes back, byte for byte.
func TestAddress_F25_LongAddresses(t *testing.T) {
	for name, address := range longAddresses {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			login := "/auth/login?return_to=" + url.QueryEscape(address)
			leadsTo(t, app.Get(t, b, app.Callback(t, b, "alice", login).String()), address)
			app.Post(t, b, "/auth/logout", nil)
			leadsTo(t, app.Get(t, b, app.Callback(t, b, "alice", login).String()), address)
		})
	}
}

// F25: two tabs with the longest addresses, in both orders.
func TestAddress_F25_TwoTabs(t *testing.T) {
	for name, address := range longAddresses {
		for _, order := range [][]int{{0, 1}, {1, 0}} {
			app := rig.New(t)
			b := rig.Browser(t)
			tabs := []string{address, "/me/" + address[4:]}
			tabs[1] = tabs[1][:len(tabs[1])-1] + "y"
			var callbacks []string
			for _, to := range tabs {
				callbacks = append(callbacks, app.Callback(t, b, "alice", "/auth/login?return_to="+
					url.QueryEscape(to)).String())
			}
			for _, i := range order {
				resp := app.Get(t, b, callbacks[i])
				if resp.Header.Get("Location") != tabs[i] {
					t.Errorf("%s, tab %d: status %d, leads to %.60q", name, i, resp.StatusCode,
						resp.Header.Get("Location"))
				}
			}
		}
	}
}

// F25, R28: with many tabs the addresses of the oldest are shortened or left out, the logins stay,
// and the Cookie header stays below 8 KB.
func TestAddress_F25_ManyTabs(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	address := longAddresses["noise"]
	var callbacks []string
	for range 8 {
		callbacks = append(callbacks, app.Callback(t, b, "alice", "/auth/login?return_to="+
			url.QueryEscape(address)).String())
		size := 0
		for _, c := range app.Cookies(b) {
			size += len(c.Name) + len(c.Value) + 3
		}
		if size > 8<<10 {
			t.Errorf("after %d logins the Cookie header has %d bytes", len(callbacks), size)
		}
	}
	leadsTo(t, app.Get(t, b, callbacks[7]), address)
	for i, callback := range callbacks {
		if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("tab %d: status %d: %s", i, resp.StatusCode, authtest.Body(t, resp))
		}
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// F25: with cookies of the application that leave no room, the address is shortened, and the login
// works.
func TestAddress_F25_NoRoom(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	u, _ := url.Parse(app.URL + "/")
	for _, name := range []string{"a", "b", "c"} {
		b.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: strings.Repeat(name, 3500),
			Path: "/", Secure: true}})
	}
	var callbacks []string
	for range 2 {
		callbacks = append(callbacks, app.Callback(t, b, "alice", "/auth/login?return_to="+
			url.QueryEscape(longAddresses["noise"])).String())
	}
	leadsTo(t, app.Get(t, b, callbacks[1]), longAddresses["noise"])
	if resp := app.Get(t, b, callbacks[0]); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("the other tab: status %d", resp.StatusCode)
	}
}

// F25: an address that Hooks.Begin chooses is kept like any other, and one that leads elsewhere is
// not.
func TestAddress_F25_ChosenByHook(t *testing.T) {
	var chosen string
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(_ *http.Request, f *provider.Flow) error {
			if f.ReturnTo != "/me" {
				t.Errorf("the hook sees %q", f.ReturnTo)
			}
			f.ReturnTo = chosen
			return nil
		}
	})
	b := rig.Browser(t)
	for to, want := range map[string]string{
		"/welcome?x=1":                 "/welcome?x=1",
		longAddresses["percent signs"]: longAddresses["percent signs"],
		"//evil.example":               "/", "/auth/logout": "/", "": "/",
		"/" + strings.Repeat("x", 5000): "/",
	} {
		chosen = to
		leadsTo(t, app.Get(t, b,
			app.Callback(t, b, "alice", "/auth/login?return_to=/me").String()), want)
	}
}

// F25, R84: no cookie shows the address, and what is changed in one leads to the start page.
func TestAddress_F25_Sealed(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login?return_to=/me/secret-page").String()
	for _, c := range app.Cookies(b) {
		if strings.Contains(c.Value, "secret-page") {
			t.Errorf("%s holds the address", c.Name)
		}
		if strings.HasSuffix(c.Name, "-rounds") {
			c.Value = c.Value[:40] + string(c.Value[40]^1) + c.Value[41:]
			app.SetCookies(b, c)
		}
	}
	leadsTo(t, app.Get(t, b, callback), "/")
}

// F25: the address of one login is never taken for that of another.
func TestAddress_F25_BoundToItsLogin(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	roundsOf := func() (found []*http.Cookie) {
		for _, c := range app.Cookies(b) {
			if strings.HasSuffix(c.Name, "-rounds") {
				found = append(found, c)
			}
		}
		return found
	}
	first := app.Callback(t, b, "alice", "/auth/login?return_to=/me/1").String()
	one := roundsOf()[0]
	second := app.Callback(t, b, "alice", "/auth/login?return_to=/me/2").String()
	for _, c := range roundsOf() {
		if c.Name != one.Name { // the value of the first login under the name of the second
			app.SetCookies(b, &http.Cookie{Name: c.Name, Value: one.Value})
		}
	}
	leadsTo(t, app.Get(t, b, second), "/")
	leadsTo(t, app.Get(t, b, first), "/me/1")
}

// F25: the same for the address of a sign-out, which waits in a cookie for the browser to come
// back.
func TestAddress_F25_AfterSignOut(t *testing.T) {
	for name, address := range longAddresses {
		app := rig.New(t)
		b := rig.SignedIn(t, app, "alice", "/me")
		resp := app.Post(t, b, "/auth/logout", url.Values{"return_to": {address}})
		for _, c := range resp.Cookies() {
			if size := len(c.Name) + len(c.Value); size > 4000 {
				t.Errorf("%s: the cookie %s has %d bytes", name, c.Name, size)
			}
		}
		back := rig.Location(t, app.Get(t, b, resp.Header.Get("Location")))
		leadsTo(t, app.Get(t, b, back.String()), address)
	}
}

// On a developer's machine the proxy of a development server may change the port, and nothing else.
// Elsewhere the Host is that of BaseURL.
func TestHost_AnyPortOnADevelopersMachine(t *testing.T) {
	local := rig.New(t, func(s *rig.Setup) { s.HTTP = true })
	for host, want := range map[string]int{"127.0.0.1:1": 303, "127.0.0.1": 303,
		"localhost:8080": 421, "evil.example:8080": 421, "127.0.0.1.evil.example": 421} {
		resp := local.Get(t, rig.Browser(t), "/auth/login", "Host", host)
		if resp.StatusCode != want {
			t.Errorf("http, %s: status %d, want %d", host, resp.StatusCode, want)
		}
		if to := resp.Header.Get("Location"); want == 303 && !strings.Contains(to,
			url.QueryEscape(local.URL+"/auth/callback/op")) {
			t.Errorf("http, %s: leads to %s", host, to)
		}
	}
	public := rig.New(t)
	resp := public.Get(t, rig.Browser(t), "/auth/login", "Host", "127.0.0.1:1")
	if resp.StatusCode != 421 {
		t.Errorf("https: status %d", resp.StatusCode)
	}
}
