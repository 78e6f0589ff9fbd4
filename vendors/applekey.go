package vendors

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// An AppleKey is a key for Sign in with Apple, which signs client secrets. It never prints itself.
type AppleKey struct {
	TeamID     string // of the developer account
	KeyID      string
	PrivateKey string // the content of the .p8 file
}

const redactedAppleKey = "vendors.AppleKey(redacted)"

// String implements fmt.Stringer without the key.
func (AppleKey) String() string { return redactedAppleKey }

// GoString implements fmt.GoStringer without the key.
func (AppleKey) GoString() string { return redactedAppleKey }

// LogValue implements slog.LogValuer without the key.
func (AppleKey) LogValue() slog.Value { return slog.StringValue(redactedAppleKey) }

// MarshalJSON implements json.Marshaler without the key.
func (AppleKey) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedAppleKey + `"`), nil }

// appleSecretLifetime is how long a client secret is valid: one request. Apple allows six months.
const appleSecretLifetime = 5 * time.Minute

// secrets returns what makes the client secrets of o.
func (k AppleKey) secrets(o *provider.OIDC) (func(context.Context) (string, error), error) {
	var missing error
	if k.TeamID == "" || k.KeyID == "" {
		missing = errors.New("AppleKey: TeamID or KeyID is missing")
	}
	private, err := k.private()
	if err := errors.Join(missing, err); err != nil {
		return nil, err
	}
	return func(context.Context) (string, error) {
		now := time.Now
		if o.Now != nil {
			now = o.Now
		}
		issued := now()
		return signES256(private, k.KeyID, map[string]any{
			"iss": k.TeamID, "sub": o.ClientID, "aud": appleIssuer,
			"iat": issued.Unix(), "exp": issued.Add(appleSecretLifetime).Unix(),
		})
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

// signES256 makes a JWT in compact serialization (RFC 7515 section 3.1). Its signature is the two
// numbers one after the other, 32 bytes each (RFC 7518 section 3.4).
func signES256(key *ecdsa.PrivateKey, id string, claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "ES256", "kid": id})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature), nil
}
