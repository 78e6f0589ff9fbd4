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
	maxKeys      = 100
	maxTries     = 3 // keys tried for one token
	minRSABits   = 2048
	maxRSABits   = 8192
)

// A keySet is the provider's JWKS. It is fetched when first needed. A token that no known key verifies
// may be the first after a rotation, so the keys are fetched again, within the budget of such tokens.
type keySet struct {
	o    *OIDC
	uri  string
	keys shared[fetchedKeys]

	mu        sync.Mutex
	refetched [budgets]time.Time // when a token with an unknown key last caused a fetch
}

// A budget limits how often tokens with unknown keys cause a fetch, apart for each way on which tokens
// arrive: anyone can make such tokens up, and must not use up what logins need.
type budget int

const (
	fromEndpoint budget = iota // answers of the provider itself
	fromBrowser
	fromCaller // access tokens
	fromLogout // logout tokens, which anyone may send
	budgets
)

// interval is the time between two fetches.
func (b budget) interval() time.Duration {
	if b == fromEndpoint {
		return time.Minute // a provider whose answers make no sense is not asked more often
	}
	return 10 * time.Second // so long may one made-up token hold up those with a new key
}

// An arrival is the keySet for tokens that arrive on one way, as an oidc.KeySet.
type arrival struct {
	*keySet
	budget budget
}

// VerifySignature implements oidc.KeySet.
func (a arrival) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	return a.verify(ctx, token, a.budget)
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

var errNoKey = errors.New("no key in the JWKS verifies the signature")

func (k *keySet) verify(ctx context.Context, token string, b budget) ([]byte, error) {
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

// refetchForUnknownKey fetches the keys again because none of those seen verifies a token, if the
// budget permits that. Otherwise it returns what is known by now, perhaps because of another token.
func (k *keySet) refetchForUnknownKey(ctx context.Context, seen *fetchedKeys, b budget) (*fetchedKeys, error) {
	if current := k.keys.current.Load(); current != seen {
		return current, nil
	}
	if k.mayFetch(b) || k.keys.fetching.Load() > 0 { // one that is under way may bring the key: wait for it
		return k.keys.fetch(ctx, k.o.now, k.read)
	}
	return k.keys.current.Load(), nil
}

// mayFetch reports whether a token with an unknown key may cause a fetch now, and charges the budget.
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

// read fetches the JWKS and keeps the keys that can be used (RFC 7517 section 5: ignore the others).
func (k *keySet) read(ctx context.Context) (*fetchedKeys, error) {
	if len(k.o.Keys) > 0 {
		return k.o.fixedKeys(), nil
	}
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
