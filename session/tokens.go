package session

import (
	"log/slog"
	"slices"
	"time"
)

// Tokens are the tokens that the provider issued for the user. Formatting, logging and marshaling a
// Tokens shows no secret; read the fields.
type Tokens struct {
	AccessToken  string
	TokenType    string    // "Bearer" unless the provider uses another scheme
	RefreshToken string    // empty if the provider issued none
	IDToken      string    // the signed ID token as received; empty for plain OAuth
	Secret       string    // the token secret of OAuth 1.0a
	Scopes       []string  // granted, spelled as requested; see Granted
	Expiry       time.Time // of the access token; zero if unknown
}

// Granted reports whether the user granted a scope to the application. Providers may omit openid
// and offline_access from the granted scopes, so an ID token and a refresh token imply them.
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

// String implements fmt.Stringer and hides the tokens.
func (Tokens) String() string { return redacted }

// GoString implements fmt.GoStringer and hides the tokens.
func (Tokens) GoString() string { return redacted }

// LogValue implements slog.LogValuer and hides the tokens.
func (Tokens) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements json.Marshaler and hides the tokens.
func (Tokens) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler and hides the tokens.
func (Tokens) MarshalText() ([]byte, error) { return []byte(redacted), nil }
