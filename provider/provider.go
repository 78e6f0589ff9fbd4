package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A Set holds the configured providers by name. The name is the last segment of the
// login and callback URLs, so it consists of lower-case letters, digits, '-' and '_'.
type Set map[string]Provider

// A Provider obtains an identity. It keeps no per-user state: everything about one login
// attempt is in the Flow, which the caller seals into the browser's cookie.
//
// Implementations are safe for concurrent use. They report a provider that cannot be
// reached with an error that wraps [ErrUnavailable], and a login that failed with an *[Error].
//
// Further abilities are found by type assertion: [Validator], [Refresher], [Revoker],
// [TokenVerifier], [Initiator], [SessionEnder], [LogoutVerifier], [LogoutFramer], [Readier],
// [Labeler], [ResponseModer].
type Provider interface {
	// Registration is a fingerprint of issuer and client id. Sessions and flows of another
	// registration are refused. It never changes during the life of the value.
	Registration() string

	// Begin fills in what the flow needs to be finished (state, nonce, verifier, ...) and
	// returns the URL to send the browser to.
	Begin(ctx context.Context, f *Flow) (redirectURL string, err error)

	// FlowKey finds the key of the flow (Flow.State for most) in the callback's parameters. It is
	// empty when the parameters cannot belong to any flow.
	FlowKey(callback url.Values) string

	// Finish checks the callback's parameters against the flow, state and issuer first, and
	// obtains the identity. The session it returns has no ID and no times: the caller sets them.
	Finish(ctx context.Context, f *Flow, callback url.Values) (*session.Session, error)

	// Client returns an HTTP client that carries the tokens as the provider's protocol wants it.
	Client(ctx context.Context, t session.Tokens) *http.Client
}

// A Validator checks its own configuration; sallyport.New asks each provider that is one.
type Validator interface {
	// Validate returns every mistake in the configuration (errors.Join). It uses no network.
	// insecure lists the Insecure... switches that are on, by field name.
	Validate() (insecure []string, err error)
}

// A Refresher can exchange a session's refresh token for new tokens.
type Refresher interface {
	// Refresh returns a copy of s with new tokens and, if the provider sent an ID token along, new claims. The
	// refresh token that was sent may be spent afterwards, so Refresh must be called once per token,
	// and what it returns must be kept. A login that is over for good is an *[Error] with [FaultRefresh].
	Refresh(ctx context.Context, s *session.Session) (*session.Session, error)
}

// A Revoker can take tokens back (RFC 7009), so that they are of no use to anybody after a logout.
type Revoker interface {
	Revoke(ctx context.Context, t session.Tokens) error
}

// A TokenVerifier finds the identity behind an access token, for an API that is called with it.
type TokenVerifier interface {
	// VerifyAccessToken returns the identity behind an access token that the API accepts: a session
	// without an ID, which ends with the token. An invalid token is an *[Error] with
	// [FaultAccessToken]; one that also wraps [ErrUnavailable] may be valid soon.
	VerifyAccessToken(
		ctx context.Context, token string, accepted AccessTokens,
	) (*session.Session, error)
}

// An Initiator may ask an application to start a login with it (OpenID Connect Core section 4).
type Initiator interface {
	// Initiates reports whether the issuer is this provider.
	Initiates(issuer string) bool
}

// A SessionEnder can end the provider's own session too (OpenID Connect RP-Initiated Logout 1.0).
type SessionEnder interface {
	// EndSessionURL returns where to send the browser after the local session has ended, or "" if
	// the provider has no end session endpoint, or is unavailable. It takes two seconds at most.
	EndSessionURL(ctx context.Context, l EndSession) string
}

// An EndSession is what the end session endpoint may be told.
type EndSession struct {
	IDToken   string          // id_token_hint; empty if the session kept none
	Hint      string          // logout_hint, who is leaving; empty: what Claims say
	Claims    json.RawMessage // of the session; see OIDC.LogoutHintClaim
	ReturnURL string          // post_logout_redirect_uri
	State     string          // comes back with the browser, unless the provider has no place for it
}

