package provider

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/internal/typednil"
)

// The client authentication methods (OpenID Connect Core section 9).
const (
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
	authNone  = "none"
)

// credentials are the client credentials of one request, and the authentication method. The secret
// is never sent in two ways at once (RFC 6749 section 2.3.1). With private_key_jwt, secret is the
// assertion.
type credentials struct{ id, secret, method string }

// in returns the parameters of a request with the credentials that the method sends in the body.
func (c credentials) in(params url.Values) url.Values {
	all := maps.Clone(params)
	switch c.method {
	case authPost:
		all.Set("client_id", c.id)
		all.Set("client_secret", c.secret)
	case authNone:
		all.Set("client_id", c.id)
	case authKey:
		all.Set("client_id", c.id)
		all.Set("client_assertion_type", assertionType)
		all.Set("client_assertion", c.secret)
	}
	return all
}

// on sets the credentials that the method sends in the header, form-encoded before Basic unless
// raw.
func (c credentials) on(req *http.Request, raw bool) {
	if c.method != authBasic {
		return
	}
	if raw {
		req.SetBasicAuth(c.id, c.secret)
		return
	}
	req.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret))
}

// secrets returns the spellings of the secret that a provider may repeat in an error.
func (c credentials) secrets() []string {
	if c.secret == "" {
		return nil
	}
	basic := func(id, secret string) string {
		return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
	}
	escaped := url.QueryEscape(c.secret)
	return []string{basic(c.id, c.secret), basic(url.QueryEscape(c.id), escaped), c.secret, escaped,
		url.PathEscape(c.secret)}
}

// authMethod returns the client authentication method. It is decided beforehand: after a failure
// the code is spent, so a retry with another method is not possible.
func (o *OIDC) authMethod(m *metadata) (string, error) {
	switch {
	case o.AuthMethod != "":
		return o.AuthMethod, nil
	case o.ClientKey != nil:
		return authKey, nil
	case !o.hasSecret():
		return authNone, nil
	case len(m.AuthMethods) == 0 || slices.Contains(m.AuthMethods, authBasic):
		return authBasic, nil
	case slices.Contains(m.AuthMethods, authPost):
		return authPost, nil
	}
	return "", fmt.Errorf("token_endpoint_auth_methods_supported is %s, and a client secret is "+
		"configured: remove the secret, "+
		"or set AuthMethod to %s or %s if the provider accepts it all the same",
		listedTexts(m.AuthMethods), authBasic, authPost)
}

func (o *OIDC) hasSecret() bool { return o.ClientSecret != "" || o.SecretFunc != nil }

// credentials returns the client credentials for one request.
func (o *OIDC) credentials(ctx context.Context, m *metadata) (credentials, error) {
	method, err := o.authMethod(m)
	if err != nil {
		return credentials{}, err
	}
	if method == authKey {
		return o.asserting(ctx, m)
	}
	secret := o.ClientSecret
	if o.SecretFunc != nil && method != authNone {
		secret, err = recovered.Get(func() (string, error) { return o.SecretFunc(ctx) })
		if err != nil {
			return credentials{}, fmt.Errorf("SecretFunc: %w", err)
		}
		if secret == "" {
			return credentials{}, errors.New("SecretFunc returned an empty secret")
		}
	}
	return credentials{o.ClientID, secret, method}, nil
}

