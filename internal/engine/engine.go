// Package engine holds the types of what package session offers to the other packages of the
// library, and not to applications. Only these packages can create a session manager, because
// session.New takes a [Site].
package engine

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// A Site describes where a session manager works; the application configures it elsewhere. Sessions
// of one site do not open in another.
type Site struct {
	BaseURL *url.URL // public address; determines names and attributes of cookies
	Prefix  string   // path of the login routes, such as "/auth"

	// OriginOf returns the origin of a request by its Host header, or nil if the host is unknown.
	// Nil: the only origin is that of BaseURL.
	OriginOf func(*http.Request) *url.URL

	// Accept checks each loaded session that is otherwise valid, and each new one, and returns the
	// tenant of its user. It decides what the manager cannot know: whether the provider's
	// registration is unchanged. An error that wraps session.ErrEnded ends the session, and one
	// that wraps session.ErrStore means that the answer is unknown. Any other error rejects the
	// session in this process only, and is logged. Nil accepts all, without a tenant.
	Accept func(context.Context, Login) (tenant string, err error)

	// SignedOut is called when the user signs out (session.Manager.End), to end data stored beside
	// the session. Nil does nothing.
	SignedOut func(http.ResponseWriter, *http.Request)

	Logger *slog.Logger // nil: slog.Default()
}

// A Login says where the user of a session signed in.
type Login struct {
	Provider     string // configured name, or a tenant's
	Registration string // of the provider at the time
	Issuer       string // of the user
}

// A Ticket identifies the use of a sealed value that the login routes send through the browser, in
// a cookie or parameter. A value opens only with the same ticket.
type Ticket struct {
	Name    string // of the cookie or parameter
	Binding string // any other context of the value
	Logout  bool   // for a logout, not a login
}

// A ProviderLogout is a logout at the provider: of one provider session, or of all sessions of a
// user if SID is empty.
type ProviderLogout struct {
	Provider string // configured name
	Issuer   string
	Subject  string
	SID      string
	// IssuedAt is when the provider issued the logout. Sessions with a later ID token are not
	// affected.
	IssuedAt time.Time
}
