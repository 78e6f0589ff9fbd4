package provider

import (
	"context"
	"errors"
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
