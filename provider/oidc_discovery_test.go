package provider_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// R59, F42
func TestDiscovery_R59_IssuerMustBeEqual(t *testing.T) {
	for name, change := range map[string]func(iss string) any{
		"other": func(string) any {
			return "https://evil.example"
		}, "slash": func(s string) any { return s + "/" },
		"case": func(s string) any {
			return strings.ToUpper(s)
		}, "missing": func(string) any { return nil }, "number": func(string) any { return 7 },
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) { m["issuer"] = change(m["issuer"].(string)) }
		})
		if resp := app.Get(t, rig.Browser(t),
			"/auth/login"); resp.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: status %d, want 500", name, resp.StatusCode)
		}
	}
	look := rig.New(t) // a look-alike of the member's name
	look.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { m["ISSUER"] = "https://evil.example" }
	})
	if resp := look.Get(t, rig.Browser(t),
		"/auth/login"); resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("ISSUER: status %d, want 500", resp.StatusCode)
	}
}

// R59, R65: what is known stays while the new document is not right.
func TestDiscovery_R59_ChangedAtRuntime(t *testing.T) {
	app := rig.New(t)
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Fatal(got)
	}
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["issuer"] = "https://evil.example"
			m["token_endpoint"] = "https://evil.example/token"
		}
	})
	app.Clock.Advance(2 * time.Hour)
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("with the old metadata: %s", got)
	}
	if app.OP.Count("discovery") < 2 {
		t.Error("the metadata was not read again")
	}
}

// R60, F42
func TestDiscovery_R60_EveryEndpointMustBeHTTPS(t *testing.T) {
	for _, endpoint := range []string{
		"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
		"end_session_endpoint", "pushed_authorization_request_endpoint",
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) {
				m[endpoint] = strings.Replace(m[endpoint].(string), "https:", "http:", 1)
			}
		})
		if resp := app.Get(t, rig.Browser(t),
			"/auth/login"); resp.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s with http: status %d, want 500", endpoint, resp.StatusCode)
		}
	}
	for issuer, want := range map[string]string{"http://op.example": "https",
		"http://127.0.0.1:1": "InsecureLoopbackHTTP", "ftp://op.example": "https"} {
		if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.Issuer = issuer
		})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("issuer %s: %v, want an error about %s", issuer, err, want)
		}
	}
}

// R60
func TestDiscovery_R60_CertificateIsVerified(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.HTTPClient = nil })
	if resp := app.Get(t, rig.Browser(t),
		"/auth/login"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", resp.StatusCode)
	}
	if app.OP.Count("discovery") != 0 {
		t.Error("a request was sent")
	}
}

// R61
func TestOutbound_R61_NoRedirects(t *testing.T) {
	for _, endpoint := range []string{"token", "userinfo", "par"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.UserInfo = "always"
				if endpoint == "par" {
					s.OIDC.PAR = true
				}
			})
			var contacts atomic.Int32
			evil := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter,
				*http.Request) {
				contacts.Add(1)
			}))
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
					if e == endpoint {
						http.Redirect(w, r, evil.URL+"/x", status)
					}
					return e == endpoint
				}
			})
			if got := rig.TryLogin(t, app); got == "ok" {
				t.Errorf("%s %d: the login succeeds", endpoint, status)
			}
			if contacts.Load() != 0 {
				t.Errorf("%s %d: the redirect was followed", endpoint, status)
			}
			evil.Close()
		}
	}
}

// R61: metadata and keys may move within their origin, twice, and never beyond it.
func TestOutbound_R61_RedirectsOfPublicDocuments(t *testing.T) {
	for _, endpoint := range []string{"discovery", "jwks"} {
		for name, row := range map[string]struct {
			target func(app *rig.App, evil string, n int) string
			ok     bool
		}{
			"same origin": {func(app *rig.App, _ string, n int) string {
				return map[bool]string{true: "?again=1"}[n == 1]
			}, true},
			"endless": {func(_ *rig.App, _ string, n int) string {
				return fmt.Sprintf("?again=%d", n)
			}, false},
			"elsewhere": {func(_ *rig.App, evil string, _ int) string { return evil }, false},
		} {
			app := rig.New(t)
			var contacts, visits atomic.Int32
			evil := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter,
				*http.Request) {
				contacts.Add(1)
			}))
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
					if e != endpoint {
						return false
					}
					target := row.target(app, evil.URL, int(visits.Add(1)))
					if target == "" {
						return false
					}
					w.Header().Set("Location", target)
					w.WriteHeader(http.StatusMovedPermanently)
					return true
				}
			})
			if got := attempt(t, app); (got == "ok") != row.ok {
				t.Errorf("%s, %s: %s", endpoint, name, got)
			}
			if contacts.Load() != 0 {
				t.Errorf("%s, %s: another origin was contacted", endpoint, name)
			}
			if n := visits.Load(); n > 8 { // two tries, each with two redirects
				t.Errorf("%s, %s: %d requests", endpoint, name, n)
			}
			evil.Close()
		}
	}
}

