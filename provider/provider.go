package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A Set holds the configured providers by name. The name is the last segment of the login and
// callback URLs. It consists of lower-case letters, digits, '-' and '_'.
type Set map[string]Provider

// A Provider authenticates users. It keeps no per-user state: the state of a login attempt is in
// its Flow, which the caller seals into a cookie.
//
// Implementations are safe for concurrent use. They return an error that wraps [ErrUnavailable] if
// the provider cannot be reached, and an *[Error] if the login fails.
//
// Optional interfaces, found by type assertion: [Validator], [Refresher], [Revoker],
// [TokenVerifier], [Initiator], [SessionEnder], [LogoutVerifier], [Readier], [Describer].
type Provider interface {
	// Registration returns a fingerprint of issuer and client ID. Sessions and flows of another
	// registration are rejected. It always returns the same value.
	Registration() string

	// Begin fills in the flow (state, nonce, verifier, ...) and returns the URL to redirect the
	// browser to.
	Begin(ctx context.Context, f *Flow) (redirectURL string, err error)

	// FlowKey returns the key of the flow (usually Flow.State) from the callback's parameters, or
	// "" if they cannot belong to a flow.
	FlowKey(callback url.Values) string

	// Finish checks the callback's parameters against the flow, state and issuer first, and redeems
	// the code. The session that it returns has no ID and no times: the caller sets them.
	Finish(ctx context.Context, f *Flow, callback url.Values) (*session.Session, error)

	// Client returns an HTTP client whose requests carry the tokens as the protocol requires.
	Client(ctx context.Context, t session.Tokens) *http.Client
}

// A Validator checks its own configuration. sallyport.New calls it.
type Validator interface {
	// Validate returns all mistakes in the configuration (errors.Join), without network access.
	// insecure lists the Insecure... fields that are set, by name.
	Validate() (insecure []string, err error)
}

// A Refresher exchanges a session's refresh token for new tokens.
type Refresher interface {
	// Refresh returns a copy of s with new tokens and the user's current claims. The refresh token
	// may then be spent, so call Refresh once per token. As soon as there are new tokens, Refresh
	// calls store with them, in an otherwise unchanged copy of s, before another step fails.
	//
	// The error is an *[Error] with [FaultRefresh] if the provider rejects the refresh token or no
	// longer vouches for the user: the session has ended. With any other error after the call of
	// store, the session is valid with the new tokens; the one that Refresh returns, if any, also
	// has the claims that could be updated.
	Refresh(ctx context.Context, s *session.Session, store func(*session.Session)) (
		*session.Session, error)
}

// A Revoker revokes the tokens of a session at logout (RFC 7009).
type Revoker interface {
	Revoke(ctx context.Context, t session.Tokens) error
}

// A TokenVerifier verifies the access tokens in requests to an API.
type TokenVerifier interface {
	// VerifyAccessToken returns the identity of an access token that the API accepts: a session
	// without an ID that expires with the token. For an invalid token the error is an *[Error] with
	// [FaultAccessToken]; if it also wraps [ErrUnavailable], the token may be valid later.
	VerifyAccessToken(
		ctx context.Context, token string, accepted AccessTokens,
	) (*session.Session, error)
}

// An Initiator supports logins that the provider initiates (OpenID Connect Core section 4).
type Initiator interface {
	// Initiates reports whether issuer is this provider's.
	Initiates(issuer string) bool
}

// A SessionEnder supports OpenID Connect RP-Initiated Logout 1.0, which ends the provider's own
// session.
type SessionEnder interface {
	// EndSessionURL returns the URL to redirect the browser to after the local session has ended,
	// or "" if the provider has no end session endpoint or is unavailable. It takes at most two
	// seconds.
	EndSessionURL(ctx context.Context, l EndSession) string
}

// An EndSession holds the parameters of a request to the end session endpoint.
type EndSession struct {
	IDToken   string          // id_token_hint; empty if the session kept none
	Hint      string          // logout_hint; default: from Claims
	Claims    json.RawMessage // of the session; see OIDC.LogoutHintClaim
	ReturnURL string          // post_logout_redirect_uri
	State     string          // returned to ReturnURL, if the provider supports it
}

