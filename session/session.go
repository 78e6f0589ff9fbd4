package session

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// ErrNoTokens is returned by [Session.Tokens] when the session has no tokens: the provider issued
// none, or [Config.ProfileOnly] discarded them.
var ErrNoTokens = errors.New("session: no tokens")

// A Session describes one sign-in of a user.
//
// A Session belongs to one request; each request decodes its own from the cookie. A handler may
// read it without locks, but must not change it while another goroutine uses it. The zero value has
// no user.
type Session struct {
	// ID identifies the session: at least 128 random bits, new at every login and never taken from
	// a request. It is as secret as the cookie.
	ID string `json:"-"`

	// Provider is the configured name of the provider, such as "google". It is empty for the
	// application's own logins (OwnIssuer).
	Provider string `json:"provider"`

	// Registration is the fingerprint of the configuration (issuer and client) of the provider that
	// authenticated the user. A session ends when its provider's registration changes.
	Registration string `json:"-"`

	// User is the signed-in user.
	User User `json:"user"`

	// SID is the provider's ID of its own session (the "sid" claim), or empty.
	SID string `json:"-"`

	// AuthTime is when the provider last authenticated the user (the "auth_time" claim). Zero if
	// the provider did not send it.
	AuthTime time.Time `json:"auth_time,omitzero"`

	// ACR and AMR are the authentication context class and the authentication methods (OpenID
	// Connect Core section 2). Empty if the provider did not send them.
	ACR string   `json:"acr,omitempty"`
	AMR []string `json:"amr,omitempty"`

	// Created is when the user signed in here, Seen when the session was last renewed, and Expires
	// its absolute end, which activity never moves. All have a resolution of one second.
	Created time.Time `json:"created"`
	// Proven is when the provider last confirmed the login: at sign-in and at each refresh.
	Proven  time.Time `json:"-"`
	Seen    time.Time `json:"-"`
	Expires time.Time `json:"expires"`

	// Epoch is the epoch of the revocations in which the login began (Manager.Epoch). Start sets it
	// if it is zero.
	Epoch uint64 `json:"-"`
	// Issued is when the provider issued the ID token of the sign-in: its "iat" claim, or the start
	// of the callback if that is earlier. Zero without an ID token.
	Issued time.Time `json:"-"`

	// Device describes the user's device for a list of sessions, such as "Firefox on Linux". Start
	// sets it if sessions can be listed.
	Device string `json:"-"`

	// Generation is the number of writes that changed the session. It orders copies of the session.
	Generation uint64 `json:"-"`

	// Values are small values that the application keeps with the session. They travel in the
	// cookie, so keep them short. Manager.Save saves them.
	Values map[string]string `json:"-"`

	details details // tokens and claims; see Tokens and Claims
}

// Clone returns a copy that shares no mutable data with s.
func (s *Session) Clone() *Session {
	if s == nil {
		return nil
	}
	c := *s
	c.AMR = slices.Clone(s.AMR)
	c.User.Roles = slices.Clone(s.User.Roles)
	c.Values = maps.Clone(s.Values)
	return &c
}

// LogValue implements slog.LogValuer: it logs the provider, issuer and subject only.
func (s *Session) LogValue() slog.Value {
	if s == nil {
		return slog.StringValue("none")
	}
	return slog.GroupValue(slog.String("provider", s.Provider),
		slog.String("issuer", s.User.Issuer), slog.String("subject", s.User.Subject))
}

// OwnIssuer is the User.Issuer of users of the application's own logins (sallyport.Auth.SignIn). It
// is not a URL, so it is no OpenID provider's issuer, and a session of a provider or tenant that
// claims it is rejected. The Provider of such a session is empty.
const OwnIssuer = "own"

// A User is the signed-in user as the provider describes them.
//
// Only the pair (Issuer, Subject) identifies a user (OpenID Connect Core section 5.7), together
// with Tenant for users of tenants: use [User.Key] as the account key. Name, Username, Email and
// Picture are for display; they may change at any time, and different users may share them.
type User struct {
	// Tenant is the name of the tenant whose provider signed the user in, and empty for configured
	// providers. It is set from Session.Provider. The claims of a tenant's provider are valid
	// within that tenant only.
	Tenant string `json:"tenant,omitempty"`

	Issuer        string   `json:"iss"`
	Subject       string   `json:"sub"`
	Name          string   `json:"name,omitempty"`
	Username      string   `json:"preferred_username,omitempty"`
	Email         string   `json:"email,omitempty"`
	Picture       string   `json:"picture,omitempty"`
	EmailVerified bool     `json:"email_verified,omitempty"`
	Roles         []string `json:"roles,omitempty"`
}

// Key returns a unique key for the user, for use as the foreign key of an account: no other
// (Issuer, Subject) pair has the same key. Users of tenants have a key of another form, made of
// (Tenant, Issuer, Subject): it is different in each tenant and never equals the key of a
// configured provider's user, whatever issuer the tenant's provider claims. The key of the zero
// User is empty.
func (u User) Key() string {
	if u.Issuer == "" && u.Subject == "" {
		return ""
	}
	parts := []string{u.Issuer, u.Subject}
	if u.Tenant != "" {
		parts = []string{u.Tenant, u.Issuer, u.Subject}
	}
	key, _ := json.Marshal(parts) // strings always marshal
	return string(key)
}