// attempt is tryLogin for a login that may not even start.
func attempt(t *testing.T, app *rig.App) string {
	t.Helper()
	if resp := app.Get(t, rig.Browser(t), "/auth/login"); resp.StatusCode != http.StatusSeeOther {
		return fmt.Sprint("status ", resp.StatusCode)
	}
	return rig.TryLogin(t, app)
}

// R62: neither size nor slowness of an answer costs more than the limits.
func TestOutbound_R62_BoundedAnswers(t *testing.T) {
	bomb := gzipped(64 << 20)
	for name, write := range map[string]func(w http.ResponseWriter, r *http.Request){
		"100 MB": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			chunk := bytes.Repeat([]byte("x"), 1<<16)
			for range 1600 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		},
		"gzip bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		},
		"endless header": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 3000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 1000))
			}
		},
	} {
		for _, endpoint := range []string{"discovery", "jwks", "token", "userinfo"} {
			rig.Serial(t, "it measures memory")
			app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
					if e == endpoint {
						write(w, r)
					}
					return e == endpoint
				}
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if got := attempt(t, app); got == "ok" {
				t.Errorf("%s from %s: the login succeeds", name, endpoint)
			}
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
				t.Errorf("%s from %s: %d MB of memory", name, endpoint, grown>>20)
			}
		}
	}
}

func gzipped(size int) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(bytes.Repeat([]byte("a"), size))
	w.Close()
	return b.Bytes()
}

// R62: the request's own limit ends waiting for a provider that does not answer.
func TestOutbound_R62_BoundToTheRequest(t *testing.T) {
	app := rig.New(t)
	release := make(chan struct{})
	defer close(release)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, r *http.Request) bool {
			if e == "discovery" {
				select {
				case <-release:
				case <-r.Context().Done():
				}
			}
			return false
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := app.OIDC.Ready(ctx); !errors.Is(err, provider.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
}

// R62: time limits hold whatever client the application brings.
func TestOutbound_R62_TimeLimit(t *testing.T) {
	var limits []time.Duration
	watch := roundTripper(func(r *http.Request) (*http.Response, error) {
		deadline, ok := r.Context().Deadline()
		if !ok {
			return nil, errors.New("no deadline")
		}
		limits = append(limits, time.Until(deadline))
		return nil, errors.New("not today")
	})
	o := rig.MinimalConfig(func(o *provider.OIDC) {
		o.HTTPClient = &http.Client{Transport: watch}
	}).Providers["op"].(*provider.OIDC)
	if err := o.Ready(t.Context()); !errors.Is(err, provider.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
	if len(limits) != 1 || limits[0] > 10*time.Second {
		t.Errorf("limits %v, want one of at most 10 s", limits)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// R63
func TestKeys_R63_UnknownKeysDoNotFloodTheProvider(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		var n atomic.Int32
		f.IDTokenHeader = func(h map[string]any) { h["kid"] = fmt.Sprint("made up ", n.Add(1)) }
	})
	var wg sync.WaitGroup
	for range 60 {
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", "/auth/login").String()
		wg.Go(func() { app.Get(t, b, callback) })
	}
	wg.Wait()
	if got := app.OP.Count("jwks"); got > 2 {
		t.Errorf("%d fetches of the keys, want at most 2", got)
	}
	app.OP.Behave()
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("a right token afterwards: %s", got)
	}
	// A minute later one more is allowed.
	app.Clock.Advance(61 * time.Second)
	before := app.OP.Count("jwks")
	app.OP.RotateKeys()
	if got := rig.TryLogin(t, app); got != "ok" || app.OP.Count("jwks") != before+1 {
		t.Errorf("after a minute: %s, %d fetches", got, app.OP.Count("jwks")-before)
	}
}

// R63: failing to fetch the keys backs off.
func TestKeys_R63_FailuresBackOff(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("jwks", 500, "", "") })
	for range 20 {
		if got := rig.TryLogin(t, app); got != "provider_unavailable" {
			t.Fatal(got)
		}
	}
	if got := app.OP.Count("jwks"); got > 3 {
		t.Errorf("%d fetches while the clock stood still, want at most 3", got)
	}
	app.OP.Behave()
	app.Clock.Advance(10 * time.Second)
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("once it is back: %s", got)
	}
}

