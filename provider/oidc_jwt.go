package provider

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// A jwtKind says what one kind of JWT has to be like: ID tokens, access tokens and logout tokens
// are signed with the same keys, and must not pass for each other (RFC 8725 section 3.12).
type jwtKind struct {
	fault  Fault                  // if it is not like that
	limit  int                    // of its size in bytes
	budget budget                 // for keys that are not known yet
	types  []string               // what its header may say in typ
	algs   []string               // default: those of ID tokens
	schema *schema                // of its claims
	basic  oidc.Config            // what go-oidc checks beside the signature and the issuer
	claims []func(*idToken) error // the rest
}

const (
	// maxStranger is the limit for tokens that come through a browser, or from anyone: checking
	// them costs time before it is known who has sent them.
	maxStranger = 64 << 10
	// maxDirect is the limit for tokens from the provider's own endpoints, whose answers are no
	// larger. How much of it a session can keep depends on where sessions are kept, and is not
	// known here.
	maxDirect = maxAnswer
)

// verifyJWT checks a JWT: its form, then its signature, then its claims. go-oidc checks the
// signature, the issuer, and as far as the kind has it audience and expiry; the rest is what it
// leaves to its callers.
func (o *OIDC) verifyJWT(
	ctx context.Context, m *metadata, raw string, kind jwtKind,
) (*idToken, error) {
	// 1. The form, before any effort: it comes from outside and may be huge or odd.
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
		config.SkipIssuerCheck = true // it knows one issuer; checkIssuer is in kind.claims
	}
	config.Now = func() time.Time { return o.now().Add(-o.leeway()) }
	if _, err := oidc.NewVerifier(o.Issuer, signed, &config).Verify(ctx, raw); err != nil {
		return nil, kind.failed(signed.reason(err))
	}
	// 3. Everything else, from the same document.
	t := &idToken{document: signed.document, alg: alg}
	for _, check := range kind.claims {
		if err := check(t); err != nil {
			return nil, kind.failed(err)
		}
	}
	return t, nil
}

// A signedDocument is an oidc.KeySet that reads the payload by its schema once the signature is
// known to be right, and shows go-oidc the members that decide: it would stumble over others that
// we only ignore.
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

// reason is why go-oidc did not accept the token. Its own text may quote the token.
func (s *signedDocument) reason(err error) error {
	switch _, expired := errors.AsType[*oidc.TokenExpiredError](err); {
	case s.err != nil:
		return s.err
	case expired:
		return errExpired
	}
	return errors.New(printable(err.Error()))
}

// failed is a token that did not pass. Of a login it is told from that whether the user is just not
// one of those who may.
func (k jwtKind) failed(err error) error {
	_, refused := errors.AsType[*notAdmitted](err)
	switch {
	case refused && errors.Is(err, ErrUnavailable):
		return err
	case refused && k.fault == faultIDToken:
		return &Error{Fault: FaultNotAdmitted, Err: err}
	case k.fault == FaultAccessToken && errors.Is(err, errNoKey): // the next fetch may bring the key
		return &Error{Fault: k.fault, Err: &unavailable{err: err}}
	case errors.Is(err, ErrUnavailable): // the keys could not be fetched
		return err
	}
	return &Error{Fault: k.fault, Err: err}
}

// signers are what may have signed the tokens.
func (o *OIDC) signers(ctx context.Context, m *metadata, b budget) (oidc.KeySet, error) {
	if o.SecretSignsTokens {
		return sharedSecret(o.ClientSecret), nil
	}
	_, err := m.keys.known(ctx) // without keys, that is no fault of the token
	return arrival{m.keys, b}, err
}

var errExpired = errors.New(
	"exp is missing or in the past; if the token is new, compare the clocks")

// everyToken are the claims that decide in every kind of token.
var everyToken = []string{"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "events"}

// configured adds the claims that decide because of the configuration.
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
