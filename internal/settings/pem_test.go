package settings_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
)

// Keys and certificates come from PEM; a file with something else names the setting.
func TestProviders_PEM(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	client := authtest.ClientKey()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template,
		client.Public(), client)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, blocks ...*pem.Block) {
		var content []byte
		for _, b := range blocks {
			content = append(content, pem.EncodeToMemory(b)...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert := &pem.Block{Type: "CERTIFICATE", Bytes: certificate}
	write("cert", cert)
	write("keys", &pem.Block{Type: "PUBLIC KEY", Bytes: public}, cert)
	write("private", &pem.Block{Type: "RSA PRIVATE KEY",
		Bytes: x509.MarshalPKCS1PrivateKey(client)})
	write("broken", &pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte("hunter2-hunter2"),
		0o600); err != nil {
		t.Fatal(err)
	}
	const static = `{"x": {"issuer": "https://op.example", "client_id": "c", "static": true,
		"authorization_endpoint": "https://op.example/a", "token_endpoint": "https://op.example/t",
		"keys_file": "KEYS", "ca_file": "CA", "private_key_file": "private", "key_certificate_file": "CERT"}}`
	file := func(keys, ca, cert string) string {
		return strings.NewReplacer("KEYS", keys, "CA", ca, "CERT", cert).Replace(static)
	}
	set, mistakes := makeAll(t, file("keys", "cert", "cert"), map[string]string{"DIR": dir})
	o, ok := set["x"].(*provider.OIDC)
	if !ok || mistakes != "" {
		t.Fatal(mistakes)
	}
	_, second := o.Keys[len(o.Keys)-1].(*rsa.PublicKey)
	if len(o.Keys) != 2 || !key.PublicKey.Equal(o.Keys[0]) || !second || o.HTTPClient == nil ||
		o.ClientKey.Certificate == nil {
		t.Errorf("keys %v, client %v, certificate %v", o.Keys, o.HTTPClient,
			o.ClientKey.Certificate)
	}
	for want, content := range map[string]string{
		"x.keys must be public keys in PEM":       file("text", "cert", "cert"),
		"x.keys must be public":                   file("broken", "cert", "cert"),
		"x.keys must be":                          file("private", "cert", "cert"),
		"x.ca must be a certificate in PEM":       file("keys", "text", "cert"),
		"x.key_certificate must be a certificate": file("keys", "cert", "text"),
		"x.key_certificate must be":               file("keys", "cert", "broken"),
	} {
		_, mistakes := makeAll(t, content, map[string]string{"DIR": dir})
		if !strings.Contains(mistakes, want) || strings.Contains(mistakes, "hunter2-hunter2") {
			t.Errorf("%s: %s", want, mistakes)
		}
	}
}