// R64
func TestKeys_R64_Rotation(t *testing.T) {
	app := rig.New(t)
	rig.TryLogin(t, app)
	app.OP.RotateKeys()
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("the first token of a new key: %s", got)
	}
	// A key that is withdrawn is refused ten minutes later at most.
	withdrawn := app.OP
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.JWKS = func(set map[string]any) { set["keys"] = set["keys"].([]any)[1:] }
	})
	app.Clock.Advance(11 * time.Minute)
	if got := rig.TryLogin(t, app); got != "invalid_id_token" {
		t.Errorf("a token of the withdrawn key: %s", got)
	}
	_ = withdrawn
}

// R65: for a day at most; see F18f.
func TestKeys_R65_CachedKeysServeWhileTheProviderIsDown(t *testing.T) {
	app := rig.New(t)
	rig.TryLogin(t, app)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = rig.Answer("jwks discovery", 500, "", "")
	})
	for _, later := range []time.Duration{time.Minute, 30 * time.Minute, 23 * time.Hour} {
		app.Clock.Advance(later)
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("after %v: %s", later, got)
		}
	}
}

// R65: the application starts while the provider is down, and works as soon as it is back.
func TestDiscovery_R65_ProviderDownAtStart(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OP.SetDown(true) })
	b := rig.Browser(t)
	if got := app.Visit(t, b, "/"); got != "anonymous" {
		t.Errorf("the public page says %q", got)
	}
	for range 30 {
		resp := app.Get(t, b, "/auth/login")
		if resp.StatusCode != http.StatusServiceUnavailable ||
			resp.Header.Get("Retry-After") == "" {
			t.Fatalf("status %d, Retry-After %q; want 503 with it", resp.StatusCode,
				resp.Header.Get("Retry-After"))
		}
	}
	// Trying again still leads to where the user wanted to go.
	page := authtest.Body(t, app.Get(t, b, "/auth/login?return_to=/me/x"))
	if !strings.Contains(strings.ToLower(page), `href="/auth/login/op?return_to=%2fme%2fx"`) {
		t.Errorf("the page forgets the way:\n%s", page)
	}
	if err := app.Auth.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), `"op"`) {
		t.Errorf("Ready says %v", err)
	}
	app.OP.SetDown(false)
	app.Clock.Advance(6 * time.Second) // the longest pause
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("once it is back: %s", got)
	}
	if err := app.Auth.Ready(t.Context()); err != nil {
		t.Errorf("Ready says %v", err)
	}
}

// R65: who is signed in notices nothing.
func TestDiscovery_R65_SignedInUsersNoticeNothing(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.SetDown(true)
	app.Clock.Advance(3 * time.Hour)
	if got := app.Visit(t, b, "/me"); !strings.Contains(got, app.Is("alice")) {
		t.Errorf("the page says %q", got)
	}
}

// R66
func TestKeys_R66_UnusableKeys(t *testing.T) {
	junk := []any{
		map[string]any{"kty": "OKP", "crv": "X25519", "x": "AAAA"},
		map[string]any{"kty": "oct", "k": "AAAA", "kid": "s"}, map[string]any{"kty": "RSA"},
		map[string]any{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
		map[string]any{"kty": "new"}, map[string]any{}, 7, "x", nil, []any{},
		map[string]any{"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA", "alg": "ES256K"},
	}
	many := make([]any, 10_000)
	for i := range many {
		many[i] = map[string]any{"kty": "RSA", "n": strings.Repeat("A", 20), "e": "AQAB",
			"kid": fmt.Sprint(i)}
	}
	for name, row := range map[string]struct {
		change func(set map[string]any)
		want   string
	}{
		"a good one among them": {func(set map[string]any) {
			set["keys"] = append(junk, set["keys"].([]any)...)
		}, "ok"},
		"none": {func(set map[string]any) {
			set["keys"] = []any{}
		}, "provider_unavailable"},
		"junk only": {func(set map[string]any) {
			set["keys"] = junk
		}, "provider_unavailable"},
		"no list": {func(set map[string]any) {
			set["keys"] = "x"
		}, "provider_unavailable"},
		"10000": {func(set map[string]any) {
			set["keys"] = many
		}, "provider_unavailable"},
		"behind 10000": {func(set map[string]any) {
			set["keys"] = append(many, set["keys"].([]any)...)
		}, "provider_unavailable"},
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) { f.JWKS = row.change })
		if got := rig.TryLogin(t, app); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// R66: without a key ID, those that fit are tried, but only a few.
func TestKeys_R66_TokenWithoutKeyID(t *testing.T) {
	for others, want := range map[int]string{0: "ok", 2: "ok", 10: "invalid_id_token"} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDTokenHeader = func(h map[string]any) { delete(h, "kid") }
			f.JWKS = func(set map[string]any) {
				var keys []any
				for range others {
					keys = append(keys, strangerKey(t))
				}
				set["keys"] = append(keys, set["keys"].([]any)...)
			}
		})
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("%d other keys: %s, want %s", others, got, want)
		}
	}
}

