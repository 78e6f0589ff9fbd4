package provider_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// signEd25519 signs claims with a header of which more may replace members.
func signEd25519(key ed25519.PrivateKey, alg string, claims map[string]any) string {
	signed := rig.Base64(rig.JSON(map[string]any{"alg": alg, "kid": "k"})) + "." +
		rig.Base64(rig.JSON(claims))
	return signed + "." + rig.Base64(ed25519.Sign(key, []byte(signed)))
}

// F35: Ed25519 has two names (RFC 8037, RFC 9864), which metadata, keys and tokens may mix.
func TestIDToken_F35_Ed25519(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, _ := ed25519.GenerateKey(rand.Reader)
	jwk := map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": rig.Base64(public)}
	for name, row := range map[string]struct {
		listed, keyAlg, alg string
		configured          []string
		signer              ed25519.PrivateKey
		want                string
	}{
		"RFC 9864":                    {"Ed25519", "Ed25519", "Ed25519", nil, private, "ok"},
		"RFC 9864, key without alg":   {"Ed25519", "", "Ed25519", nil, private, "ok"},
		"RFC 8037":                    {"EdDSA", "EdDSA", "EdDSA", nil, private, "ok"},
		"listed by the new name only": {"Ed25519", "EdDSA", "EdDSA", nil, private, "ok"},
		"listed by the old name only": {"EdDSA", "Ed25519", "Ed25519", nil, private, "ok"},
		"configured": {"RS256", "", "Ed25519", []string{"Ed25519"},
			private, "ok"},
		"configured by the other name": {"RS256", "", "Ed25519", []string{"EdDSA"}, private, "ok"},
		"another signer": {"Ed25519", "Ed25519", "Ed25519", nil, stranger,
			"invalid_id_token"},
		"not listed": {"ES256", "Ed25519", "Ed25519", nil, private,
			"invalid_id_token"},
		"the key is for another": {"Ed25519", "ES256", "Ed25519", nil, private,
			"invalid_id_token"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) { s.OIDC.SigningAlgs = row.configured })
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Discovery = func(m map[string]any) {
					m["id_token_signing_alg_values_supported"] = []string{row.listed}
				}
				f.JWKS = func(set map[string]any) {
					key := maps.Clone(jwk)
					if row.keyAlg != "" {
						key["alg"] = row.keyAlg
					}
					set["keys"] = []any{key}
				}
				f.TokenResponse = func(answer map[string]any) {
					claims := claimsOf(answer["id_token"].(string))
					sum := sha512.Sum512([]byte(answer["access_token"].(string)))
					claims["at_hash"] = base64.RawURLEncoding.EncodeToString(sum[:32])
					answer["id_token"] = signEd25519(row.signer, row.alg, claims)
				}
			})
			if got := rig.TryLogin(t, app); got != row.want {
				t.Errorf("%s, want %s\n%s", got, row.want, app.Log())
			}
		})
	}
}

// F54, F35: a client key signs with an algorithm that the provider lists, or with the one that is
// configured.
func TestClientKey_F54_F35_Algorithm(t *testing.T) {
	keys := signingKeys(t)
	for name, row := range map[string]struct {
		key, algorithm string
		listed         []string
		want           string
	}{
		"nothing listed":           {"RS256", "", nil, "RS256"},
		"RS256 listed":             {"RS256", "", []string{"PS256", "RS256"}, "RS256"},
		"PS256 listed":             {"RS256", "", []string{"ES256", "PS256", "EdDSA"}, "PS256"},
		"PS512 listed":             {"RS256", "", []string{"ES256", "PS512"}, "PS512"},
		"PS256 configured":         {"RS256", "PS256", []string{"RS256", "PS256"}, "PS256"},
		"configured, not listed":   {"RS256", "PS256", nil, "PS256"},
		"Ed25519 by the old name":  {"EdDSA", "", []string{"EdDSA", "Ed25519"}, "EdDSA"},
		"Ed25519 by the new name":  {"EdDSA", "", []string{"Ed25519"}, "Ed25519"},
		"Ed25519, as configured":   {"EdDSA", "Ed25519", nil, "Ed25519"},
		"ECDSA has one for itself": {"ES384", "", []string{"RS256", "ES384"}, "ES384"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, withKey(&provider.ClientKey{Signer: keys[row.key],
				Algorithm: row.algorithm}))
			if row.listed != nil {
				app.OP.Misbehave(func(f *authtest.Faults) {
					f.Discovery = func(m map[string]any) {
						m["token_endpoint_auth_signing_alg_values_supported"] = row.listed
					}
				})
			}
			if got := rig.TryLogin(t, app); got != "ok" {
				t.Fatalf("%s\n%s", got, app.Log())
			}
			for _, r := range app.OP.Requests("token") {
				if a := readAssertion(t, r.Form); a.header.Alg != row.want {
					t.Errorf("signed with %s, want %s", a.header.Alg, row.want)
				}
			}
		})
	}
}

