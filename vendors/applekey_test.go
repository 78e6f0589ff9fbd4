package vendors_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/vendors"
)

func pkcs8(t *testing.T, key any, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// A key that cannot sign for Apple is a configuration error, not one of every login.
func TestAppleKey_Unfit(t *testing.T) {
	small, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	good := pkcs8(t, small, err)
	large, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	other := pkcs8(t, large, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	for name, row := range map[string]struct {
		key  vendors.AppleKey
		want string
	}{
		"right": {vendors.AppleKey{TeamID: "T", KeyID: "K", PrivateKey: good}, ""},
		"P-384": {
			vendors.AppleKey{TeamID: "T", KeyID: "K", PrivateKey: other},
			"not a key for ES256",
		},
		"RSA": {
			vendors.AppleKey{TeamID: "T", KeyID: "K", PrivateKey: pkcs8(t, rsaKey, err)},
			"not a key for ES256",
		},
		"no key ID": {vendors.AppleKey{TeamID: "T", PrivateKey: good}, "KeyID is missing"},
		"no team":   {vendors.AppleKey{KeyID: "K", PrivateKey: good}, "TeamID or KeyID"},
		"cut off": {
			vendors.AppleKey{TeamID: "T", KeyID: "K", PrivateKey: good[:60]},
			"not the content of a .p8 file",
		},
		"other text": {
			vendors.AppleKey{
				TeamID:     "T",
				KeyID:      "K",
				PrivateKey: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
			},
			"cannot be read",
		},
	} {
		_, err := vendors.Apple("com.example.signin", row.key).Validate()
		if (err == nil) != (row.want == "") ||
			err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
