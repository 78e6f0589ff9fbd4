package session

// A Ticket identifies the use of a sealed value that the login routes send through the browser, in
// a cookie or parameter. A value opens only with the same ticket.
type Ticket struct {
	Name    string // of the cookie or parameter
	Binding string // any other context of the value
	Logout  bool   // for a logout, not a login
}

func (t Ticket) purpose() purpose {
	if t.Logout {
		return purposeLogout
	}
	return purposeFlow
}

// Seal encrypts a value for a round trip through the browser. The result consists of letters,
// digits, '-' and '_'. It can be opened repeatedly, for about Config.Lifetime: include a time in
// the value to expire it earlier.
func (m *Manager) Seal(t Ticket, plain []byte) (string, error) {
	return m.keyring.Seal(t.purpose(), t.Name, t.Binding, plain, m.config.Now())
}

// Unseal returns the plaintext of a value sealed with the same ticket. Its only error is
// [ErrInvalid].
func (m *Manager) Unseal(t Ticket, text string) ([]byte, error) {
	return m.keyring.Open(t.purpose(), t.Name, t.Binding, text, m.config.Now())
}
