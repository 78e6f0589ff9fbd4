package provider

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
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
	basic  oidc.Config            // checks of go-oidc besides signature and issuer
	claims []func(*idToken) error // further checks
}

const (
	// maxStranger is the limit for tokens in unauthenticated requests: they cost time before they
	// are verified.
	maxStranger = 64 << 10
	// maxDirect is the limit for tokens from the provider's own endpoints: the limit of a response.
	// How large a token a session can keep depends on the session store.
	maxDirect = maxAnswer
)

// verifyJWT verifies a JWT: its form, then its signature, then its claims. go-oidc checks the
// signature, the issuer and, depending on the kind, audience and expiry. All other checks are here.
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
	keys, err := o.signers(ctx, m, kind.budget)
	if err != nil {
		return nil, err
	}
	// 2. The signature, then the basic claims.
	signed := &signedDocument{KeySet: keys, schema: kind.schema, notes: &o.notes}
	config := kind.basic
	config.SupportedSigningAlgs = kind.algs
	if o.Organizations != nil || len(o.IssuerAliases) > 0 {
		config.SkipIssuerCheck = true // it supports one issuer only; checkIssuer is in kind.claims
	}
	config.Now = func() time.Time { return o.now().Add(-o.leeway()) }
	if _, err := oidc.NewVerifier(o.Issuer, signed, &config).Verify(ctx, raw); err != nil {
		return nil, kind.failed(signed.reason(err))
	}
	// 3. All other claims, from the same document.
	t := &idToken{document: signed.document, alg: alg}
	for _, check := range kind.claims {
		if err := check(t); err != nil {
			return nil, kind.failed(err)
		}
	}
	return t, nil
}

// A signedDocument is an oidc.KeySet that reads the payload by its schema after the signature has
// been verified, and passes only the members that decide to go-oidc, which would fail on others
// that are ignored here.
type signedDocument struct {
	oidc.KeySet
	schema *schema
	notes  *notes

	document document
	err      error
}

// VerifySignature implements oidc.KeySet.
func (s *signedDocument) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := s.KeySet.VerifySignature(ctx, token)
	if err != nil {
		s.err = err // go-oidc drops the cause
		return nil, err
	}
	if s.document, s.err = s.schema.read(payload, s.notes); s.err != nil {
		return nil, s.err
	}
	decisive := claims{}
	for name := range s.schema.members {
		if s.document.has(name) {
			decisive[name] = s.document.claims[name]
		}
	}
	return json.Marshal(decisive)
}

// reason returns why go-oidc rejected the token. Its own text may quote the token.
func (s *signedDocument) reason(err error) error {
	switch _, expired := errors.AsType[*oidc.TokenExpiredError](err); {
	case s.err != nil:
		return s.err
	case expired:
		return errExpired
	}
	return errors.New(printable(err.Error()))
}

// failed returns the error for a rejected token. A user who is not admitted has a fault of its own.
func (k jwtKind) failed(err error) error {
	_, refused := errors.AsType[*notAdmitted](err)
	switch {
	case refused && errors.Is(err, ErrUnavailable):
		return err
	case refused && k.fault == faultIDToken:
		return &Error{Fault: FaultNotAdmitted, Err: err}
	case k.fault == FaultAccessToken && errors.Is(err, errNoKey): // the next fetch may have the key
		return &Error{Fault: k.fault, Err: &unavailable{err: err}}
	case errors.Is(err, ErrUnavailable): // the keys could not be fetched
		return err
	}
	return &Error{Fault: k.fault, Err: err}
}

// signers returns the keys that may have signed the tokens.
func (o *OIDC) signers(ctx context.Context, m *metadata, b budget) (oidc.KeySet, error) {
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
