package redisstore

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/sallyport-go/sallyport/session"
)

// The part in braces decides on which node of a cluster a key lives. All that belongs to one user
// lives on one node: the records, their index, and the mark of the user's revocations, because the
// owner of a record is the user's RevocationKey as text. Names are hashes throughout (R99), those
// of users with a key (F50).

func (s *Store) recordKey(key session.Key) string {
	return s.Prefix + "{" + key.Owner + "}:session:" + key.ID
}

// indexKey names the sorted set of an owner's records, by the time when they end.
func (s *Store) indexKey(owner string) string { return s.Prefix + "{" + owner + "}:sessions" }

func (s *Store) markKey(key session.RevocationKey) string { return s.markKeyOf(nameOf(key)) }

func (s *Store) markKeyOf(name string) string { return s.Prefix + "{" + name + "}:revoked" }

func nameOf(key session.RevocationKey) string {
	return base64.RawURLEncoding.EncodeToString(key[:])
}

func (s *Store) epochKey() string { return s.Prefix + "epoch" }

// lockKey hashes the name, which may be anything.
func (s *Store) lockKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return s.Prefix + "lock:" + base64.RawURLEncoding.EncodeToString(sum[:])
}
