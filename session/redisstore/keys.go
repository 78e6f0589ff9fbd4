package redisstore

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/sallyport-go/sallyport/session"
)

// The part of a key in braces selects its node in a cluster. All keys of a user are on one node:
// the records, their index, and the mark of the user's revocations, because the owner of a record
// is the user's RevocationKey as text. All names are hashes (R99), and those of users are keyed
// hashes (F50).

func (s *Store) recordKey(key session.Key) string {
	return s.Prefix + "{" + key.Owner + "}:session:" + key.ID
}

// indexKey returns the key of the sorted set of an owner's record IDs, by expiry time.
func (s *Store) indexKey(owner string) string { return s.Prefix + "{" + owner + "}:sessions" }

func (s *Store) markKey(key session.RevocationKey) string { return s.markKeyOf(nameOf(key)) }

func (s *Store) markKeyOf(name string) string { return s.Prefix + "{" + name + "}:revoked" }

func nameOf(key session.RevocationKey) string {
	return base64.RawURLEncoding.EncodeToString(key[:])
}

func (s *Store) epochKey() string { return s.Prefix + "epoch" }

// lockKey hashes the name, which may be any text.
func (s *Store) lockKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return s.Prefix + "lock:" + base64.RawURLEncoding.EncodeToString(sum[:])
}
