package session_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R88
func TestSession_R88_NewAtEveryLogin(t *testing.T) {
	var ids []string
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Logout = func(_ context.Context, s *session.Session) {
			ids = append(ids, s.ID)
		}
	})
	app.Mux.Handle("/id", app.Auth.RequireAuth(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		ids = append(ids, s.ID)
	})))
	planted := rig.Browser(t)
	app.SignIn(t, planted, "bob", "/id")
	b := rig.Browser(t)
	// fixation: the victim carries the attacker's session
	app.SetCookies(b, app.SessionCookies(planted)...)
	before := app.SessionCookies(b)[0].Value
	app.SignIn(t, b, "alice", "/auth/login")
	if after := app.SessionCookies(b)[0].Value; after == before {
		t.Error("the planted cookie stayed")
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
	if who := app.Visit(t, planted, "/"); who != "anonymous" { // F16: the login has ended it
		t.Errorf("the planted session is that of %s", who)
	}
	app.Post(t, b, "/auth/logout", nil)
	if len(ids) != 2 || ids[0] == ids[1] || len(ids[0]) < 22 {
		t.Errorf("session IDs %q", ids)
	}
}

// R89, R140: over HTTP, each byte of each cookie of a session with tokens.
func TestSession_R89_TamperedCookiesAreNothing(t *testing.T) {
	app := rig.New(t)
	// several chunks
	app.OP.SetClaims("alice", map[string]any{"blob": strings.Repeat("abcdefgh", 600)})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	own := app.SessionCookies(b)
	if len(own) < 2 {
		t.Fatalf("%d cookies, want several", len(own))
	}
	if got := rig.Presented(t, app, own...); got != app.Is("alice") {
		t.Fatalf("untouched: %s", got)
	}
	try := func(name string, i int, value string) {
		changed := make([]*http.Cookie, len(own))
		copy(changed, own)
		changed[i] = &http.Cookie{Name: own[i].Name, Value: value}
		if got := rig.Presented(t, app, changed...); got != "anonymous" {
			t.Errorf("%s of %s: %s", name, own[i].Name, got)
		}
	}
	for i, c := range own {
		for at := 0; at < len(c.Value); at += 1 + len(c.Value)/97 {
			flipped := []byte(c.Value)
			if flipped[at]++; flipped[at] == '[' || flipped[at] == '{' || flipped[at] == ':' ||
				flipped[at] == '`' {
				flipped[at] = 'A'
			}
			try(fmt.Sprint("byte ", at), i, string(flipped))
			try(fmt.Sprint("cut at ", at), i, c.Value[:at])
		}
		try("longer", i, c.Value+"A")
		try("halves swapped", i, c.Value[len(c.Value)/2:]+c.Value[:len(c.Value)/2])
		try("one byte", i, "A")
	}
}

// R91
func TestSession_R91_KeyRotation(t *testing.T) {
	const newer = "ffeeddccbbaa99887766554433221100f0e1d2c3b4a5968778695a4b3c2d1e0f"
	app := rig.New(t)
	b, left := rig.Browser(t), rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.SignIn(t, left, "bob", "/me")
	pending := app.Callback(t, b, "alice", "/auth/login?return_to=/public/x")
	restart := func(secret string, old ...string) http.Handler {
		return app.Again(t, func(c *session.Config) { c.Secret, c.OldSecrets = secret, old })
	}
	app.Server.Config.Handler = restart(newer, rig.Secret)
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Fatalf("with both secrets: %s", who)
	}
	if resp := app.Get(t, b, pending.String()); resp.Header.Get("Location") != "/public/x" {
		t.Errorf("a login in progress: status %d", resp.StatusCode)
	}
	app.Server.Config.Handler = restart(newer) // b's cookie has been sealed again, left's has not
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("with the new secret alone: %s", who)
	}
	if who := app.Visit(t, left, "/"); who != "anonymous" {
		t.Errorf("who was away: %s", who)
	}
}

