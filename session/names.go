package session

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
)

// A namer derives the names by which stores know users: hashes keyed with a secret, so that a
// reader of the store cannot test for known users (R99). With old secrets, sessions are looked up,
// listed and revoked under the names of each secret.
type namer struct{ key [32]byte }

// The kinds of names.
const (
	nameOfSession         = 1
	nameOfProviderSession = 2
	nameOfUser            = 3
	nameOfProvider        = 4
)

func newNamer(root *rootKey) (*namer, error) {
	key, err := hkdf.Expand(sha256.New, root.prk, "names in stores", 32)
	if err != nil {
		return nil, err
	}
	return &namer{[32]byte(key)}, nil
}

// providerSession is zero if the provider sent no session ID. Every name includes provider and
// issuer, so that a message of one provider, tenant or client never ends a session of another (R37,
// R38).
func (n *namer) providerSession(provider, issuer, sid string) RevocationKey {
	if sid == "" {
		return RevocationKey{}
	}
	return nameWith(n.key[:], nameOfProviderSession, provider, issuer, sid)
}

func (n *namer) user(provider, issuer, subject string) RevocationKey {
	return nameWith(n.key[:], nameOfUser, provider, issuer, subject)
}

func (n *namer) userOf(s *Session) RevocationKey {
	return n.user(s.Provider, s.User.Issuer, s.User.Subject)
}

func (n *namer) providerSessionOf(s *Session) RevocationKey {
	return n.providerSession(s.Provider, s.User.Issuer, s.SID)
}

func (n *namer) providerOf(s *Session) RevocationKey {
	return nameWith(n.key[:], nameOfProvider, s.Provider)
}

func (n *namer) keys(s *Session) RevocationKeys {
	return RevocationKeys{sessionKey(s.ID), n.providerSessionOf(s), n.userOf(s), n.providerOf(s)}
}

// sessionKey needs no secret because the ID is random. It does not change when secrets change.
func sessionKey(id string) RevocationKey {
	return nameWith([]byte("sallyport revocation "), nameOfSession, id)
}

// nameWith hashes its parts unambiguously. The key comes first, and half of the hash is dropped,
// which prevents length extension. HMAC would take twice the time on every request.
func nameWith(key []byte, kind byte, parts ...string) RevocationKey {
	var buffer [256]byte
	b := append(append(buffer[:0], key...), kind)
	for _, part := range parts {
		b = appendText(b, part)
	}
	sum := sha256.Sum256(b)
	return RevocationKey(sum[:16])
}

// ownerOf returns a user's name in the backend.
func ownerOf(user RevocationKey) string { return base64.RawURLEncoding.EncodeToString(user[:]) }

// namer returns the namer for new names.
func (m *Manager) namer() *namer { return m.keyring.namers[0] }