// A ClientKey signs the client assertions that replace a client secret (private_key_jwt, OpenID
// Connect Core section 9, RFC 7523 section 2.2). The provider has only the public key. Use a
// separate key for each provider. A ClientKey never prints itself.
type ClientKey struct {
	// Signer is a private key: RSA of 2048 bits or more, ECDSA with P-256, P-384 or P-521, or
	// Ed25519. It may be in a hardware module or key service, and must be safe for concurrent use.
	Signer crypto.Signer

	// Algorithm is the signature algorithm: RS256, RS384, RS512, PS256, PS384 or PS512 for RSA,
	// EdDSA or Ed25519 (RFC 9864) for Ed25519. Default: RS256 or EdDSA, or another algorithm of the
	// key that the provider's token_endpoint_auth_signing_alg_values_supported lists. If the list
	// has none of the key's algorithms, logins fail with [ErrMisconfigured].
	Algorithm string

	// ID is the key ID ("kid") in the header of assertions. Default: none.
	ID string

	// Certificate is the key's certificate, for providers that identify keys by its thumbprints,
	// such as Microsoft Entra. Default: none.
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
func (*ClientKey) MarshalJSON() ([]byte, error) {
	return []byte(`"` + redactedClientKey + `"`), nil
}

const (
	authKey = "private_key_jwt"

	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// assertionLifetime covers one request and clock differences.
	assertionLifetime = 2 * time.Minute
)

// algs returns the algorithms that the key may sign with, the preferred one first, or an error for
// a key that is too weak or of an unsupported type.
func (k *ClientKey) algs() ([]string, error) {
	if typednil.Is(k.Signer) {
		return nil, wrongField("ClientKey.Signer", "is missing")
	}
	public := k.Signer.Public()
	if key, ok := public.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
		return nil, wrongField("ClientKey.Signer",
			"is an RSA key of %d bits: use one of at least %d bits",
			key.N.BitLen(), minRSABits)
	}
	algs := keyAlgs(public)
	switch {
	case algs == nil:
		return nil, wrongField("ClientKey.Signer", "is neither RSA, "+
			"nor ECDSA with P-256, P-384 or P-521, nor Ed25519")
	case k.Algorithm == "":
		return algs, nil
	case !slices.Contains(algs, k.Algorithm):
		return nil, wrongField("ClientKey.Algorithm",
			"%q is not one of %v, with which the key can sign",
			k.Algorithm, algs)
	}
	return []string{k.Algorithm}, nil
}

// algorithm returns the signature algorithm for a provider that lists those it accepts, or nothing.
func (k *ClientKey) algorithm(listed []string) (string, error) {
	algs, err := k.algs()
	if err != nil {
		return "", err
	}
	if len(listed) == 0 {
		return algs[0], nil
	}
	for _, alg := range algs {
		if slices.Contains(listed, alg) {
			return alg, nil
		}
	}
	return "", fmt.Errorf("ClientKey signs with %s, and "+
		"token_endpoint_auth_signing_alg_values_supported "+
		"is %s: use another key or ClientKey.Algorithm", strings.Join(algs, ", "),
		listedTexts(listed))
}

// check returns the mistake in the key, if any.
func (k *ClientKey) check() error {
	if _, err := k.algs(); err != nil {
		return err
	}
	if k.Certificate != nil {
		known, ok := k.Certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !known.Equal(k.Signer.Public()) {
			return wrongField("ClientKey.Certificate", "belongs to another key")
		}
	}
	return k.checkFIPS()
}

// sign returns a signed JWT with claims.
func (k *ClientKey) sign(algorithm string, claims []byte) (string, error) {
	options := new(jose.SignerOptions).WithType("JWT")
	if k.Certificate != nil {
		// identifiers, not signatures
		first, second := sha1.Sum(k.Certificate.Raw), sha256.Sum256(k.Certificate.Raw)
		options.WithHeader("x5t", base64.RawURLEncoding.EncodeToString(first[:])).
			WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(second[:]))
	}
	opaque := cryptosigner.Opaque(k.Signer)
	if algorithm == algEd25519 {
		opaque = ed25519Signer{opaque}
	}
	key := jose.JSONWebKey{Key: opaque, KeyID: k.ID}
	signing := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}
	signer, err := jose.NewSigner(signing, options)
	if err != nil {
		return "", fmt.Errorf("ClientKey: %w", err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("ClientKey: %w", err)
	}
	return signed.CompactSerialize()
}

// asserting returns credentials with a new assertion.
func (o *OIDC) asserting(ctx context.Context, m *metadata) (credentials, error) {
	if err := ctx.Err(); err != nil { // a key in a device may be slow
		return credentials{}, context.Cause(ctx)
	}
	// Signer is the application's code.
	assertion, err := recovered.Get(func() (string, error) { return o.assertion(m) })
	return credentials{id: o.ClientID, secret: assertion, method: authKey}, err
}

// assertion signs a client assertion for one request. Its sole audience is by default the
// provider's issuer, which no other provider can have. An endpoint's URL could equal another
// provider's issuer.
func (o *OIDC) assertion(m *metadata) (string, error) {
	algorithm, err := o.ClientKey.algorithm(m.AuthSigningAlgs)
	if err != nil {
		return "", err
	}
	now := o.now()
	claims, err := json.Marshal(map[string]any{
		"iss": o.ClientID, "sub": o.ClientID, "aud": cmp.Or(o.AssertionAudience, m.Issuer),
		"jti": random(16), "iat": now.Unix(), "exp": now.Add(assertionLifetime).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("ClientKey: %w", err)
	}
	return o.ClientKey.sign(algorithm, claims)
}
