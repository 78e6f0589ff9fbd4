package provider

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// F40: white space and line ends from copying client credentials are rejected.
func TestVerbatim_F40_ClientsAndIssuers(t *testing.T) {
	const secret = "s3cret-of-the-client"
	for name, spoil := range map[string]func(string) string{
		"line end":        func(s string) string { return s + "\n" },
		"CRLF":            func(s string) string { return s + "\r\n" },
		"space":           func(s string) string { return s + " " },
		"tab before":      func(s string) string { return "\t" + s },
		"no-break space":  func(s string) string { return s + "\u00a0" },
		"byte order mark": func(s string) string { return "\ufeff" + s },
		"zero width":      func(s string) string { return s + "\u200b" },
		"line end inside": func(s string) string { return s[:3] + "\n" + s[3:] },
	} {
		id, key, issuer := spoil("client"), spoil(secret), spoil("https://op.example")
		for field, v := range map[string]Validator{
			"ClientID": &OIDC{Issuer: "https://op.example", ClientID: id},
			"ClientSecret": &OIDC{Issuer: "https://op.example", ClientID: "client",
				ClientSecret: key},
			"Issuer": &OIDC{Issuer: issuer, ClientID: "client"},
			"Discovery": &OIDC{Issuer: "https://op.example", Discovery: issuer,
				ClientID: "client"},
		} {
			wantRejected(t, name, field, v, secret)
		}
		for field, change := range map[string]func(*OAuth2){
			"ClientID":                func(o *OAuth2) { o.ClientID = id },
			"ClientSecret":            func(o *OAuth2) { o.ClientSecret = key },
			"Endpoints.Authorization": func(o *OAuth2) { o.Endpoints.Authorization = issuer },
			"Endpoints.Revocation":    func(o *OAuth2) { o.Endpoints.Revocation = issuer },
			"APIBase":                 func(o *OAuth2) { o.APIBase = issuer },
		} {
			o := &OAuth2{
				ClientID: "client", ClientSecret: secret, Issuer: "https://op.example",
				Endpoints: Endpoints{
					Authorization: "https://op.example/a",
					Token:         "https://op.example/t",
					UserInfo:      "https://op.example/me",
				},
				UserFields: Fields{ID: "id"},
			}
			if _, err := o.Validate(); err != nil {
				t.Fatal(err)
			}
			change(o)
			wantRejected(t, name, field, o, secret)
		}
		for field, change := range map[string]func(*OAuth1){
			"ClientID":     func(o *OAuth1) { o.ClientID = id },
			"ClientSecret": func(o *OAuth1) { o.ClientSecret = key },
		} {
			o := &OAuth1{
				ClientID: "client", ClientSecret: secret, Issuer: "https://op.example",
				UserFields: Fields{ID: "id"},
				Endpoints: Endpoints{
					RequestToken:  "https://op.example/r",
					Authorization: "https://op.example/a",
					Token:         "https://op.example/t",
				},
			}
			if _, err := o.Validate(); err != nil {
				t.Fatal(err)
			}
			change(o)
			wantRejected(t, name, field, o, secret)
		}
	}
}

func wantRejected(t *testing.T, name, field string, v Validator, secret string) {
	t.Helper()
	_, err := v.Validate()
	if err == nil || !strings.Contains(err.Error(), field) ||
		!strings.Contains(err.Error(), "remove") || strings.Contains(err.Error(), secret) {
		t.Errorf("%s, %s of %T: %v", name, field, v, err)
	}
}