// R92
func TestSession_R92_CookieAttributes(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	var lines []string
	for _, path := range []string{"/auth/login",
		app.Callback(t, b, "alice", "/auth/login").String()} {
		lines = append(lines, app.Get(t, b, path).Header["Set-Cookie"]...)
	}
	lines = append(lines, app.Post(t, b, "/auth/logout", nil).Header["Set-Cookie"]...)
	if len(lines) < 4 {
		t.Fatalf("only %d cookies: %q", len(lines), lines)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "__Host-") || !strings.Contains(line, "; Path=/;") ||
			!strings.Contains(line, "; Secure") || !strings.Contains(line, "; HttpOnly") ||
			!strings.Contains(line, "; SameSite=Lax") || strings.Contains(line, "Domain") {
			t.Errorf("Set-Cookie: %s", line)
		}
	}
	form := rig.New(t, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": rig.FormPost{OIDC: s.OIDC}}
	})
	if line := form.Get(t, rig.Browser(t),
		"/auth/login").Header.Get("Set-Cookie"); !strings.Contains(line, "SameSite=None") ||
		!strings.Contains(line, "Secure") {
		t.Errorf("for form_post: %s", line)
	}
}

// R93
func TestSession_R93_DuplicateCookies(t *testing.T) {
	app := rig.New(t)
	a, b := rig.Browser(t), rig.Browser(t)
	app.SignIn(t, a, "alice", "/me")
	app.Clock.Advance(time.Minute)
	app.SignIn(t, b, "bob", "/me")
	one, two := app.SessionCookies(a)[0], app.SessionCookies(b)[0]
	junk := &http.Cookie{Name: one.Name, Value: "junk"}
	for name, row := range map[string]struct {
		cookies []*http.Cookie
		want    string
	}{
		"alice, bob":  {[]*http.Cookie{one, two}, app.Is("bob")}, // the one written last
		"bob, alice":  {[]*http.Cookie{two, one}, app.Is("bob")},
		"junk, alice": {[]*http.Cookie{junk, one}, app.Is("alice")},
		"alice, junk": {[]*http.Cookie{one, junk}, app.Is("alice")},
		"junk, junk":  {[]*http.Cookie{junk, junk}, "anonymous"},
	} {
		if got := rig.Presented(t, app, row.cookies...); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// R94
func TestSession_R94_IdleAndLifetime(t *testing.T) {
	limits := func(s *rig.Setup) {
		s.Config.Session.Idle, s.Config.Session.Lifetime = time.Hour, 5*time.Hour
	}
	app := rig.New(t, limits)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	first := app.SessionCookies(b)
	for i := range 9 { // active: every half hour
		app.Clock.Advance(30 * time.Minute)
		if who := app.Visit(t, b, "/"); who != app.Is("alice") {
			t.Fatalf("after %d half hours: %s", i+1, who)
		}
	}
	app.Clock.Advance(31 * time.Minute)
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after the lifetime: %s", who)
	}
	if got := rig.Presented(t, app, first...); got != "anonymous" {
		t.Errorf("the first cookie again: %s", got)
	}
	idle := rig.New(t, limits)
	b = rig.Browser(t)
	idle.SignIn(t, b, "alice", "/me")
	idle.Clock.Advance(61 * time.Minute)
	if who := idle.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("idle for an hour: %s", who)
	}
}

