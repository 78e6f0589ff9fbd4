package provider_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// R5: the other response types work when asked for, by form_post.
func TestHybrid_R5_OptIn(t *testing.T) {
	for _, kind := range []string{"id_token", "code id_token"} {
		t.Run(kind, func(t *testing.T) {
			app := rig.New(t, rig.ResponseType(kind))
			b := rig.Browser(t)
			query := app.BeginLogin(t, b, "/auth/login").Query()
			if query.Get("response_type") != kind || query.Get("response_mode") != "form_post" {
				t.Errorf("the request is %v", query)
			}
			if got := query.Has("code_challenge"); got != strings.Contains(kind, "code ") {
				t.Errorf("code_challenge: %v", got)
			}
			resp := app.SignIn(t, b, "alice", "/me/x?y=1")
			if resp.Request.URL.RequestURI() != "/me/x?y=1" ||
				!strings.Contains(authtest.Body(t, resp), app.Is("alice")) {
				t.Errorf("ended at %s with status %d: %s", resp.Request.URL, resp.StatusCode,
					app.Log())
			}
			if got, want := app.OP.Count("token"), strings.Count(kind, "code "); got != want {
				t.Errorf("%d token requests, want %d", got, want)
			}
		})
	}
	for _, kind := range []string{"token", "id_token token", "code token", "none", "code  id_token",
		"CODE"} {
		_, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) { o.ResponseType = kind }))
		if err == nil || strings.Contains(kind, " token") && !strings.Contains(err.Error(),
			"must not pass through the browser") {
			t.Errorf("ResponseType %q: %v", kind, err)
		}
	}
}

// R16, R58
func TestHybrid_R58_ResponsesThatDoNotFit(t *testing.T) {
	for name, row := range map[string]struct {
		kind   string
		change func(url.Values)
		fault  func(*authtest.Faults)
		want   int
	}{
		"id_token, right": {"id_token", func(url.Values) {}, nil, 303},
		"id_token with a code": {"id_token", func(f url.Values) {
			f.Set("code", "x")
		}, nil, 400},
		"id_token with a token": {"id_token", func(f url.Values) {
			f.Set("access_token", "x")
		}, nil, 400},
		"id_token missing": {"id_token", func(f url.Values) { f.Del("id_token") }, nil, 400},
		"id_token twice": {"id_token", func(f url.Values) {
			f.Add("id_token", f.Get("id_token"))
		}, nil, 400},
		"id_token, other nonce": {"id_token", func(url.Values) {}, func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["nonce"] = "x" }
		}, 400},
		"id_token and error": {"id_token", func(f url.Values) {
			f.Set("error", "access_denied")
		}, nil, 400},
		"hybrid, right": {"code id_token", func(url.Values) {}, nil, 303},
		"hybrid without id_token": {"code id_token", func(f url.Values) {
			f.Del("id_token")
		}, nil, 400},
		"hybrid without code": {"code id_token", func(f url.Values) {
			f.Del("code")
		}, nil, 400},
		"hybrid, no c_hash": {"code id_token", func(url.Values) {}, func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { delete(c, "c_hash") }
		}, 400},
		"hybrid, wrong c_hash": {"code id_token", func(url.Values) {}, func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["c_hash"] = "AAAA" }
		}, 400},
		"hybrid, empty c_hash": {"code id_token", func(url.Values) {}, func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["c_hash"] = "" }
		}, 400},
		"hybrid, other code": {"code id_token", func(f url.Values) {
			f.Set("code", "x"+f.Get("code"))
		}, nil, 400},
		"hybrid, other sub": {"code id_token", func(url.Values) {}, func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["sub"] = "1002" }
		}, 400},
		"hybrid, other iss": {"code id_token", func(url.Values) {}, func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["iss"] = "https://evil.example" }
		}, 400},
		"hybrid, wrong at_hash": {"code id_token", func(url.Values) {}, func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["at_hash"] = "AAAA" }
		}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, rig.ResponseType(row.kind))
			if row.fault != nil {
				app.OP.Misbehave(row.fault)
			}
			b := rig.Browser(t)
			resp := rig.PostedResponse(t, app, b, row.change)
			if resp.StatusCode != row.want {
				t.Errorf("status %d, want %d\n%s", resp.StatusCode, row.want, app.Log())
			}
			if who := app.Visit(t, b, "/"); (who == app.Is("alice")) != (row.want == 303) {
				t.Errorf("signed in as %s", who)
			}
			// seen by the second ID token
			afterwards := name == "hybrid, other sub" || name == "hybrid, wrong at_hash"
			if row.want == 400 && !afterwards && app.OP.Count("token") != 0 {
				t.Error("the token endpoint was asked")
			}
		})
	}
}
