package session

import (
	"log/slog"
	"slices"
	"time"
)

// Tokens are what the provider handed out for the user. They never print themselves:
// formatting, logging and marshalling a Tokens shows no secret; read the fields.
type Tokens struct {
	AccessToken  string
	TokenType    string    // "Bearer" unless the provider uses another scheme
	RefreshToken string    // empty when the provider gave none
	IDToken      string    // the signed ID token as received; empty for plain OAuth
	Secret       string    // the token secret of OAuth 1.0a
	Scopes       []string  // granted, as they were asked for; see Granted
	Expiry       time.Time // of the access token; zero when the provider did not say
}

// Granted reports whether the user has granted a scope to the application. Providers need not list
// openid and offline_access, so an ID token and a refresh token prove them.
func (t Tokens) Granted(scope string) bool {
	switch {
	case slices.Contains(t.Scopes, scope):
		return true
	case scope == "openid":
		return t.IDToken != ""
	case scope == "offline_access":
		return t.RefreshToken != ""
	}
	return false
}

func (t *Tokens) empty() bool {
	return t == nil || t.AccessToken == "" && t.IDToken == "" && t.RefreshToken == ""
}

const redacted = "session.Tokens(redacted)"

// String implements fmt.Stringer without a secret.
func (Tokens) String() string { return redacted }

// GoString implements fmt.GoStringer without a secret.
func (Tokens) GoString() string { return redacted }

// LogValue implements slog.LogValuer without a secret.
func (Tokens) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements json.Marshaler without a secret.
func (Tokens) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler without a secret.
func (Tokens) MarshalText() ([]byte, error) { return []byte(redacted), nil }