// F54: an algorithm that the key cannot sign with is a mistake in the configuration.
func TestClientKey_F54_Configuration(t *testing.T) {
	keys := signingKeys(t)
	for alg, key := range map[string]string{"ES256": "RS256", "PS256": "ES256", "Ed448": "EdDSA",
		"none": "RS256", "HS256": "RS256"} {
		o := authtest.NewProvider(t).OIDC()
		o.ClientSecret, o.ClientKey = "", &provider.ClientKey{Signer: keys[key], Algorithm: alg}
		if _, err := o.Validate(); err == nil || !strings.Contains(err.Error(), "Algorithm") {
			t.Errorf("%s with a key for %s: %v", alg, key, err)
		}
	}
}

// F34: the audience of assertions can be configured, as one value; it never comes from the
// metadata.
func TestClientKey_F34_Audience(t *testing.T) {
	key := &provider.ClientKey{Signer: signingKeys(t)["ES256"]}
	for configured, want := range map[string]string{"": "the issuer",
		"https://op.example/token": "https://op.example/token"} {
		app := rig.New(t, withKey(key), func(s *rig.Setup) {
			s.OIDC.AssertionAudience = configured
		})
		app.OP.Misbehave(func(f *authtest.Faults) { f.AssertionAudience = configured })
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Fatalf("%s\n%s", got, app.Log())
		}
		if configured == "" {
			want = app.OP.Issuer()
		}
		for _, endpoint := range []string{"par", "token"} {
			for _, r := range app.OP.Requests(endpoint) {
				if a := readAssertion(t, r.Form); a.claims.Aud != want {
					t.Errorf("%s: aud is %v, want %s alone", endpoint, a.claims.Aud, want)
				}
			}
		}
	}
	o := authtest.NewProvider(t).OIDC()
	o.AssertionAudience = "https://op.example/token"
	if _, err := o.Validate(); err == nil ||
		!strings.Contains(err.Error(), "AssertionAudience needs a client key") {
		t.Errorf("without a key: %v", err)
	}
}

// F18, part f: keys that may have been withdrawn are used for a day while the JWKS cannot be read,
// then logins wait.
func TestKeys_F18f_UsedForADay(t *testing.T) {
	app := rig.New(t)
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Fatal(got)
	}
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("jwks", 500, "", "") })
	for _, step := range []struct {
		advance time.Duration
		want    string
	}{
		{23*time.Hour + 50*time.Minute, "ok"}, {20 * time.Minute, "provider_unavailable"},
		{time.Hour, "provider_unavailable"},
	} {
		app.Clock.Advance(step.advance)
		if got := rig.TryLogin(t, app); got != step.want {
			t.Errorf("%v later: %s, want %s", step.advance, got, step.want)
		}
	}
	if !strings.Contains(app.Log(), "keys are used for at most 24h0m0s") {
		t.Errorf("the log does not say why: %s", app.Log())
	}
	app.OP.Behave()
	app.Clock.Advance(6 * time.Second) // the longest pause
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("after the outage: %s", got)
	}
}
