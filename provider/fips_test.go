package provider

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"
)

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
