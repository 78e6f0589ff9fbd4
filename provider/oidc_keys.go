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
	keysLifetime = 10 * time.Minute // how long keys are used without a fetch
	keysLimit    = 24 * time.Hour   // how long they are used if fetches fail
	maxKeys      = 100
	maxTries     = 3 // keys to try for one token
	minRSABits   = 2048
	maxRSABits   = 8192
)

// A keySet is the provider's JWKS, fetched when first needed. A token that no known key verifies
// may be the first after a key rotation, so the keys are fetched again, within a budget.
type keySet struct {
	o    *OIDC
	uri  string
	keys shared[fetchedKeys]

	mu        sync.Mutex
	refetched [budgets]time.Time // time of the last fetch for a token with an unknown key
}

// A budget limits how often tokens with unknown keys cause a fetch. Each source of tokens has its
// own: anyone can forge such tokens, and must not exhaust the budget that logins need.
type budget int

const (
	fromEndpoint budget = iota // responses of the provider itself
	fromBrowser
	fromCaller // access tokens in API requests
	fromLogout // logout tokens, which are unauthenticated
	budgets
)

// interval returns the minimum time between two fetches.
func (b budget) interval() time.Duration {
	if b == fromEndpoint {
		return time.Minute // also for a provider that sends invalid tokens
	}
	return 10 * time.Second // how long a forged token can delay those with a new key
}

// An arrival is the keySet for tokens from one source.
type arrival struct {
	*keySet
	budget budget
}

// verifySignature implements signers.
func (a arrival) verifySignature(ctx context.Context, token string, algs ...string) ([]byte,
	error) {
	return a.verify(ctx, token, algs, a.budget)
}

type fetchedKeys struct {
	keys []publicKey
	at   time.Time
}

// A publicKey is a usable key of the JWKS.
type publicKey struct {
	id, alg string // either may be empty
	issuer  string // the organization's, if several share the JWKS; else empty
	key     any    // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

func newKeySet(o *OIDC, uri string) *keySet {
	k := &keySet{o: o, uri: uri}
	k.keys.usable = k.younger(keysLimit)
	return k
}

var errNoKey = errors.New("no key in the JWKS verifies the signature")

func (k *keySet) verify(ctx context.Context, token string, algs []string, b budget) ([]byte,
	error) {
	jws, err := jose.ParseSignedCompact(token, joseAlgs(algs))
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
	fresh, err := k.refetchForUnknownKey(ctx, known, b)
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

// joseAlgs returns the asymmetric ones of the algorithms for go-jose.
func joseAlgs(algs []string) []jose.SignatureAlgorithm {
	permitted := make([]jose.SignatureAlgorithm, 0, len(algs))
	for _, alg := range algs {
		if slices.Contains(asymmetricAlgs, alg) {
			permitted = append(permitted, jose.SignatureAlgorithm(alg))
		}
	}
	return permitted
}

// known returns keys that are recent enough. While the JWKS cannot be read, it returns older ones,
// for at most a day: the provider may have withdrawn compromised keys since.
func (k *keySet) known(ctx context.Context) (*fetchedKeys, error) {
	found, err := k.keys.get(ctx, k.o.now, k.younger(keysLifetime), k.read)
	if err != nil && k.keys.current.Load() != nil {
		err = fmt.Errorf("keys are used for at most %v if fetches fail: %w", keysLimit, err)
	}
	return found, err
}

// younger reports whether keys were fetched less than limit ago, even if the clock was set back.
func (k *keySet) younger(limit time.Duration) func(*fetchedKeys) bool {
	return func(f *fetchedKeys) bool { return k.o.now().Sub(f.at).Abs() < limit }
}

// refetchForUnknownKey fetches the keys again because none of those seen verifies a token, if the
// budget permits it. Otherwise it returns the known keys, which another token may have refreshed.
func (k *keySet) refetchForUnknownKey(ctx context.Context, seen *fetchedKeys,
	b budget) (*fetchedKeys, error) {
	if current := k.keys.current.Load(); current != seen {
		return current, nil
	}
	// a running fetch may have the key: wait for it
	if k.mayFetch(b) || k.keys.fetching.Load() > 0 {
		return k.keys.fetch(ctx, k.o.now, k.read)
	}
	return k.keys.current.Load(), nil
}

// mayFetch reports whether a token with an unknown key may cause a fetch now, and charges the
// budget.
func (k *keySet) mayFetch(b budget) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.o.now()
	last := k.refetched[b]
	if since := now.Sub(last); !last.IsZero() && since >= 0 && since < b.interval() {
		return false
	}
	k.refetched[b] = now
	return true
}

// read fetches the JWKS and keeps the usable keys (RFC 7517 section 5: ignore the others).
func (k *keySet) read(ctx context.Context) (*fetchedKeys, error) {
	if len(k.o.Keys) > 0 {
		return k.o.fixedKeys(), nil
	}
	a, err := k.o.outbound().fetch(ctx, "keys", k.uri)
	if err != nil {
		return nil, err
	}
	set, err := readKeys(a.body, &k.o.notes)
	if err != nil { // keys change at the provider, so this may be temporary
		return nil, fmt.Errorf("keys: %s: %w", displayed(k.uri), err)
	}
	var keys []publicKey
	for _, raw := range set[:min(len(set), maxKeys)] {
		if key, ok := usableKey(raw); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("keys: %s: none of them is usable", displayed(k.uri))
	}
	return &fetchedKeys{keys, k.o.now()}, nil
}

// fits reports whether the key can sign with the algorithm (RFC 7518 section 3.1).
func (k publicKey) fits(alg string) bool {
	if k.alg != "" && !slices.Contains(withBothNames([]string{k.alg}), alg) {
		return false
	}
	return slices.Contains(keyAlgs(k.key), alg)
}

// verifier returns the key for go-jose.
func (k publicKey) verifier(alg string) any {
	if key, ok := k.key.(ed25519.PublicKey); ok && alg == algEd25519 {
		return ed25519Verifier(key)
	}
	return k.key
}