// F46: a symmetric algorithm is rejected, and the error names the field to use instead.
func TestSigningAlgs_F46_Symmetric(t *testing.T) {
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c", ClientSecret: "s",
			SigningAlgs: []string{alg}}
		if _, err := o.Validate(); err == nil ||
			!strings.Contains(err.Error(), "SecretSignsTokens") ||
			!strings.Contains(err.Error(), alg) {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// R1: PKCE or nonce binds a code to its login, even at a provider that lacks one of them.
func TestQuirks_R1_Validate(t *testing.T) {
	openID := func(q Quirks, change func(*OIDC)) Validator {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c", ClientSecret: "s", Quirks: q}
		change(o)
		return o
	}
	plain := func(q Quirks, secret string) Validator {
		return &OAuth2{
			ClientID: "c", ClientSecret: secret, Quirks: q,
			Endpoints: Endpoints{
				Authorization: "https://op.example/authorize",
				Token:         "https://op.example/token",
				UserInfo:      "https://op.example/me",
			},
			UserFields: Fields{ID: "id"},
		}
	}
	same := func(*OIDC) {}
	for name, row := range map[string]struct {
		v    Validator
		want string // in the error; empty for none
	}{
		"none":     {openID(Quirks{}, same), ""},
		"no PKCE":  {openID(Quirks{NoPKCE: true}, same), ""},
		"no nonce": {openID(Quirks{NoNonce: true}, same), ""},
		"neither":  {openID(Quirks{NoPKCE: true, NoNonce: true}, same), "exclude each other"},
		"neither, by choice": {
			openID(Quirks{NoNonce: true}, func(o *OIDC) {
				o.InsecureNoPKCE = true
			}), "exclude each other",
		},
		"no PKCE, no secret": {
			openID(Quirks{NoPKCE: true}, func(o *OIDC) {
				o.ClientSecret = ""
			}), "Quirks.NoPKCE needs a client secret",
		},
		"no nonce for an ID token from the browser": {
			openID(Quirks{NoNonce: true}, func(o *OIDC) { o.ResponseType = "id_token" }),
			"needs ResponseType code",
		},
		"OAuth 2.0, no PKCE": {plain(Quirks{NoPKCE: true}, "s"), ""},
		"OAuth 2.0, no PKCE, no secret": {plain(Quirks{NoPKCE: true}, ""),
			"Quirks.NoPKCE needs a client secret"},
		"OAuth 2.0, no nonce": {plain(Quirks{NoNonce: true}, "s"),
			"Quirks.NoNonce does not apply"},
	} {
		insecure, err := row.v.Validate()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(),
			row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
		if row.want == "" && len(insecure) > 0 {
			t.Errorf("%s: %q is a fact about the provider, not a choice", name, insecure)
		}
	}
}

// Each quirk is logged once.
func TestQuirks_AreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	for _, p := range []Reporter{
		&OIDC{Quirks: Quirks{NoNonce: true}}, &OAuth2{Quirks: Quirks{NoPKCE: true}}, &OIDC{},
		&OAuth2{},
	} {
		p.ReportTo(logger)
		p.ReportTo(logger)
	}
	for _, quirk := range []string{"NoNonce", "NoPKCE"} {
		if n := strings.Count(log.String(), "quirk="+quirk); n != 1 {
			t.Errorf("%s is logged %d times: %s", quirk, n, &log)
		}
	}
}

// The dialect translates a provider's own error code in the callback, with OAuth 2.0 too.
func TestOAuth2_TranslatesTheCallbackError(t *testing.T) {
	o := &OAuth2{Dialect: Dialect{ErrorCodes: map[string]string{"cancelled": "access_denied"}}}
	o.Endpoints.Authorization = "https://op.example/authorize"
	f := &Flow{}
	if _, err := o.Begin(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	_, err := o.Finish(t.Context(), f, url.Values{"error": {"cancelled"}, "state": {f.State}})
	if fault, ok := err.(*Error); !ok || fault.Fault != FaultDenied {
		t.Errorf("%v, want %s", err, FaultDenied)
	}
}

// inFIPSMode reports whether this process is restricted to approved algorithms. If not, it runs the
// test again in one that is.
func inFIPSMode(t *testing.T) bool {
	t.Helper()
	if fips140.Enforced() {
		return true
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), "GODEBUG=fips140=only")
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("with GODEBUG=fips140=only: %v\n%s", err, out)
	}
	return false
}

// F51: Validate rejects settings that would panic at the first login in FIPS mode, and the error
// says what to do.
func TestFIPS_F51_ValidateRejects(t *testing.T) {
	if !inFIPSMode(t) {
		return
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	signing, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	oauth1 := func(method, secret string) *OAuth1 {
		o := &OAuth1{
			ClientID: "c", ClientSecret: secret, SignatureMethod: method,
			Issuer: "https://op.example", UserFields: Fields{ID: "id"},
			Endpoints: Endpoints{
				RequestToken:  "https://op.example/r",
				Authorization: "https://op.example/a",
				Token:         "https://op.example/t",
			},
		}
		if method == "RSA-SHA1" {
			o.ClientSecret, o.PrivateKey = "", signing
		}
		return o
	}
	const long = "a-client-secret-of-many-bytes"
	oidc := func(k *ClientKey) *OIDC {
		return &OIDC{Issuer: "https://op.example", ClientID: "c", ClientKey: k}
	}
	for name, row := range map[string]struct {
		v    Validator
		want string // in the error; empty for none
	}{
		"HMAC-SHA1":                 {oauth1("HMAC-SHA1", long), "HMAC-SHA256"},
		"default":                   {oauth1("", long), "HMAC-SHA256"},
		"RSA-SHA1":                  {oauth1("RSA-SHA1", ""), "HMAC-SHA256"},
		"HMAC-SHA256":               {oauth1("HMAC-SHA256", long), ""},
		"HMAC-SHA256, short secret": {oauth1("HMAC-SHA256", "short"), "ClientSecret is too short"},
		"PLAINTEXT":                 {oauth1("PLAINTEXT", "short"), ""},
		"certificate": {oidc(&ClientKey{Signer: key, Certificate: certificate}),
			"Certificate"},
		"key alone": {oidc(&ClientKey{Signer: key, ID: "k"}), ""},
	} {
		_, err := row.v.Validate()
		if (err == nil) != (row.want == "") || err != nil &&
			(!strings.Contains(err.Error(), row.want) ||
				!strings.Contains(err.Error(), "fips140=only")) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
