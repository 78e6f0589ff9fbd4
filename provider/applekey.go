package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// An AppleKey is a key for Sign in with Apple, with which client secrets are signed. It never prints itself.
type AppleKey struct {
	TeamID     string // of the developer account
	KeyID      string
	PrivateKey string // the content of the .p8 file
}

const redactedAppleKey = "provider.AppleKey(redacted)"

// String implements fmt.Stringer without the key.
func (AppleKey) String() string { return redactedAppleKey }

// GoString implements fmt.GoStringer without the key.
func (AppleKey) GoString() string { return redactedAppleKey }

// LogValue implements slog.LogValuer without the key.
func (AppleKey) LogValue() slog.Value { return slog.StringValue(redactedAppleKey) }

// MarshalJSON implements json.Marshaler without the key.
func (AppleKey) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedAppleKey + `"`), nil }

// appleSecretLifetime is how long a secret is good for: one request. Apple would take months.
const appleSecretLifetime = 5 * time.Minute

// secrets returns what makes the client secrets of o.
func (k AppleKey) secrets(o *OIDC) (func(context.Context) (string, error), error) {
	var mistakes []error
	if k.TeamID == "" || k.KeyID == "" {
		mistakes = append(mistakes, errors.New("AppleKey: TeamID or KeyID is missing"))
	}
	private, err := k.private()
	if err := errors.Join(append(mistakes, err)...); err != nil {
		return nil, err
	}
	key := jose.JSONWebKey{Key: private, KeyID: k.KeyID}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		return nil, fmt.Errorf("AppleKey: %w", err)
	}
	return func(context.Context) (string, error) {
		now := o.now()
		claims, err := json.Marshal(map[string]any{
			"iss": k.TeamID, "sub": o.ClientID, "aud": appleIssuer, "iat": now.Unix(), "exp": now.Add(appleSecretLifetime).Unix(),
		})
		if err != nil {
			return "", err
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			return "", err
		}
		return signed.CompactSerialize()
	}, nil
}

// private reads the key.
func (k AppleKey) private() (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(k.PrivateKey))
	if block == nil {
		return nil, errors.New("AppleKey: PrivateKey is not the content of a .p8 file")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("AppleKey: PrivateKey cannot be read")
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, errors.New("AppleKey: PrivateKey is not a key for ES256")
	}
	return private, nil
}
