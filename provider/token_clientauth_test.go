package provider_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// signingKeys are private keys of each kind that a client may have.
func signingKeys(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	keys := map[string]crypto.Signer{}
	keep := func(name string, key crypto.Signer, err error) {
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = key
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	keep("RS256", rsaKey, err)
	for name, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(),
		"ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		keep(name, key, err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	keep("EdDSA", edKey, err)
	return keys
}

func certificateOf(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1),
		Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// withKey makes the client of the rig one that signs.
func withKey(key *provider.ClientKey) func(*rig.Setup) {
	return func(s *rig.Setup) {
		s.OIDC.ClientSecret, s.OIDC.ClientKey, s.OIDC.PAR = "", key, true
		s.OIDC.Scopes = []string{"openid", "profile", "offline_access"}
		s.OP.SetClientKey(key.Signer.Public())
	}
}

// An assertion is what a request says about the client.
type assertion struct {
	header struct {
		Alg, Kid, Typ, X5t string
	}
	claims struct {
		Iss, Sub, Jti string
		Aud           any
		Iat, Exp      int64
	}
}

// noting tells when an endpoint is asked, which then answers as always.
func noting(wanted string, asked chan<- bool) func(string, http.ResponseWriter,
	*http.Request) bool {
	return func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
		if endpoint == wanted {
			asked <- true
		}
		return false
	}
}

func readAssertion(t *testing.T, form url.Values) (a assertion) {
	t.Helper()
	parts := strings.Split(form.Get("client_assertion"), ".")
	if len(parts) != 3 {
		t.Fatalf("no assertion: %v", form)
	}
	for i, into := range []any{&a.header, &a.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// R36, quirk 27: a client that signs sends a new client assertion to each endpoint, for the
// issuer of the provider alone.
func TestClientKey_R36_Assertions(t *testing.T) {
	for alg, key := range signingKeys(t) {
		t.Run(alg, func(t *testing.T) {
			certificate := certificateOf(t, key)
			app := rig.New(t, withKey(&provider.ClientKey{Signer: key, ID: "the key",
				Certificate: certificate}))
			b := rig.Browser(t)
			if who := authtest.Body(t, app.SignIn(t, b, "alice", "/me")); !strings.Contains(who,
				app.Is("alice")) {
				t.Fatalf("signed in as %s", who)
			}
			revoked := make(chan bool, 2)
			app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = noting("revoke", revoked) })
			app.Post(t, b, "/auth/logout", nil)
			<-revoked
			<-revoked
			thumbprint := sha1.Sum(certificate.Raw)
			seen := map[string]bool{}
			for _, endpoint := range []string{"par", "token", "revoke"} {
				requests := app.OP.Requests(endpoint)
				if len(requests) == 0 {
					t.Errorf("nothing was sent to %s", endpoint)
				}
				for _, r := range requests {
					a := readAssertion(t, r.Form)
					if a.claims.Aud != app.OP.Issuer() || a.claims.Iss != authtest.ClientID ||
						a.claims.Sub != authtest.ClientID {
						t.Errorf("%s: %+v", endpoint, a.claims)
					}
					if life := a.claims.Exp - a.claims.Iat; life <= 0 || life > 300 ||
						a.claims.Iat != app.Clock.Now().Unix() {
						t.Errorf("%s: from %d to %d", endpoint, a.claims.Iat, a.claims.Exp)
					}
					if a.header.Alg != alg || a.header.Kid != "the key" ||
						a.header.X5t != base64.RawURLEncoding.EncodeToString(thumbprint[:]) {
						t.Errorf("%s: header %+v", endpoint, a.header)
					}
					if seen[a.claims.Jti] || len(a.claims.Jti) < 22 {
						t.Errorf("%s: jti %q is not new", endpoint, a.claims.Jti)
					}
					seen[a.claims.Jti] = true
					if r.Form.Has("client_secret") || r.Header.Get("Authorization") != "" {
						t.Errorf("%s: a secret beside it", endpoint)
					}
				}
			}
		})
	}
}

// R36: a provider that calls its token endpoint what another provider's issuer is called gets
// nothing that would count there.
func TestClientKey_R36_EndpointNamedAsAnotherIssuer(t *testing.T) {
	key := signingKeys(t)["ES256"]
	app := rig.New(t, func(s *rig.Setup) {
		s.Second = true
	}, withKey(&provider.ClientKey{Signer: key}))
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["pushed_authorization_request_endpoint"] = app.OP2.Issuer()
		}
	})
	app.Get(t, rig.Browser(t), "/auth/login/op")
	for _, r := range app.OP2.Requests("page") {
		if a := readAssertion(t, r.Form); a.claims.Aud != app.OP.Issuer() {
			t.Errorf("aud is %v, want the issuer that the login is at", a.claims.Aud)
		}
	}
}

// A provider that has another key refuses, and nothing is tried in its place.
func TestClientKey_OfAnother(t *testing.T) {
	keys := signingKeys(t)
	app := rig.New(t, withKey(&provider.ClientKey{Signer: keys["ES256"]}))
	app.OP.SetClientKey(keys["ES384"].Public())
	app.Get(t, rig.Browser(t), "/auth/login/op")
	if n := app.OP.Count("par"); n != 1 || app.OP.Count("authorize") != 0 {
		t.Errorf("%d pushed requests, %d others", n, app.OP.Count("authorize"))
	}
}

// R157, R36: a key that must not sign is a mistake, and so is one for two.
func TestClientKey_R36_Configuration(t *testing.T) {
	keys := signingKeys(t)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := &provider.ClientKey{Signer: keys["ES256"]}
	for want, change := range map[string]func(*provider.OIDC){
		"Signer is missing": func(o *provider.OIDC) {
			o.ClientKey = &provider.ClientKey{}
		},
		"1024 bits: use one of at least": func(o *provider.OIDC) {
			o.ClientKey = &provider.ClientKey{Signer: short}
		},
		"neither RSA": func(o *provider.OIDC) {
			o.ClientKey = &provider.ClientKey{Signer: odd}
		},
		"belongs to another key": func(o *provider.OIDC) {
			o.ClientKey = &provider.ClientKey{Signer: keys["ES256"],
				Certificate: certificateOf(t, keys["RS256"])}
		},
		"replaces a secret: remove": func(o *provider.OIDC) {
			o.ClientSecret, o.ClientKey = "secret", good
		},
		"the authentication method": func(o *provider.OIDC) {
			o.AuthMethod, o.ClientKey = "none", good
		},
		"needs a client key": func(o *provider.OIDC) { o.AuthMethod = "private_key_jwt" },
	} {
		_, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.ClientSecret = ""
			change(o)
		}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	two := rig.MinimalConfig(func(o *provider.OIDC) { o.ClientSecret, o.ClientKey = "", good })
	for name, p := range two.Providers {
		o := p.(*provider.OIDC)
		two.Providers[name+"2"] = &provider.OIDC{Issuer: o.Issuer + "/2", ClientID: o.ClientID,
			ClientKey: &provider.ClientKey{Signer: keys["ES256"]}}
		break
	}
	if _, err := sallyport.New(two); err == nil ||
		!strings.Contains(err.Error(), "a key of its own") {
		t.Errorf("one key for two providers: %v", err)
	}
	for _, text := range []string{fmt.Sprint(good), fmt.Sprintf("%+v %#v", good, good)} {
		if !strings.Contains(text, "redacted") || strings.Contains(text, "Signer") {
			t.Errorf("it prints itself: %s", text)
		}
	}
}