// A LogoutVerifier supports OpenID Connect Back-Channel Logout 1.0.
type LogoutVerifier interface {
	// VerifyLogoutToken verifies a logout token. The caller must reject replays. For an invalid
	// token the error is an *[Error] with [FaultLogoutToken].
	VerifyLogoutToken(ctx context.Context, token string) (*LogoutToken, error)
}

// A LogoutToken names what has ended: the session SID, or if that is empty all sessions of Subject.
type LogoutToken struct {
	Issuer   string
	Subject  string    // may be empty if SID is set
	SID      string    // may be empty if Subject is set
	ID       string    // of the token (jti), never empty
	IssuedAt time.Time // by the provider's clock
	Until    time.Time // when the token expires; remember its ID until then
}

// A Readier reports whether it can sign users in, for readiness probes. A nil error means ready.
type Readier interface {
	Ready(ctx context.Context) error
}

// A Describer describes itself to the login routes and the guards.
type Describer interface {
	// Describe returns the description, without network access.
	Describe() Description
}

// A Description is what the login routes and the guards need to know about a provider. The zero
// value describes one without any of it.
type Description struct {
	Label        string   // display name for the chooser page, such as "Google"; default: its name
	ResponseMode string   // of the callback: "form_post", or "query" (GET), the default
	Scopes       []string // that every login requests
	CallbackPath string   // of its redirect URI, below BaseURL; default: Prefix/callback/name

	// LogoutOrigins are the origins of the pages that may frame the route of OpenID Connect
	// Front-Channel Logout 1.0, such as "https://login.example.com". Nil: it is not supported.
	LogoutOrigins []string
}

// A Flow is one login attempt between the redirect to the provider and the callback. The caller
// fills in the fields up to State, Begin the others; meanwhile it is sealed in a cookie.
type Flow struct {
	Provider     string    `json:"p"`             // configured name
	Registration string    `json:"reg"`           // Provider.Registration at the start
	RedirectURI  string    `json:"uri,omitempty"` // from the configuration, never from the request
	ReturnTo     string    `json:"to,omitempty"`  // return address; already checked
	Created      time.Time `json:"at"`            // resolution: one second
	// number of earlier attempts in a row, to stop redirect loops
	Round int `json:"n,omitempty"`

	// session.Manager.Name of the browser's session at the start, if needed
	Session string `json:"ss,omitempty"`
	Renewal bool   `json:"rn,omitempty"` // silent renewal of that session; see handlers.Login

	Silent bool `json:"sl,omitempty"` // a login that the user has not asked for

	// links an account: a hash of the session; see handlers.Hooks.Link
	Link string `json:"l,omitempty"`

	Request Request `json:"req,omitzero"` // in addition to the configuration
	StepUp  bool    `json:"u,omitempty"`  // a step-up for a signed-in user; set by the login routes

	// State may be set before Begin, which then keeps it: the login routes seal the data to restart
	// an expired login in it.
	State string `json:"s"`

	// Filled in by Begin.
	Nonce    string `json:"o,omitempty"`
	Verifier string `json:"v,omitempty"` // PKCE code_verifier
	Issuer   string `json:"i,omitempty"`
	Token    string `json:"t,omitempty"` // request token of OAuth 1.0a
	Secret   string `json:"x,omitempty"` // and its secret
}

