package provider

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"time"
)

const maxSubject = 255 // OpenID Connect Core section 2

// An idToken is a verified ID token.
type idToken struct {
	document        // the signed claims
	alg      string // of the signature
	id       string // jti, of logout tokens
	issuer   string // of the user; the organization's if there are several
	subject  string
	issued   time.Time
	authTime time.Time
	expires  time.Time // session_expiry: the session must end by then; zero for no limit
	acr, sid string
	amr      []string
}

var idTokenSchema = newSchema("ID token", everyToken...).with("at_hash", "c_hash")

// hashed are the values to compare with the hashes in an ID token: those in the same response, or
// empty.
type hashed struct{ accessToken, code string }

// verifyIDToken verifies the ID token of a login.
func (o *OIDC) verifyIDToken(ctx context.Context, m *metadata, f *Flow, raw string, limit int,
	h hashed) (*idToken, error) {
	token, err := o.verifyToken(ctx, m, raw, limit, h, func(t *idToken) error {
		return o.checkNonce(f, t)
	})
	if err != nil {
		return nil, err
	}
	if err := o.checkStrength(f, token); err != nil {
		return nil, &Error{Fault: FaultStepUp, Err: err}
	}
	return token, nil
}

// verifyToken verifies an ID token (OpenID Connect Core sections 2 and 3.1.3.7). bound checks what
// differs between a login and a refresh.
func (o *OIDC) verifyToken(ctx context.Context, m *metadata, raw string, limit int, h hashed,
	bound func(*idToken) error) (*idToken, error) {
	schema := o.configured(idTokenSchema).with(slices.Collect(maps.Keys(o.RequiredClaims))...)
	arrived := fromEndpoint
	if limit == maxStranger {
		arrived = fromBrowser
	}
	return o.verifyJWT(ctx, m, raw, jwtKind{
		fault: faultIDToken, limit: limit, budget: arrived, types: idTokenTypes, schema: schema,
		claims: []func(*idToken) error{
			o.checkIssuer(ctx), checkSubject, o.checkAudience, o.checkTimes, readRest, bound,
			func(t *idToken) error { return checkHash(t.claims, "at_hash", t.alg, h.accessToken) },
			func(t *idToken) error { return checkHash(t.claims, "c_hash", t.alg, h.code) },
			o.checkRequired,
		},
	})
}

func idTokenFault(err error) error { return &Error{Fault: faultIDToken, Err: err} }

func checkSubject(t *idToken) (err error) {
	if t.subject, err = t.claims.text("sub"); err != nil {
		return err
	}
	return checkIdentifier("sub", t.subject)
}

func (o *OIDC) checkAudience(t *idToken) error {
	audiences, err := t.claims.texts("aud")
	if err != nil {
		return err
	}
	if !slices.Contains(audiences, o.ClientID) {
		return errors.New("aud does not contain the client ID")
	}
	for _, aud := range audiences {
		if aud != o.ClientID && !slices.Contains(o.TrustedAudiences, aud) {
			return fmt.Errorf("aud contains %q, which is not trusted", printable(aud))
		}
	}
	azp, err := t.claims.text("azp")
	if err == nil && t.claims.has("azp") && azp != o.ClientID {
		err = errors.New("azp is not the client ID")
	}
	return err
}

// checkTimes checks exp, iat and nbf with the same leeway.
func (o *OIDC) checkTimes(t *idToken) error {
	if err := o.checkEnd(t); err != nil {
		return err
	}
	return o.checkBegin(t)
}

func (o *OIDC) checkEnd(t *idToken) error {
	exp, err := t.claims.time("exp")
	if err == nil && (!t.claims.has("exp") || !exp.After(o.now().Add(-o.leeway()))) {
		err = errExpired
	}
	return err
}

