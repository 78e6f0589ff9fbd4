package provider_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// static configures a provider without discovery.
func static(s *rig.Setup) {
	at := s.OP.Issuer()
	s.OIDC.Static = true
	s.OIDC.SigningAlgs = []string{"ES256"}
	s.OIDC.Endpoints = provider.Endpoints{
		Authorization: at + "/authorize", Token: at + "/token", UserInfo: at + "/userinfo",
		JWKS: at + "/jwks", EndSession: at + "/end_session", Revocation: at + "/revoke",
	}
}

// publicKeys are those of the provider's JWKS.
func publicKeys(t *testing.T, op *authtest.Provider) (keys []crypto.PublicKey) {
	resp, err := op.HTTPClient().Get(op.Issuer() + "/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		keys = append(keys, key.Key)
	}
	return keys
}

// A static provider signs users in and out without its discovery document, and follows the rotation
// of its keys (R64).
func TestStatic_R64_NoDiscovery(t *testing.T) {
	app := rig.New(t, static)
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("discovery", 500, "", "") })
	if err := app.OIDC.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if got := app.Visit(t, b, "/me"); !strings.Contains(got, rig.Marker) {
		t.Errorf("after the login: %s", got)
	}
	app.OP.RotateKeys()
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("the first token of a new key: %s", got)
	}
	app.Clock.Advance(2 * time.Hour) // longer than metadata is used
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("two hours later: %s", got)
	}
	logout := app.OIDC.EndSessionURL(t.Context(), provider.EndSession{ReturnURL: app.URL})
	if !strings.HasPrefix(logout, app.OP.Issuer()+"/end_session?") {
		t.Errorf("the logout is at %q", logout)
	}
	if n := app.OP.Count("discovery"); n != 0 {
		t.Errorf("%d requests for the discovery document, want none", n)
	}
}

// Fixed keys verify ID tokens without any request for keys, and no other key does.
func TestStatic_FixedKeys(t *testing.T) {
	var before int
	app := rig.New(t, static, func(s *rig.Setup) {
		s.OIDC.Endpoints.JWKS, s.OIDC.Keys = "", publicKeys(t, s.OP)
		before = s.OP.Count("jwks")
	})
	for range 2 {
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("a login: %s", got)
		}
		app.Clock.Advance(48 * time.Hour) // longer than fetched keys are used
	}
	app.OP.RotateKeys()
	for range 2 {
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("a key that is not among them: %s", got)
		}
	}
	if n := app.OP.Count("jwks") - before + app.OP.Count("discovery"); n != 0 {
		t.Errorf("%d requests for keys and metadata, want none", n)
	}
}

// Validate names what a static provider lacks, and what cannot be meant.
func TestStatic_Mistakes(t *testing.T) {
	op := authtest.NewTLSProvider(t)
	keys := publicKeys(t, op)
	all := func(o *provider.OIDC, e *provider.Endpoints) { o.Keys, e.JWKS = keys, "" }
	only := func(k ...crypto.PublicKey) func(*provider.OIDC, *provider.Endpoints) {
		return func(o *provider.OIDC, e *provider.Endpoints) { o.Keys, e.JWKS = k, "" }
	}
	for name, row := range map[string]struct {
		change func(o *provider.OIDC, e *provider.Endpoints)
		want   string // "" for none
	}{
		"nothing": {func(*provider.OIDC, *provider.Endpoints) {}, ""},
		"no authorization endpoint": {func(_ *provider.OIDC, e *provider.Endpoints) {
			e.Authorization = ""
		}, "Endpoints.Authorization is missing"},
		"no token endpoint": {func(_ *provider.OIDC, e *provider.Endpoints) {
			e.Token = ""
		}, "Endpoints.Token is missing"},
		"no token endpoint needed": {func(o *provider.OIDC, e *provider.Endpoints) {
			e.Token, o.ResponseType = "", "id_token"
		}, ""},
		"no keys": {func(_ *provider.OIDC, e *provider.Endpoints) {
			e.JWKS = ""
		}, "Endpoints.JWKS is missing"},
		"no userinfo endpoint": {func(o *provider.OIDC, e *provider.Endpoints) {
			e.UserInfo, o.UserInfo = "", "always"
		}, "Endpoints.UserInfo is missing"},
		"no PAR endpoint": {func(o *provider.OIDC, _ *provider.Endpoints) {
			o.PAR = true
		}, "Endpoints.PushedAuthorization is missing"},
		"discovery as well": {func(o *provider.OIDC, _ *provider.Endpoints) {
			o.Discovery = "https://op.example/metadata"
		}, "Discovery and Static"},
		"keys": {all, ""},
		"keys and a JWKS": {func(o *provider.OIDC, _ *provider.Endpoints) {
			o.Keys = keys
		}, "Keys and Endpoints.JWKS"},
		"keys of a discovered provider": {func(o *provider.OIDC, _ *provider.Endpoints) {
			o.Keys, o.Static = keys, false
		}, "Keys need Static"},
		"keys and a secret that signs": {func(o *provider.OIDC, e *provider.Endpoints) {
			all(o, e)
			o.SecretSignsTokens = true
		}, "Keys and SecretSignsTokens"},
		"keys of organizations": {func(o *provider.OIDC, e *provider.Endpoints) {
			all(o, e)
			o.Organizations = &provider.Organizations{}
		}, "Organizations need"},
		"no key":            {only(nil), "Keys [0]"},
		"a nil pointer":     {only((*rsa.PublicKey)(nil)), "Keys [0]"},
		"an empty key":      {only(new(rsa.PublicKey)), "Keys [0]"},
		"no curve":          {only(new(ecdsa.PublicKey)), "Keys [0]"},
		"a truncated key":   {only(ed25519.PublicKey("short")), "Keys [0]"},
		"a secret as a key": {only([]byte("secret")), "Keys [0]"},
		"too many keys":     {only(1, 2, 3, 4), "at most 3"},
		"a plain endpoint": {func(_ *provider.OIDC, e *provider.Endpoints) {
			e.Token = "http://op.example/t"
		}, "must be https"},
	} {
		setup := &rig.Setup{OIDC: op.OIDC(), OP: op}
		static(setup)
		row.change(setup.OIDC, &setup.OIDC.Endpoints)
		_, err := setup.OIDC.Validate()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(),
			row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

// F3: a tenant that writes down the issuer of another provider must not bring keys for it.
func TestStatic_F3_NoKeysOfTenants(t *testing.T) {
	for name, row := range map[string]struct {
		change func(t *testing.T, s *rig.Setup)
		works  bool
	}{
		"a JWKS at the issuer": {func(*testing.T, *rig.Setup) {}, true},
		"fixed keys": {func(t *testing.T, s *rig.Setup) {
			s.OIDC.Keys, s.OIDC.Endpoints.JWKS = publicKeys(t, s.OP), ""
		}, false},
		"a JWKS elsewhere": {func(_ *testing.T, s *rig.Setup) {
			s.OIDC.Endpoints.JWKS = "https://evil.example/jwks"
		}, false},
	} {
		app, tenants := rig.NewTenants(t)
		setup := &rig.Setup{OIDC: app.OP2.OIDC(), OP: app.OP2}
		static(setup)
		row.change(t, setup)
		tenants.Set("acme", setup.OIDC)
		resp := app.Get(t, rig.Browser(t), "/auth/login/acme")
		if begun := resp.StatusCode == http.StatusSeeOther; begun != row.works {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}