// A Request holds parameters of one authorization request in addition to the provider's
// configuration (OpenID Connect Core section 3.1.2.1). They come from the application's code: a
// guard, a hook, or a sealed link (Auth.LoginURLWith). Only the parameters that Config.LoginParams
// names come from the query of the login URL.
type Request struct {
	// name of the provider, for Auth.LoginURLWith only; default: as for Auth.LoginURL
	Provider string `json:"-"`
	// "login", "none", "consent", "select_account"
	Prompt string `json:"prompt,omitempty"`
	// require an authentication at most this old; zero: a new one
	MaxAge *time.Duration `json:"max_age,omitempty"`
	// require one of these authentication context classes
	ACRValues []string `json:"acr,omitempty"`
	LoginHint string   `json:"hint,omitempty"`
	UILocales []string `json:"ui,omitempty"`
	// besides the configured ones; the login fails unless all are granted
	Scopes []string `json:"scope,omitempty"`

	// Params are further parameters of this authorization request, such as {"organization":
	// {"org_4711"}}. They replace those of the same name in AuthParams. Each has one value. Names
	// that the library sets or that have a field here are rejected, in any spelling. A requested
	// claim that says how the user signs in (acr and auth_time in "claims", OpenID Connect Core
	// section 5.5) is verified like ACRValues and MaxAge. OAuth 1.0a adds the parameters to the
	// address of the authorization page; names that begin with oauth_ are rejected.
	Params url.Values `json:"more,omitempty"`
}

// Tenants finds the providers of an application's tenants at run time, for tenants too numerous or
// short-lived to list in the configuration. Each provider has a name, like the configured ones, and
// its login is at {prefix}/login/{name}; the redirect URI to register is {base
// URL}{prefix}/callback/{name}. A configured provider takes precedence over a tenant of the same
// name.
//
// Two tenants are two providers, even with the same issuer: sessions, pending logins and logout
// tokens of one are invalid at the other. User.Key of a tenant's user includes the name of the
// tenant, so it differs from the keys of other tenants and of configured providers. A session ends
// if its tenant changes the issuer or client, and is rejected while Find has no provider for its
// tenant. Both take effect within Keep.
//
// A tenant's provider must serve its metadata and all its endpoints from the origin of its issuer:
// a tenant may configure any issuer, but only that issuer's own origin proves it. Find fails for a
// provider with URLs at another origin, and so do logins if the metadata has some.
// OIDC.OtherOrigins permits others; the providers of package vendors list the vendor's own there.
// Provider types of other packages are not checked.
//
// If tenants supply the URLs of their providers, set HTTPClient to [PublicOnly]: otherwise a tenant
// can make the application send requests to its own network (SSRF).
type Tenants struct {
	// Find returns the provider of a name. If there is none, it returns nil: the user gets 404, and
	// sessions of that name end. On an error, such as an unavailable database, the request gets
	// 503, and sessions are kept.
	//
	// It is called for valid names (up to 64 of a-z, 0-9, '-' and '_', beginning with a letter or a
	// digit) that are not configured, once at a time for each name, and has ten seconds. Any
	// unauthenticated request for a login URL can trigger it, so it should be cheap. The context
	// has the values of the first request that needs the provider, but not its cancellation.
	// Concurrent requests share the result, so it must depend on the name only. The result is
	// validated like configured providers (Validator); an invalid one is an error, with the cause
	// in the log.
	Find func(ctx context.Context, name string) (Provider, error)

	// TrustRoles makes guards (RequireRole, RequireACR) accept roles and authentication context
	// classes from tenants' providers, on the tenant's own pages only: inside RequireTenant.
	// Default: they are rejected, because a tenant controls what its provider asserts.
	TrustRoles bool

	// Keep is how long a result is cached before Find is called again; that a name has no provider,
	// ten seconds at most. Default: one minute; at most a day.
	//
	// If Find returns a new value with the same configuration (all exported fields equal), the
	// previous value stays in use, with the metadata and keys that it has fetched. Functions are
	// never equal: a Find that sets some (MapUser, ...) should return the same value each time, or
	// metadata and keys are fetched again.
	Keep time.Duration

	// Limit bounds the cached providers, and likewise the cached names without one. The oldest are
	// evicted. Default: 1000.
	Limit int
}

// CheckTenant rejects a tenant's provider with URLs that are not at the origin of its issuer or in
// OtherOrigins. From then on the provider also rejects metadata with such URLs. It is called for
// each provider that Tenants.Find returns. Call it, after Validate, when a tenant saves its
// settings. Provider types of other packages are not checked.
func CheckTenant(p Provider) error {
	if p, ok := p.(interface{ confine() error }); ok {
		return p.confine()
	}
	return nil
}
