package session

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// ErrInvalid means that a value was not sealed by us for this use or is no longer valid: forged,
// truncated, expired, or of another purpose, key or configuration. All these cases deliberately
// share one error, so that attackers do not learn which check failed (R140).
var ErrInvalid = errors.New("session: not valid")

// A purpose separates sealed values by use: each purpose has its own keys, so that no value is
// accepted for another use (in CVE-2023-48309, a login state passed as a session).
type purpose byte

// The purposes. Their numbers are part of the sealed format: never reuse one.
const (
	purposeSession   purpose = 1 // the identity part of a session
	purposeDetails   purpose = 2 // tokens and claims of a session
	purposeFlow      purpose = 3 // a login attempt in progress
	purposeLogout    purpose = 4 // a logout in progress
	purposeValue     purpose = 5 // values of the application, through a gorilla store
	purposeReference purpose = 6 // the location of a session in a ServerStore
)

// A sealed value starts with a header that identifies its key: version (1 byte) | key id (2 bytes)
// | period (2 bytes) | nonce | ciphertext | tag.
const (
	sealVersion  = 1
	headerSize   = 1 + 2 + 2
	sealOverhead = headerSize + 12 + 16 // AES-GCM nonce and tag
)

// A keyring seals small values for a round trip through the browser, with AES-256-GCM under keys
// derived from a secret. The first secret seals; all secrets open.
//
// Each purpose has a new key every day, because one key must not seal more than 2^32 values with
// random nonces (NIST SP 800-38D section 8.3). Values older than the keyring's window do not open.
//
// A keyring is safe for concurrent use.
type keyring struct {
	sealing *rootKey
	byID    map[uint16][]*rootKey // ids may collide: all keys of an id are tried
	window  int                   // the maximum age of a value in days
	namers  []*namer              // one per secret, the newest first

	ready  atomic.Pointer[map[dayKey]cipher.AEAD] // copied on write, read without a lock
	adding sync.Mutex
}

// A rootKey is a secret after extraction: the input of HKDF-Expand.
type rootKey struct {
	id  uint16
	prk []byte
}

// A dayKey identifies one derived key.
type dayKey struct {
	root    *rootKey
	purpose purpose
	period  uint16
}

// newKeyring derives the root keys. Values sealed more than window ago do not open.
func newKeyring(secret string, old []string, window time.Duration) (*keyring, error) {
	k := &keyring{byID: map[uint16][]*rootKey{}, window: int(window/(24*time.Hour)) + 1}
	var mistakes []error
	for i, text := range append([]string{secret}, old...) {
		root, err := newRootKey(text)
		if err != nil {
			field := "Secret"
			if i > 0 {
				field = fmt.Sprintf("OldSecrets[%d]", i-1)
			}
			mistakes = append(mistakes, wrongField(field, "%w", err))
			continue
		}
		if i == 0 {
			k.sealing = root
		}
		k.byID[root.id] = append(k.byID[root.id], root)
		namer, err := newNamer(root)
		mistakes = append(mistakes, err)
		k.namers = append(k.namers, namer)
	}
	k.ready.Store(&map[dayKey]cipher.AEAD{})
	return k, errors.Join(mistakes...)
}

func newRootKey(text string) (*rootKey, error) {
	material, err := keyMaterial(text)
	if err != nil {
		return nil, err
	}
	prk, err := hkdf.Extract(sha256.New, material, []byte("sallyport session keys v1"))
	if err != nil {
		return nil, err
	}
	id, err := hkdf.Expand(sha256.New, prk, "key id", 2)
	if err != nil {
		return nil, err
	}
	return &rootKey{id: binary.BigEndian.Uint16(id), prk: prk}, nil
}

// Seal encrypts plaintext for a round trip through the browser. Only [keyring.Open] with the same
// purpose, name (of the cookie or parameter) and binding (any other context of the value) opens the
// result, which consists of letters, digits, '-' and '_'.
func (k *keyring) Seal(p purpose, name, binding string, plaintext []byte, now time.Time) (string,
	error) {
	return k.seal(p, associatedData(p, name, binding), plaintext, now)
}

