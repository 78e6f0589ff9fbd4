package vendors_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// The keys that sign ID tokens, by algorithm. Making an RSA key is slow, so all trials share one.
var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // no randomness, no tests
		}
		return key
	})
	ecKey = sync.OnceValue(func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return key
	})
)

// jwks returns the document with the public keys.
func (k *keySet) jwks(v values) []byte {
	var keys []any
	for _, key := range []jose.JSONWebKey{
		{Key: rsaKey().Public(), KeyID: "key-rs256", Algorithm: "RS256", Use: "sig"},
		{Key: ecKey().Public(), KeyID: "key-es256", Algorithm: "ES256", Use: "sig"},
	} {
		raw, err := json.Marshal(key)
		if err != nil {
			panic(err)
		}
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			panic(err)
		}
		keys = append(keys, laid(members, k.Members))
	}
	return v.json(map[string]any{"keys": append(keys, k.More...)})
}

// sign makes an ID token by the alg of the header: RS256 (the default), ES256, HS256 with the
// client secret, or none.
func sign(claims []byte, header map[string]any, v values) (string, error) {
	alg, _ := header["alg"].(string)
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg)}
	kid := ""
	switch alg {
	case "", "RS256":
		key.Algorithm, key.Key, kid = jose.RS256, rsaKey(), "key-rs256"
	case "ES256":
		key.Key, kid = ecKey(), "key-es256"
	case "HS256":
		key.Key = []byte(v.texts["client_secret"])
		if other, given := header["secret"].(string); given {
			key.Key = []byte(other)
		}
	case "none":
		encode := base64.RawURLEncoding.EncodeToString
		return encode([]byte(`{"alg":"none"}`)) + "." + encode(claims) + ".", nil
	default:
		return "", fmt.Errorf("no key for %q", alg)
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	if typ, given := header["typ"].(string); given {
		options.WithType(jose.ContentType(typ))
	}
	if given, there := header["kid"]; there {
		kid, _ = given.(string)
	}
	if kid != "" {
		options.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// halfHash returns at_hash or c_hash for the 256-bit algorithms.
func halfHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// signature signs the sorted parameters of a callback with the client secret. None of them contains
// "&", "=" or "%".
func signature(params url.Values, secret string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, name+"="+params.Get(name))
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strings.Join(pairs, "&")))
	return hex.EncodeToString(mac.Sum(nil))
}

// privateKey returns the key of a client that signs, as vendors issue it.
func privateKey() string {
	raw, err := x509.MarshalPKCS8PrivateKey(ecKey())
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// modulus returns that of the RSA key, for a JWKS with the same key for another purpose.
func modulus() string { return base64.RawURLEncoding.EncodeToString(rsaKey().N.Bytes()) }

// is reports whether a text is that JWT.
func (s *signed) is(text string, v values) bool {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || s == nil {
		return false
	}
	payload, err := jws.Verify(ecKey().Public())
	if err != nil {
		return false
	}
	raw, _, _ := strings.Cut(text, ".")
	header, err := base64.RawURLEncoding.DecodeString(raw)
	return err == nil && string(header) == string(v.json(s.Header)) &&
		equalJSON(payload, v.json(s.Claims))
}

func equalJSON(a, b []byte) bool {
	var first, second any
	return json.Unmarshal(a, &first) == nil && json.Unmarshal(b, &second) == nil &&
		sameJSON(first, second)
}
