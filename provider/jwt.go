package provider

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// A jwtKind says what one kind of JWT has to be like: ID tokens, access tokens and logout tokens are signed with the same keys, and
// must not pass for each other (RFC 8725 section 3.12).
type jwtKind struct {
	fault  Fault                  // if it is not like that
	types  []string               // what its header may say in typ
	basic  oidc.Config            // what go-oidc checks beside the signature and the issuer
	claims []func(*idToken) error // the rest
}

// verifyJWT checks a JWT: its form, then its signature, then what it claims. go-oidc does the signature, issuer, and as far
// as the kind has it audience and expiry; the rest is what it leaves to its callers.
func (o *OIDC) verifyJWT(ctx context.Context, m *metadata, raw string, kind jwtKind) (*idToken, error) {
	fault := func(err error) error { return kind.failed(err) }
	// 1. The form, before any effort: it comes from outside and may be huge or odd.
	alg, err := checkHeader(raw, m.algs, kind.types)
	if err != nil {
		return nil, fault(err)
	}
	keys, err := o.signers(ctx, m)
	if err != nil {
		return nil, err
	}
	// 2. The signature, and the basic claims.
	config := kind.basic
	config.SupportedSigningAlgs = m.algs
	config.SkipIssuerCheck = o.Organizations != nil || len(o.IssuerAliases) > 0 // it knows one issuer; checkIssuer is in kind.claims
	config.Now = func() time.Time { return o.now().Add(-o.leeway()) }
	verified, err := oidc.NewVerifier(o.Issuer, keys, &config).Verify(ctx, raw)
	if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
		err = errExpired
	}
	if err != nil {
		return nil, fault(err)
	}
	// 3. Everything else, from the very bytes that were signed.
	var payload json.RawMessage
	if err := verified.Claims(&payload); err != nil {
		return nil, fault(err)
	}
	c, err := parseClaims(payload)
	if err != nil {
		return nil, fault(err)
	}
	t := &idToken{payload: payload, claims: c, alg: alg}
	for _, check := range kind.claims {
		if err := check(t); err != nil {
			return nil, fault(err)
		}
	}
	return t, nil
}

// failed is a token that did not pass. Of a login it is told from that whether the user is just not one of those who may.
func (k jwtKind) failed(err error) error {
	_, refused := errors.AsType[*notAdmitted](err)
	switch {
	case refused && errors.Is(err, ErrUnavailable):
		return err
	case refused && k.fault == FaultIDToken:
		return &Error{Fault: FaultNotAdmitted, Err: err}
	}
	return &Error{Fault: k.fault, Err: err}
}

// signers are what may have signed the tokens.
func (o *OIDC) signers(ctx context.Context, m *metadata) (oidc.KeySet, error) {
	if o.SecretSignsTokens {
		return sharedSecret(o.ClientSecret), nil
	}
	// go-oidc drops the cause of a failure to get the keys, and that is no fault of the token.
	_, err := m.keys.known(ctx)
	return m.keys, err
}

var errExpired = errors.New("exp is missing or in the past; if the token is new, compare the clocks")
