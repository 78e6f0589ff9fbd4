package provider

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// A ClientKey is what a client signs with to show who it is, in the place of a client secret (private_key_jwt, OpenID Connect Core
// section 9, RFC 7523 section 2.2). The provider gets to know the public key only. Each provider should get a key of its own. A
// ClientKey never prints itself.
type ClientKey struct {
	// Signer is a private key: RSA of 2048 bits or more, ECDSA with P-256, P-384 or P-521, or Ed25519. It may live in a
	// device, and must be safe for concurrent use.
	Signer crypto.Signer

	// ID is the key's name at the provider ("kid"). Default: none.
	ID string

	// Certificate is that of the key, for providers that know keys by it, such as Microsoft Entra: its thumbprints are sent along. Default:
	// none.
	Certificate *x509.Certificate
}

const redactedClientKey = "provider.ClientKey(redacted)"

// String implements fmt.Stringer without the key.
func (*ClientKey) String() string { return redactedClientKey }

// GoString implements fmt.GoStringer without the key.
func (*ClientKey) GoString() string { return redactedClientKey }

// LogValue implements slog.LogValuer without the key.
func (*ClientKey) LogValue() slog.Value { return slog.StringValue(redactedClientKey) }

// MarshalJSON implements json.Marshaler without the key.
func (*ClientKey) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedClientKey + `"`), nil }

const (
	authKey = "private_key_jwt"

	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// assertionLifetime is for one request, with room for clocks that are apart.
	assertionLifetime = 2 * time.Minute
)

// algorithm is how the key signs, or an error for a key that must not.
func (k *ClientKey) algorithm() (jose.SignatureAlgorithm, error) {
	if k.Signer == nil {
		return "", errors.New("ClientKey: Signer is missing")
	}
	switch public := k.Signer.Public().(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSABits {
			return "", fmt.Errorf("ClientKey: an RSA key of %d bits is too short, at least %d are needed", bits, minRSABits)
		}
		return jose.RS256, nil
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			return jose.ES256, nil
		case elliptic.P384():
			return jose.ES384, nil
		case elliptic.P521():
			return jose.ES512, nil
		}
	case ed25519.PublicKey:
		return jose.EdDSA, nil
	}
	return "", errors.New("ClientKey: Signer is neither RSA, nor ECDSA with P-256, P-384 or P-521, nor Ed25519")
}

// check returns what is wrong with the key.
func (k *ClientKey) check() error {
	if _, err := k.algorithm(); err != nil {
		return err
	}
	if k.Certificate != nil {
		known, ok := k.Certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !known.Equal(k.Signer.Public()) {
			return errors.New("ClientKey: Certificate is that of another key")
		}
	}
	return nil
}

// assertion signs a statement for one request. Its only audience is the provider's issuer, which no other provider can be: an endpoint could
// be called what another provider's issuer is called.
func (k *ClientKey) assertion(clientID, issuer string, now time.Time) (string, error) {
	algorithm, err := k.algorithm()
	if err != nil {
		return "", err
	}
	options := new(jose.SignerOptions).WithType("JWT")
	if k.Certificate != nil {
		first, second := sha1.Sum(k.Certificate.Raw), sha256.Sum256(k.Certificate.Raw) // names of the certificate, no signatures
		options.WithHeader("x5t", base64.RawURLEncoding.EncodeToString(first[:])).
			WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(second[:]))
	}
	key := jose.JSONWebKey{Key: cryptosigner.Opaque(k.Signer), KeyID: k.ID}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		return "", fmt.Errorf("ClientKey: %w", err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": clientID, "sub": clientID, "aud": issuer, "jti": random(16), "iat": now.Unix(), "exp": now.Add(assertionLifetime).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("ClientKey: %w", err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("ClientKey: %w", err)
	}
	return signed.CompactSerialize()
}

// asserting are credentials with a new assertion.
func (o *OIDC) asserting(ctx context.Context, m *metadata) (credentials, error) {
	if err := ctx.Err(); err != nil { // a key in a device takes its time
		return credentials{}, context.Cause(ctx)
	}
	assertion, err := recovered.Get(func() (string, error) { // Signer is the application's
		return o.ClientKey.assertion(o.ClientID, m.Issuer, o.now())
	})
	return credentials{id: o.ClientID, secret: assertion, method: authKey}, err
}
