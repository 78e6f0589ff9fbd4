package session

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// ErrNoTokens is returned by [Session.Tokens] when the session holds none: the provider
// gave none, or [Config.ProfileOnly] left them out.
var ErrNoTokens = errors.New("session: holds no tokens")

// A Session is what the application remembers of one sign-in.
//
// A Session belongs to one request: it is read anew from the cookie for each, so a
// handler may read it without locks, but must not share it with a request of another
// goroutine and change it there. The zero value is nobody's session.
type Session struct {
	// ID names the session: at least 128 random bits, new at every login and never taken
	// from a request. It is a secret of the same rank as the cookie.
	ID string `json:"-"`

	// Provider is the name under which the provider is configured, such as "google".
	Provider string `json:"provider"`

	// Registration is the fingerprint of the provider's configuration (issuer and client)
	// that vouched for the user. A session ends when its provider's registration changes.
	Registration string `json:"-"`

	// User is who signed in.
	User User `json:"user"`

	// SID is the provider's own name for its session (the "sid" claim), or empty.
	SID string `json:"-"`

	// AuthTime is when the provider last made the user prove who they are (the "auth_time"
	// claim). Zero when the provider did not say.
	AuthTime time.Time `json:"auth_time,omitzero"`

	// ACR and AMR say how the user proved it: authentication context class and methods
	// (OpenID Connect Core section 2). Empty when the provider did not say.
	ACR string   `json:"acr,omitempty"`
	AMR []string `json:"amr,omitempty"`

	// Created is when the user signed in here, Seen when the session was last renewed, and
	// Expires its absolute end, which activity never moves. All have a resolution of one second.
	Created time.Time `json:"created"`
	// Proven is when the provider last showed that the login stands: at the sign-in, and at each refresh.
	Proven  time.Time `json:"-"`
	Seen    time.Time `json:"-"`
	Expires time.Time `json:"expires"`

	// Epoch is the epoch of the revocations in which the login began (Manager.Epoch). Start fills it in if it is zero.
	Epoch uint64 `json:"-"`
	// Issued is when the provider issued the ID token of the sign-in: its "iat" claim, or the start of the
	// callback if that is earlier. Zero when there was none.
	Issued time.Time `json:"-"`

	// Device says in a few words where the user signed in, such as "Firefox on Linux", for a list of sessions. Start fills it in
	// where sessions can be listed.
	Device string `json:"-"`

	// Generation counts the writes that changed what the session holds, so that an older
	// answer can be told from a newer one.
	Generation uint64 `json:"-"`

	// Values are small things that the application wants to keep with the session. They
	// travel in the cookie: mind the size. Save them with Manager.Save.
	Values map[string]string `json:"-"`

	details details // tokens and claims; see Tokens and Claims
}

// Clone returns a copy that shares nothing that either side could change.
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

// LogValue keeps everything but the identity out of the log.
func (s *Session) LogValue() slog.Value {
	if s == nil {
		return slog.StringValue("none")
	}
	return slog.GroupValue(slog.String("provider", s.Provider),
		slog.String("issuer", s.User.Issuer), slog.String("subject", s.User.Subject))
}

// A User is the person who signed in, in the words of the provider.
//
// Only the pair (Issuer, Subject) identifies a person (OpenID Connect Core section 5.7), together with
// Tenant for the users of tenants: use [User.Key] as the key of an account. Name, Username, Email and Picture are for
// display, may change at any time, and may be the same for different people.
type User struct {
	// Tenant is the name of the tenant whose provider signed the user in, and empty for the providers
	// of the configuration. It is filled in from Session.Provider. What a tenant's provider says of
	// its users holds within that tenant only.
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

// Key identifies the user among all users of all providers, without ambiguity: no other
// (Issuer, Subject) pair has the same key. A user of a tenant is another one in each tenant, and
// never one of a configured provider, whatever issuer the tenant's provider has: the key of
// (Tenant, Issuer, Subject) has another form. Store it as an account's foreign key. It is empty for
// the zero User.
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
