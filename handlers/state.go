package handlers

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// The state of a login (RFC 6749 section 4.1.1) is sealed: it proves, without any cookie, that this
// application issued it for this provider, when, and whether the login has been restarted before.
// The flow's cookie proves what the state cannot: that the login belongs to this browser.
//
// A provider that makes a state of its own is never restarted.

// stateSize is the plain text: attempt | seconds since 1970 (uint32) | random bytes, beside the
// random nonce of the seal.
const stateSize = 1 + 4 + 8

// An issuedState is what a state says.
type issuedState struct {
	at      time.Time
	attempt byte // 0: the user started the login; 1: it was restarted; 2: silent
}

// newState returns the state of a login at the provider of the name.
func (h *routes) newState(name string, attempt byte) (string, error) {
	now := h.config.Sessions.Now()
	plain := make([]byte, stateSize)
	plain[0] = attempt
	binary.BigEndian.PutUint32(plain[1:], uint32(now.Unix()))
	rand.Read(plain[5:]) // never fails
	state, err := h.config.Sessions.Seal(h.stateTicket(name), plain)
	if err != nil {
		return "", fmt.Errorf("handlers: seal state: %w", err)
	}
	return state, nil
}

func (h *routes) stateTicket(name string) engine.Ticket {
	return engine.Ticket{Name: "state", Binding: h.bound(name)}
}

// openState reports false for a state that this application has not issued for the provider.
func (h *routes) openState(name, state string) (issuedState, bool) {
	plain, err := h.config.Sessions.Unseal(h.stateTicket(name), state)
	if err != nil || len(plain) != stateSize {
		return issuedState{}, false
	}
	return issuedState{time.Unix(int64(binary.BigEndian.Uint32(plain[1:])), 0), plain[0]}, true
}

// expired reports whether a login that began at this time is over.
func (h *routes) expired(began time.Time) bool {
	return h.config.Sessions.Now().Sub(began) >= flowLifetime
}
