package provider

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keysLifetime = 10 * time.Minute // how long keys are used without asking for newer ones
	keysLimit    = 24 * time.Hour   // how long they are used if newer ones cannot be had
	keysInterval = time.Minute      // between fetches that surprising tokens cause
	maxKeys      = 100
	maxTries     = 3 // keys tried for one token
	minRSABits   = 2048
	maxRSABits   = 8192
)

// A keySet is the provider's JWKS as an oidc.KeySet. It is fetched when first needed. A token that no known key
// explains may be the first after a rotation, so the keys are fetched again, but anybody can make up
// such tokens, so that happens at most once a minute.
type keySet struct {
	o    *OIDC
	uri  string
	keys shared[fetchedKeys]

	mu       sync.Mutex
	surprise time.Time // when a surprising token last caused a fetch
}

type fetchedKeys struct {
	keys []publicKey
	at   time.Time
}

// A publicKey is a usable key of the JWKS.
type publicKey struct {
	id, alg string // either may be empty
	issuer  string // whose it is, where several share the JWKS; else empty
	key     any    // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

func newKeySet(o *OIDC, uri string) *keySet {
	k := &keySet{o: o, uri: uri}
	k.keys.usable = k.younger(keysLimit)
	return k
}

var errNoKey = errors.New("no key of the provider explains the signature")

// VerifySignature implements oidc.KeySet.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	algs := make([]jose.SignatureAlgorithm, len(asymmetricAlgs))
	for i, alg := range asymmetricAlgs {
		algs[i] = jose.SignatureAlgorithm(alg)
	}
	jws, err := jose.ParseSignedCompact(token, algs)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("malformed token")
	}
	known, err := k.known(ctx)
	if err != nil {
		return nil, err
	}
	if payload, ok := known.verify(jws, k.o.signsFor); ok {
		return payload, nil
	}
	fresh, err := k.afterSurprise(ctx, known)
	if err != nil {
		return nil, err
	}
	if fresh != known {
		if payload, ok := fresh.verify(jws, k.o.signsFor); ok {
			return payload, nil
		}
	}
	return nil, errNoKey
}

// known returns keys that are young enough. While the JWKS cannot be read, it returns older ones, for a
// day at most: the provider may have withdrawn them since, because somebody stole them.
func (k *keySet) known(ctx context.Context) (*fetchedKeys, error) {
	found, err := k.keys.get(ctx, k.o.now, k.younger(keysLifetime), k.read)
	if err != nil && k.keys.current.Load() != nil {
		err = fmt.Errorf("keys are used for %v at most if newer ones cannot be had: %w", keysLimit, err)
	}
	return found, err
}

// younger reports whether keys were fetched less than limit ago, whichever way a clock was set.
func (k *keySet) younger(limit time.Duration) func(*fetchedKeys) bool {
	return func(f *fetchedKeys) bool { return k.o.now().Sub(f.at).Abs() < limit }
}

// afterSurprise fetches the keys again because seen did not explain a token, if that is due.
// Otherwise it returns what is known by now, perhaps due to somebody else's surprise.
func (k *keySet) afterSurprise(ctx context.Context, seen *fetchedKeys) (*fetchedKeys, error) {
	if current := k.keys.current.Load(); current != seen {
		return current, nil
	}
	if k.mayFetch() || k.keys.fetching.Load() > 0 { // one that is under way may bring the key: wait for it
		return k.keys.fetch(ctx, k.o.now, k.read)
	}
	return k.keys.current.Load(), nil
}

// mayFetch reports whether a surprising token may cause a fetch now, and counts it.
func (k *keySet) mayFetch() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.o.now()
	since := now.Sub(k.surprise)
	if !k.surprise.IsZero() && since >= 0 && since < keysInterval {
		return false
	}
	k.surprise = now
	return true
}

// read fetches the JWKS and keeps the keys that can be used (RFC 7517 section 5: ignore the others).
func (k *keySet) read(ctx context.Context) (*fetchedKeys, error) {
	a, err := k.o.outbound().fetch(ctx, "keys", k.uri)
	if err != nil {
		return nil, err
	}
	set, err := readKeys(a.body, &k.o.notes)
	if err != nil { // keys come and go at the provider, so this may pass
		return nil, fmt.Errorf("keys: %s: %w", displayed(k.uri), err)
	}
	var keys []publicKey
	for _, raw := range set[:min(len(set), maxKeys)] {
		if key, ok := usableKey(raw); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("keys: %s: none of them can be used", displayed(k.uri))
	}
	return &fetchedKeys{keys, k.o.now()}, nil
}

// fits reports whether the key may have made a signature with the algorithm (RFC 7518 section 3.1).
func (k publicKey) fits(alg string) bool {
	if k.alg != "" && !slices.Contains(withBothNames([]string{k.alg}), alg) {
		return false
	}
	return slices.Contains(keyAlgs(k.key), alg)
}

// verifier is what go-jose verifies a signature with.
func (k publicKey) verifier(alg string) any {
	if key, ok := k.key.(ed25519.PublicKey); ok && alg == algEd25519 {
		return ed25519Verifier(key)
	}
	return k.key
}
