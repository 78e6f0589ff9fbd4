package session

// A Ticket says what a sealed value is that the browser carries for the login routes, in a cookie or
// in a parameter. A value opens for the same ticket only.
type Ticket struct {
	Name    string // of the cookie or parameter
	Binding string // whatever else the value belongs to
	Logout  bool   // it is about a logout, not about a login
}

func (t Ticket) purpose() purpose {
	if t.Logout {
		return purposeLogout
	}
	return purposeFlow
}

// Seal encrypts a value for a round trip through the browser. The result consists of letters,
// digits, '-' and '_'. It can be opened more than once, for about Config.Lifetime: when it was sealed
// belongs into the value.
func (m *Manager) Seal(t Ticket, plain []byte) (string, error) {
	return m.keyring.Seal(t.purpose(), t.Name, t.Binding, plain, m.config.Now())
}

// Unseal returns what was sealed for the same ticket. Its only error is [ErrInvalid].
func (m *Manager) Unseal(t Ticket, text string) ([]byte, error) {
	return m.keyring.Open(t.purpose(), t.Name, t.Binding, text, m.config.Now())
}
