// Package relay forwards the responses of providers from one registered redirect URI to the origin
// where the login began. The application wraps the state of a login in one that names its callback;
// the relay opens it, and forwards the response with the original state. Every other check happens
// in the application.
package relay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// lifetime is how long a response may take. It is longer than a login, so that the application,
// which can start an expired login again, gets the responses that come a little late.
const lifetime = time.Hour

// skew is the tolerated difference between the clocks of the application and the relay.
const skew = time.Minute

// A Sealer seals values under the secret of the relay; a session manager is one.
type Sealer interface {
	Seal(t engine.Ticket, plain []byte) (string, error)
	Unseal(t engine.Ticket, text string) ([]byte, error)
	Now() time.Time
}

// States wrap and open the states of a relay.
type States struct {
	URL    string // of the relay, such as "https://login.example.com/callback"
	Sealer Sealer
}

// RedirectURI returns the redirect URI of a provider. Each provider has its own, as without a relay
// (RFC 9700 section 4.4.2).
func (s *States) RedirectURI(name string) string { return s.URL + "/" + name }

// ticket binds a state to the redirect URI: a response for one provider is never forwarded with
// the state of another.
func (s *States) ticket(name string) engine.Ticket {
	return engine.Ticket{Name: "relay", Binding: s.RedirectURI(name)}
}

// Wrap returns the state for the authorization request of a login with a provider: the seconds
// since 1970 (uint32), the length of the callback's URL (uint16), the URL, and the login's state.
func (s *States) Wrap(name, callback, state string) (string, error) {
	plain := binary.BigEndian.AppendUint32(nil, uint32(s.Sealer.Now().Unix()))
	plain = binary.BigEndian.AppendUint16(plain, uint16(len(callback)))
	plain = append(append(plain, callback...), state...)
	text, err := s.Sealer.Seal(s.ticket(name), plain)
	if err != nil {
		return "", fmt.Errorf("relay: seal state: %w", err)
	}
	return text, nil
}

// A wrapped state is one that Wrap has sealed.
type wrapped struct {
	began    time.Time
	callback string
	state    string
}

var (
	errForeign = errors.New("relay: the secret does not open the state for this provider: is " +
		"RelaySecret the one of the application?")
	errExpired = errors.New("relay: the state has expired")
	errAhead   = errors.New("relay: the state is from the future: are the clocks right?")
)

// open returns what Wrap has sealed for a provider, of any age.
func (s *States) open(name, text string) (wrapped, error) {
	plain, err := s.Sealer.Unseal(s.ticket(name), text)
	if err != nil || len(plain) < 6 {
		return wrapped{}, errForeign
	}
	w := wrapped{began: time.Unix(int64(binary.BigEndian.Uint32(plain)), 0)}
	size, rest := int(binary.BigEndian.Uint16(plain[4:])), string(plain[6:])
	if size > len(rest) {
		return wrapped{}, errForeign
	}
	w.callback, w.state = rest[:size], rest[size:]
	return w, nil
}

// checkAge rejects states that are not of now.
func (w wrapped) checkAge(now time.Time) error {
	switch age := now.Sub(w.began); {
	case age >= lifetime:
		return errExpired
	case age <= -skew:
		return errAhead
	}
	return nil
}