// A LogoutVerifier tells the application by itself that sessions have ended (OpenID Connect Back-Channel Logout 1.0).
type LogoutVerifier interface {
	// VerifyLogoutToken checks a logout token that somebody has sent, in everything but whether it has come before. One that
	// is not valid is an *[Error] with [FaultLogoutToken].
	VerifyLogoutToken(ctx context.Context, token string) (*LogoutToken, error)
}

// A LogoutToken is what a provider says has ended: the session SID, or if that is empty all sessions of Subject.
type LogoutToken struct {
	Issuer   string
	Subject  string    // may be empty if there is a SID
	SID      string    // may be empty if there is a Subject
	ID       string    // of the token (jti), never empty
	IssuedAt time.Time // by the provider's clock
	Until    time.Time // the token is not valid after this, so its ID need not be remembered for longer
}

// A LogoutFramer shows pages of applications in frames of its own to sign users out (OpenID Connect Front-Channel Logout 1.0).
type LogoutFramer interface {
	// LogoutOrigins returns the origins of the provider's pages, such as "https://login.example.com". It uses no network.
	LogoutOrigins() []string
}

// A Readier can tell whether it is able to sign users in, for readiness probes.
type Readier interface {
	Ready(ctx context.Context) error
}

// A Labeler has a name for people, such as "Google", to be shown on the chooser page.
type Labeler interface {
	Label() string
}

// A ResponseModer says how its callback arrives: "query" (GET, the default) or "form_post".
type ResponseModer interface {
	ResponseMode() string
}

// A Flow is one login attempt between the redirect to the provider and the callback. The
// caller fills in the fields up to Request, Begin the rest; sealed, it waits in the
// browser's cookie.
type Flow struct {
	Provider     string    `json:"p"`             // configured name
	Registration string    `json:"reg"`           // Provider.Registration at the start
	RedirectURI  string    `json:"uri,omitempty"` // of this provider; from configuration, never from the request
	ReturnTo     string    `json:"to,omitempty"`  // where the user goes afterwards; already filtered
	Created      time.Time `json:"at"`            // resolution: one second
	Round        int       `json:"n,omitempty"`   // how many logins in a row led back to another login (cookies that do not stick)

	Session string `json:"ss,omitempty"` // session.Manager.Name of the browser's session when the flow began, where that is needed
	Renewal bool   `json:"rn,omitempty"` // renews that session without the user noticing; see handlers.Renewal

	Link string `json:"l,omitempty"` // not empty: connects an account, with the session that this is a hash of; see handlers.Hooks.Link

	Request Request `json:"req,omitzero"` // what this attempt asks for beyond the configuration
	StepUp  bool    `json:"u,omitempty"`  // a page that knows the user has asked for this login; set by the login routes

	// State may be filled in before Begin, which keeps it then: the login routes seal in it what they need
	// to restart a login that has expired.
	State string `json:"s"`

	// Filled in by Begin.
	Nonce    string `json:"o,omitempty"`
	Verifier string `json:"v,omitempty"` // PKCE code_verifier
	Issuer   string `json:"i,omitempty"`
	Token    string `json:"t,omitempty"` // request token of OAuth 1.0a
	Secret   string `json:"x,omitempty"` // and its secret
}

// A Request is what one login attempt asks of the provider beyond its configuration
// (OpenID Connect Core section 3.1.2.1). It comes from the application's own code (a guard, a
// hook), never from the query of the login URL.
type Request struct {
	Prompt    string         `json:"prompt,omitempty"`  // "login", "none", "consent", "select_account"
	MaxAge    *time.Duration `json:"max_age,omitempty"` // require a sign-in at most this long ago; zero asks for a fresh one
	ACRValues []string       `json:"acr,omitempty"`     // require one of these authentication context classes
	LoginHint string         `json:"hint,omitempty"`
	UILocales []string       `json:"ui,omitempty"`
	Scopes    []string       `json:"scope,omitempty"` // in addition to the configured ones; a login that is not granted all of them fails
}