func (o *OIDC) checkBegin(t *idToken) (err error) {
	latest := o.now().Add(o.leeway())
	if t.issued, err = t.claims.time("iat"); err != nil {
		return err
	}
	switch {
	case !t.claims.has("iat"):
		return errors.New("iat is missing")
	case t.issued.After(latest):
		return o.inFuture("iat", t.issued)
	}
	nbf, err := t.claims.time("nbf")
	if err == nil && nbf.After(latest) {
		err = o.inFuture("nbf", nbf)
	}
	return err
}

// inFuture includes the clock difference, which distinguishes a wrong clock from a forged token.
func (o *OIDC) inFuture(claim string, at time.Time) error {
	ahead := at.Sub(o.now()).Round(time.Second)
	return fmt.Errorf("%s is %v in the future; compare the clocks", claim, ahead)
}

func (o *OIDC) checkNonce(f *Flow, t *idToken) error {
	nonce, err := t.claims.text("nonce")
	if err != nil || o.Quirks.NoNonce && !t.claims.named("nonce") {
		return err
	}
	if f.Nonce == "" || subtle.ConstantTimeCompare([]byte(nonce), []byte(f.Nonce)) != 1 {
		return errors.New("nonce is missing or not that of this login")
	}
	return nil
}

// readRest reads the claims that are required only if requested; checkStrength checks them then.
func readRest(t *idToken) error {
	if t.claims.has("events") {
		return errors.New("a token with events is not an ID token")
	}
	t.authTime = tolerated(t.document, "auth_time", t.time)
	t.expires = tolerated(t.document, "session_expiry", t.time)
	t.acr = tolerated(t.document, "acr", t.text)
	t.sid = tolerated(t.document, "sid", t.text)
	t.amr = tolerated(t.document, "amr", t.texts)
	return nil
}

// checkHash checks that the ID token was issued with a value: the access token by at_hash (Core
// section 3.1.3.8), the code by c_hash (section 3.3.2.11). Both are optional, except for c_hash in
// the hybrid flow, but a hash that is present, even as "" or null, must match. Without a value it
// is not checked.
func checkHash(c claims, name, alg, value string) error {
	if !c.named(name) || value == "" {
		return nil
	}
	got, err := c.text(name)
	if err != nil {
		return err
	}
	var h hash.Hash
	switch alg {
	case "RS256", "ES256", "PS256", algShared:
		h = sha256.New()
	case "RS384", "ES384", "PS384":
		h = sha512.New384()
	case "RS512", "ES512", "PS512", "EdDSA", algEd25519:
		h = sha512.New()
	default:
		return fmt.Errorf("%s with algorithm %q cannot be checked", name, alg)
	}
	h.Write([]byte(value))
	want := base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:h.Size()/2])
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return fmt.Errorf("%s does not match", name)
	}
	return nil
}

// checkStrength checks that the login meets max_age and acr_values: providers may ignore both, so
// only the claims prove it (Core section 3.1.2.1, RFC 9470 section 4).
func (o *OIDC) checkStrength(f *Flow, t *idToken) error {
	if maxAge := o.maxAge(f); maxAge != nil {
		age := o.now().Sub(t.authTime)
		if t.authTime.IsZero() || age > *maxAge+o.leeway() || age < -o.leeway() {
			return errors.New("auth_time is missing, too long ago or in the future, although " +
				"max_age was sent")
		}
	}
	if wanted := o.acrValues(f); len(wanted) > 0 && !slices.Contains(wanted, t.acr) {
		return errors.New("acr is not one of the requested values")
	}
	requested, err := o.requestedClaims(f)
	if err != nil {
		return err
	}
	return requested.check(t, o.now(), o.leeway())
}

func (o *OIDC) maxAge(f *Flow) *time.Duration {
	if f.Request.MaxAge != nil {
		return f.Request.MaxAge
	}
	return o.MaxAge
}

func (o *OIDC) acrValues(f *Flow) []string {
	if len(f.Request.ACRValues) > 0 {
		return f.Request.ACRValues
	}
	return o.ACRValues
}
