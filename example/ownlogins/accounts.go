package main

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"
	"time"
)

// An account is a user of the application. Its ID never changes.
type account struct {
	ID, Name, Email string
	Roles           []string
	salt, hash      []byte
	rounds          int // of the hash
}

// accounts are all accounts by ID; in production, a database table.
type accounts map[string]account

// safeRounds is what OWASP recommends for PBKDF2 with SHA-256.
const safeRounds = 600_000

func newAccounts(rounds int) accounts {
	all := accounts{}
	for id, name := range map[string]string{"1": "alice", "2": "bob"} {
		salt := []byte(rand.Text())
		all[id] = account{ID: id, Name: name, Email: name + "@example.com", salt: salt,
			hash: hash(name, salt, rounds), rounds: rounds}
	}
	return all
}

// hash is slow on purpose. Argon2id (golang.org/x/crypto/argon2) is better still.
func hash(password string, salt []byte, rounds int) []byte {
	key, err := pbkdf2.Key(sha256.New, password, salt, rounds, 32)
	if err != nil {
		panic(err) // only for invalid lengths
	}
	return key
}

// check returns the account of a name if the password is right. An unknown name takes as long as a
// wrong password. In production, also limit the attempts per name and address.
func (all accounts) check(name, password string) (account, bool) {
	found := account{salt: []byte("no account"), hash: make([]byte, 32), rounds: safeRounds}
	for _, a := range all {
		if a.Name == name {
			found = a
		}
	}
	right := subtle.ConstantTimeCompare(hash(password, found.salt, found.rounds), found.hash) == 1
	return found, right && found.ID != ""
}

func (all accounts) byEmail(email string) (account, bool) {
	for _, a := range all {
		if strings.EqualFold(a.Email, strings.TrimSpace(email)) {
			return a, true
		}
	}
	return account{}, false
}

// linkLifetime is how long a magic link works.
const linkLifetime = 15 * time.Minute

// links are the magic links that have not been used, by the hash of their token.
type links struct {
	mu   sync.Mutex
	open map[[32]byte]link
}

type link struct {
	account, returnTo string
	expires           time.Time
}

// add returns the token of a new link.
func (l *links) add(account, returnTo string) (token string) {
	token = rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[[32]byte]link{}
	}
	l.open[sha256.Sum256([]byte(token))] = link{account, returnTo, time.Now().Add(linkLifetime)}
	return token
}

// take uses a link up.
func (l *links) take(token string) (account, returnTo string, ok bool) {
	key := sha256.Sum256([]byte(token))
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.open[key]
	delete(l.open, key)
	return found.account, found.returnTo, ok && time.Now().Before(found.expires)
}
