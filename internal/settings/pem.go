package settings

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/provider"
)

// storeAuthority makes the client of a provider whose certificate is signed by a private authority.
func storeAuthority(to **http.Client, text string) error {
	made, err := provider.ClientWithCA([]byte(text))
	if err != nil {
		return errCertificate
	}
	*to = made
	return nil
}

var errCertificate = errors.New(
	"must be a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")

func storeCertificate(to **x509.Certificate, text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return errCertificate
	}
	made, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return errCertificate
	}
	*to = made
	return nil
}

// storeKey reads PKCS #8 (RFC 5958) and the older PKCS #1 and SEC 1.
func storeKey(to *crypto.Signer, text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("must be a key in PEM, which begins with -----BEGIN PRIVATE KEY-----")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		*to = key
		return nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		*to = key
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return errors.New("must be a private key that is not encrypted")
	}
	*to = signer
	return nil
}

// storePublicKeys reads public keys, which may be in certificates.
func storePublicKeys(to *[]crypto.PublicKey, text string) error {
	wrong := errors.New("must be public keys in PEM, which begin with -----BEGIN PUBLIC KEY-----")
	var keys []crypto.PublicKey
	for rest := []byte(text); len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			made, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return wrong
			}
			keys = append(keys, made.PublicKey)
			continue
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return wrong
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return wrong
	}
	*to = keys
	return nil
}
