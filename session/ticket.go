package session

import "github.com/sallyport-go/sallyport/internal/engine"

func purposeOf(t engine.Ticket) purpose {
	if t.Logout {
		return purposeLogout
	}
	return purposeFlow
}

// Seal encrypts a value for a round trip through the browser. The result consists of letters,
// digits, '-' and '_'. It can be opened repeatedly, for about Config.Lifetime: include a time in
// the value to expire it earlier.
func (m internals) Seal(t engine.Ticket, plain []byte) (string, error) {
	return m.keyring.Seal(purposeOf(t), t.Name, t.Binding, plain, m.config.Now())
}

// Unseal returns the plaintext of a value sealed with the same ticket. Its only error is
// [ErrInvalid].
func (m internals) Unseal(t engine.Ticket, text string) ([]byte, error) {
	return m.keyring.Open(purposeOf(t), t.Name, t.Binding, text, m.config.Now())
}
