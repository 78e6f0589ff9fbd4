package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A jwtKind describes one kind of JWT. ID tokens, access tokens and logout tokens are signed with
// the same keys, and must not be accepted in place of each other (RFC 8725 section 3.12).
type jwtKind struct {
	fault  Fault                  // of an invalid token
	limit  int                    // of the token's size in bytes
	budget budget                 // for fetches of unknown keys
	types  []string               // permitted values of typ in the header
	algs   []string               // default: those of ID tokens
	schema *schema                // of the claims
	claims []func(*idToken) error // the checks of the claims
}

const (
	// maxStranger is the limit for tokens in unauthenticated requests: they cost time before they
	// are verified.
	maxStranger = 64 << 10
	// maxDirect is the limit for tokens from the provider's own endpoints: the limit of a response.
	// How large a token a session can keep depends on the session store.
	maxDirect = maxAnswer
)

// verifyJWT verifies a JWT: its form, then its signature, then its claims.
func (o *OIDC) verifyJWT(
	ctx context.Context, m *metadata, raw string, kind jwtKind,
) (*idToken, error) {
	// 1. The form, first: the token is untrusted, and may be huge or malformed.
	if kind.algs == nil {
		kind.algs = m.algs
	}
	alg, err := checkHeader(raw, kind.limit, kind.algs, kind.types)
	if err != nil {
		return nil, kind.failed(err)
	}
	// 2. The signature.
	keys, err := o.signers(ctx, m, kind.budget)
	if err != nil {
		return nil, err
	}
	payload, err := keys.verifySignature(ctx, raw, alg)
	if err != nil {
		return nil, kind.failed(err)
	}
	// 3. The claims.
	t := &idToken{alg: alg}
	if t.document, err = kind.schema.read(payload, &o.notes); err != nil {
		return nil, kind.failed(err)
	}
	for _, check := range kind.claims {
		if err := check(t); err != nil {
			return nil, kind.failed(err)
		}
	}
	return t, nil
}

// failed returns the error for a rejected token. A user who is not admitted has a fault of its own.
func (k jwtKind) failed(err error) error {
	_, refused := errors.AsType[*notAdmitted](err)
	switch {
	case refused && errors.Is(err, ErrUnavailable):
		return err
	case refused && k.fault == faultIDToken:
		return &Error{Fault: faultNotAdmitted, Err: err}
	case k.fault == FaultAccessToken && errors.Is(err, errNoKey): // the next fetch may have the key
		return &Error{Fault: k.fault, Err: &unavailable{err: err}}
	case errors.Is(err, ErrUnavailable): // the keys could not be fetched
		return err
	}
	return &Error{Fault: k.fault, Err: err}
}

// A signers verifies signatures with the keys that may have signed a token.
type signers interface {
	// verifySignature returns the payload of a compact JWS that was signed with one of the
	// algorithms, which are those of the caller, not of the token.
	verifySignature(ctx context.Context, token string, algs ...string) ([]byte, error)
}

// signers returns the keys that may have signed the tokens.
func (o *OIDC) signers(ctx context.Context, m *metadata, b budget) (signers, error) {
	if o.SecretSignsTokens {
		return sharedSecret(o.ClientSecret), nil
	}
	_, err := m.keys.known(ctx) // without keys the token cannot be judged
	return arrival{m.keys, b}, err
}

var errExpired = errors.New(
	"exp is missing or in the past; if the token is new, compare the clocks")

// everyToken are the claims that decide in all kinds of token.
var everyToken = []string{"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "events"}

// configured adds the claims that the configuration makes decide.
func (o *OIDC) configured(s *schema) *schema {
	var names []string
	if o.Organizations != nil {
		names = append(names, "tid")
	}
	if o.TenantClaim != "" {
		names = append(names, o.TenantClaim)
	}
	return s.with(names...)
}

// checkHeader checks the form of a compact JWS and its header, and returns the algorithm.
func checkHeader(raw string, limit int, algs, types []string) (string, error) {
	header, err := readHeader(raw, limit)
	if err != nil {
		return "", err
	}
	return checkHeaderMembers(header, algs, types)
}

// readHeader checks the form, and reads the header.
func readHeader(raw string, limit int) (claims, error) {
	if len(raw) > limit {
		return nil, fmt.Errorf("the token has %d bytes, at most %d are accepted here",
			len(raw), limit)
	}
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 {
		return nil, errors.New("the token does not have three parts")
	}
	for _, part := range parts {
		if part == "" || !isBase64URL(part) {
			return nil, errors.New("a part of the token is empty or not base64url")
		}
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return nil, errors.New("the header is not base64url")
	}
	header, err := headerSchema.read(decoded, nil)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return header.claims, nil
}

// headerSchema names the members of a JOSE header that decide. Keys in the header (jwk, jku, x5u,
// x5c) are ignored.
var headerSchema = newSchema("JOSE header", "alg", "typ", "crit", "b64", "zip", "enc", "kid")

// The values of typ, in lower case and without "application/". Other kinds of JWT have other
// values: logout+jwt, dpop+jwt, ... (RFC 8725 section 3.11).
var (
	idTokenTypes     = []string{"", "jwt", "id_token+jwt"}
	accessTokenTypes = []string{"at+jwt"} // RFC 9068 section 2.1
)

func checkHeaderMembers(header claims, algs, types []string) (string, error) {
	for name := range headerSchema.members {
		if header.named(name) && !header.has(name) {
			return "", fmt.Errorf("header: %s is null", name)
		}
	}
	alg, err := header.text("alg")
	if err != nil || !slices.Contains(algs, alg) {
		return "", fmt.Errorf("algorithm %q is not one of %v", printable(alg), algs)
	}
	for _, refused := range []string{"crit", "b64", "zip", "enc"} {
		if header.named(refused) {
			return "", fmt.Errorf("header has %s, which is not supported", refused)
		}
	}
	if _, err := header.text("kid"); err != nil {
		return "", err
	}
	typ, err := header.text("typ")
	if err != nil {
		return "", err
	}
	if !slices.Contains(types, strings.TrimPrefix(strings.ToLower(typ), "application/")) {
		return "", fmt.Errorf("typ %q is not permitted for this kind of token", printable(typ))
	}
	return alg, nil
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// isBase64URL reports whether s is canonical base64url. Decoders also accept line ends and unused
// bits in the last character, so one token could have many spellings.
func isBase64URL(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' ||
			c == '_') {
			return false
		}
	}
	last := strings.IndexByte(base64URL, s[len(s)-1])
	switch len(s) % 4 {
	case 1:
		return false
	case 2:
		return last&0b1111 == 0
	case 3:
		return last&0b11 == 0
	}
	return true
}
