// Package testcert has the certificate of the servers that tests start on this machine. Its key is
// on P-256: with the RSA key of net/http/httptest, a third of the time of all tests was signatures
// of TLS handshakes.
package testcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Start makes an unstarted server listen with https and the certificate. The server's client trusts
// Roots, so that it could reach any server that a test says it must not contact.
func Start(server *httptest.Server) {
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate()}}
	server.StartTLS()
	server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs = Roots()
}

// Roots returns the authorities that browsers of tests trust: the certificate, and the one of all
// other httptest servers.
var Roots = sync.OnceValue(func() *x509.CertPool {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	roots.AddCert(certificate().Leaf)
	return roots
})

// certificate makes the certificate once for each process. The clocks of tests are far off at
// times, so it is valid for as long as the one of httptest.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // no randomness, no tests
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"sallyport tests"}},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2084, 1, 29, 16, 0, 0, 0, time.UTC),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:              []string{"localhost", "*.localhost", "example.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})