// R97
func TestSession_R97_Chunks(t *testing.T) {
	app := rig.New(t)
	for _, user := range []string{"alice", "bob"} {
		app.OP.SetClaims(user, map[string]any{"blob": strings.Repeat("abcdefgh", 600)})
	}
	a, b := rig.Browser(t), rig.Browser(t)
	app.SignIn(t, a, "alice", "/me")
	app.SignIn(t, b, "bob", "/me")
	one, two := app.SessionCookies(a), app.SessionCookies(b)
	base := shortest(one)
	all := func(cookies ...[]*http.Cookie) (list []*http.Cookie) {
		for _, set := range cookies {
			list = append(list, set...)
		}
		return list
	}
	named := func(name, value string) []*http.Cookie {
		return []*http.Cookie{{Name: name, Value: value}}
	}
	for name, row := range map[string]struct {
		cookies []*http.Cookie
		want    string
	}{
		"all":              {one, app.Is("alice")},
		"in another order": {reversed(one), app.Is("alice")},
		"first of a, rest of b": {append([]*http.Cookie{find(one, base)}, without(two, base)...),
			"anonymous"},
		"one missing":       {one[:len(one)-1], "anonymous"},
		"the first missing": {without(one, base), "anonymous"},
		"far too high":      {all(one, named(base+".99999999", "x")), app.Is("alice")},
		"leading zero":      {all(one, named(base+".01", "x")), app.Is("alice")},
		"negative":          {all(one, named(base+".-1", "x")), app.Is("alice")},
		"overflow": {all(one, named(base+".18446744073709551617", "x")),
			app.Is("alice")},
		"leftover": {all(one, named(base+fmt.Sprint(".", len(one)), "x")),
			app.Is("alice")},
		"renamed": {all(named(base, find(one, base+".1").Value),
			named(base+".1", find(one, base).Value)), "anonymous"},
	} {
		if got := rig.Presented(t, app, row.cookies...); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
	// R103: a smaller session leaves nothing behind.
	app.OP.SetClaims("alice", nil)
	app.SignIn(t, a, "alice", "/auth/login")
	if left := app.SessionCookies(a); len(left) >= len(one) {
		t.Errorf("%d cookies after a smaller login, before %d", len(left), len(one))
	}
	if who := app.Visit(t, a, "/"); who != app.Is("alice") {
		t.Errorf("after a smaller login: %s", who)
	}
}

func shortest(cookies []*http.Cookie) string {
	name := cookies[0].Name
	for _, c := range cookies {
		if len(c.Name) < len(name) {
			name = c.Name
		}
	}
	return name
}

func find(cookies []*http.Cookie, name string) *http.Cookie {
	for _, c := range cookies {
		if c.Name == name {
			return c
		}
	}
	return &http.Cookie{Name: name}
}

func without(cookies []*http.Cookie, name string) (left []*http.Cookie) {
	for _, c := range cookies {
		if c.Name != name {
			left = append(left, c)
		}
	}
	return left
}

func reversed(cookies []*http.Cookie) (turned []*http.Cookie) {
	for i := range cookies {
		turned = append(turned, cookies[len(cookies)-1-i])
	}
	return turned
}

// R98
func TestSession_R98_TooLarge(t *testing.T) {
	for size, fits := range map[int]bool{4 << 10: true, 12 << 10: true, 16 << 10: false,
		40 << 10: false} {
		app := rig.New(t)
		app.OP.SetClaims("alice", map[string]any{"groups": strings.Repeat("g", size), "small": "x"})
		b := rig.Browser(t)
		resp := app.SignIn(t, b, "alice", "/me")
		if fits {
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%d KB: status %d", size>>10, resp.StatusCode)
			}
			for _, c := range app.SessionCookies(b) {
				if n := len(c.Name) + len(c.Value) +
					len("; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax"); n > 4096 {
					t.Errorf("cookie %s has %d bytes with attributes", c.Name, n)
				}
			}
			continue
		}
		if resp.StatusCode != http.StatusForbidden || !strings.HasPrefix(resp.Request.URL.Path,
			"/auth/callback/") {
			t.Errorf("%d KB: status %d at %s", size>>10, resp.StatusCode, resp.Request.URL.Path)
		}
		if !app.Happened("login", "session_too_large") || !strings.Contains(app.Log(), "groups") {
			t.Errorf("%d KB: the log does not name the claim: %s", size>>10, app.Log())
		}
		if strings.Contains(app.Log(), "gggggggg") {
			t.Errorf("%d KB: the log holds the claim's content", size>>10)
		}
		if who := app.Visit(t, b, "/"); who != "anonymous" {
			t.Errorf("%d KB: signed in as %s", size>>10, who)
		}
	}
}

// R104
func TestSession_R104_ConcurrentRequests(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(5 * time.Hour) // a renewal is due in each of them
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if who := authtest.Body(t, app.Get(t, b, "/")); who != app.Is("alice") {
				t.Errorf("one of many: %s", who)
			}
		})
	}
	wg.Wait()
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("afterwards: %s", who)
	}
}

// R105
func TestSession_R105_BoundToTheRegistration(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	another := app.OP.OIDC()
	another.ClientID = "another-client"
	app.Server.Config.Handler = app.AgainWith(t, provider.Set{"op": another})
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("with another client: %s", who)
	}
	if left := app.SessionCookies(b); len(left) != 0 {
		t.Error("the cookie that does not count is left")
	}
}

// R160
func TestSession_R160_FormatOfTheFuture(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	own := app.SessionCookies(b)[0]
	future := &http.Cookie{Name: own.Name, Value: "Ag" + own.Value[2:]} // version 2 where 1 stood
	if !strings.HasPrefix(own.Value, "AQ") && !strings.HasPrefix(own.Value, "Ac") &&
		!strings.HasPrefix(own.Value, "A") {
		t.Fatalf("the format does not begin with its version: %.4s", own.Value)
	}
	if got := rig.Presented(t, app, future); got != "anonymous" {
		t.Errorf("a later version: %s", got)
	}
}