// Open returns the plaintext of a value sealed with the same purpose, name and binding. Its only
// error is [ErrInvalid].
func (k *keyring) Open(p purpose, name, binding, text string, now time.Time) ([]byte, error) {
	plain, _, err := k.open(p, associatedData(p, name, binding), text, now, nil)
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

func (k *keyring) seal(p purpose, associated, plaintext []byte, now time.Time) (string, error) {
	key := dayKey{k.sealing, p, periodOf(now)}
	aead, known, err := k.aead(key)
	if err != nil {
		return "", err
	}
	if !known {
		k.keep(key, aead)
	}
	sealed := make([]byte, headerSize, sealOverhead+len(plaintext))
	sealed[0] = sealVersion
	binary.BigEndian.PutUint16(sealed[1:], key.root.id)
	binary.BigEndian.PutUint16(sealed[3:], key.period)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(sealed, nil, plaintext, associated)), nil
}

// open also reports whether the newest secret sealed the text. The plaintext is in the memory of
// scratch if that suffices. The errors are of type unusable.
func (k *keyring) open(p purpose, associated []byte, text string, now time.Time,
	scratch []byte) (plain []byte, current bool, err error) {
	n := base64.RawURLEncoding.DecodedLen(len(text))
	if n < sealOverhead {
		return nil, false, errForeign
	}
	if cap(scratch) < n {
		scratch = make([]byte, n)
	}
	sealed := scratch[:n]
	if !decodeText(sealed, text) {
		return nil, false, errForeign
	}
	roots, period, err := k.readHeader(sealed, now)
	if err != nil {
		return nil, false, err
	}
	for i, root := range roots {
		key := dayKey{root, p, period}
		aead, known, err := k.aead(key)
		if err != nil {
			return nil, false, errForeign
		}
		body := sealed[headerSize:]
		if i < len(roots)-1 {
			body = bytes.Clone(body) // opening in place overwrites it, and ids may collide
		}
		plain, err := aead.Open(body[:0], nil, body, associated)
		if err != nil {
			continue
		}
		if !known {
			k.keep(key, aead)
		}
		return plain, root == k.sealing, nil
	}
	return nil, false, errForeign
}

// readHeader returns the keys that may open a sealed value. It rejects foreign values before a key
// is derived, so that they cannot grow the cache.
func (k *keyring) readHeader(sealed []byte, now time.Time) (roots []*rootKey, period uint16,
	err error) {
	if sealed[0] != sealVersion {
		return nil, 0, errNewer
	}
	if roots = k.byID[binary.BigEndian.Uint16(sealed[1:])]; roots == nil {
		return nil, 0, errOtherKey
	}
	period = binary.BigEndian.Uint16(sealed[3:])
	switch age := int(periodOf(now)) - int(period); {
	case age < -1:
		return nil, 0, errNotYet
	case age > k.window:
		return nil, 0, errTooOld
	}
	return roots, period, nil
}

// aead returns the cipher of a derived key and whether it comes from the cache.
func (k *keyring) aead(key dayKey) (aead cipher.AEAD, known bool, err error) {
	if aead, known = (*k.ready.Load())[key]; known {
		return aead, true, nil
	}
	info := []byte{byte(key.purpose), byte(key.period >> 8), byte(key.period)}
	secret, err := hkdf.Expand(sha256.New, key.root.prk, "seal "+string(info), 32)
	if err != nil {
		return nil, false, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, false, err
	}
	aead, err = cipher.NewGCMWithRandomNonce(block) // the only GCM for sealing in FIPS 140-3 mode
	return aead, false, err
}

// keep adds a cipher that opened a value to the cache, and drops expired ones.
func (k *keyring) keep(key dayKey, aead cipher.AEAD) {
	k.adding.Lock()
	defer k.adding.Unlock()
	next := maps.Clone(*k.ready.Load())
	maps.DeleteFunc(next, func(old dayKey, _ cipher.AEAD) bool {
		return int(key.period)-int(old.period) > k.window+1
	})
	next[key] = aead
	k.ready.Store(&next)
}

// periodOf numbers the days since 1970 (until 2149).
func periodOf(t time.Time) uint16 { return uint16(t.Unix() / (24 * 60 * 60)) }

// associatedData encodes the context that a sealed value is bound to. A length before each part
// makes the encoding unambiguous.
func associatedData(p purpose, name string, binding ...string) []byte {
	ad := append(make([]byte, 0, 256), byte(p), sealVersion)
	ad = appendText(ad, name)
	for _, part := range binding {
		ad = appendText(ad, part)
	}
	return ad
}