// strangerKey is the public key of another provider.
func strangerKey(t *testing.T) any {
	other := authtest.NewTLSProvider(t)
	resp, err := other.HTTPClient().Get(other.Issuer() + "/jwks")
	if err != nil {
		t.Error(err)
		return nil
	}
	defer resp.Body.Close()
	var set jose.JSONWebKeySet
	json.NewDecoder(resp.Body).Decode(&set)
	return set.Keys[0]
}

// R67
func TestOutbound_R67_ContentIsChecked(t *testing.T) {
	const marker = "provider-says-secret"
	for name, row := range map[string]struct{ contentType, body string }{
		"HTML": {"text/html", "<html>" + marker + "</html>"},
		"JSON as text": {"text/plain", `{"access_token":"` + marker +
			`","id_token":"x","token_type":"Bearer"}`},
		"JSON, not object": {"application/json", `["` + marker + `"]`},
		"wrong types":      {"application/json", `{"access_token":{"x":"` + marker + `"}}`},
		"empty":            {"application/json", ""},
		"cut":              {"application/json", `{"access_token":"` + marker},
		"duplicates": {"application/json", `{"access_token":"` + marker +
			`","access_token":"y","id_token":"x"}`},
		"no type": {"", marker},
	} {
		for _, endpoint := range []string{"discovery", "jwks", "token", "userinfo"} {
			if name == "JSON as text" && endpoint != "token" {
				continue
			}
			app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = rig.Answer(endpoint, 200, row.contentType, row.body)
			})
			b := rig.Browser(t)
			resp := app.SignIn(t, b, "alice", "/me")
			if resp.StatusCode < 400 {
				t.Errorf("%s from %s: status %d, want an error", name, endpoint, resp.StatusCode)
			}
			if strings.Contains(authtest.Body(t, resp), marker) ||
				strings.Contains(app.Log(), marker) {
				t.Errorf("%s from %s: the provider's text shows up", name, endpoint)
			}
		}
	}
}

// R68
func TestOutbound_R68_CallersClientForEverything(t *testing.T) {
	var seen sync.Map
	app := rig.New(t, func(s *rig.Setup) {
		next := s.OP.HTTPClient().Transport
		s.OIDC.UserInfo = "always"
		s.OIDC.PAR = true
		s.OIDC.HTTPClient = &http.Client{Jar: authtest.NewBrowser(t).Jar,
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				seen.Store(r.URL.Path, true)
				if len(r.Cookies()) > 0 {
					t.Errorf("cookies are sent to %s", r.URL.Path)
				}
				return next.RoundTrip(r)
			})}
	})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(_ string, w http.ResponseWriter, _ *http.Request) bool {
			http.SetCookie(w, &http.Cookie{Name: "tracking", Value: "x", Path: "/"})
			return false
		}
	})
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Fatal(got)
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/par", "/token", "/jwks",
		"/userinfo"} {
		if _, ok := seen.Load(path); !ok {
			t.Errorf("%s was fetched by another client", path)
		}
	}
}

// R70
func TestDiscovery_R70_MetadataFlipsUnderLoad(t *testing.T) {
	app := rig.New(t)
	var flip atomic.Int32
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			version := fmt.Sprintf("?v=%d", flip.Add(1)%2)
			m["authorization_endpoint"] = m["authorization_endpoint"].(string) + version
			m["userinfo_endpoint"] = m["userinfo_endpoint"].(string) + version
		}
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				app.Clock.Advance(2 * time.Hour)
				resp := app.Get(t, rig.Browser(t), "/auth/login")
				if got := len(rig.Location(t, resp).Query()["v"]); got != 1 {
					t.Errorf("v is %d times in the request", got)
				}
			}
		})
	}
	wg.Wait()
	if app.OP.Count("discovery") < 2 {
		t.Error("the metadata did not flip")
	}
}
