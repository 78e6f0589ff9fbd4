package provider

import (
	"context"
	"crypto"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// An OIDC is an OpenID Connect provider, by default one whose endpoints are discovered. Fill in the
// fields, use it by its pointer, then leave it alone, like an http.Server; it must not be copied
// after its first use.
//
// Issuer and ClientID are needed. An OIDC never prints its secret.
type OIDC struct {
	Issuer       string // exactly as the provider's discovery document and ID tokens write it
	ClientID     string
	ClientSecret string // empty for a public client

	// SecretFunc makes the client secret of one request, for secrets that are signed anew each time, or kept elsewhere. It takes the
	// place of ClientSecret, and must be safe for concurrent use. Default: none.
	SecretFunc func(ctx context.Context) (string, error)

	// ClientKey signs a client assertion for each request (private_key_jwt). It replaces a secret.
	// Default: none.
	ClientKey *ClientKey

	// AssertionAudience is the only audience of client assertions, for providers that do not accept
	// their issuer as one and want the address of their token endpoint, for instance. Default: Issuer.
	AssertionAudience string

	// Discovery is the address of the discovery document. Default: the well-known one below Issuer.
	Discovery string

	// Endpoints replace those of the discovery document, where it lacks some or has wrong ones.
	Endpoints Endpoints

	// Static does without a discovery document, for a provider that has none: Endpoints hold all the
	// provider's endpoints, and ID tokens are signed with RS256 unless SigningAlgs say otherwise.
	// Authorization, Token and either JWKS or Keys are required. Default: the endpoints are
	// discovered.
	Static bool

	// Keys are the provider's signing keys, for a Static provider without a JWKS: at most three, each
	// an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey. The provider cannot rotate them by
	// itself. Default: the JWKS at Endpoints.JWKS, which is fetched when needed.
	Keys []crypto.PublicKey

	// OtherOrigins are origins besides the issuer's that serve this provider, such as
	// "https://api.example.com". They matter for Tenants only, whose providers must otherwise serve
	// metadata and endpoints from the origin of Issuer: a tenant that could name others could sign its
	// users in under any issuer. Set it in code, never from what a tenant has written down.
	OtherOrigins []string `json:"-"`

	// IssuerAliases are other spellings of Issuer in the provider's tokens, compared in every character. The issuer
	// of a session's user is Issuer all the same. Default: none.
	IssuerAliases []string

	// Organizations say who may sign in at a provider of many organizations, whose Issuer is a template with "{tenantid}" in it. They
	// are needed for such an Issuer. Default: there is one issuer.
	Organizations *Organizations

	// TenantClaim is the claim that names the organization within which the subject of a user is unique, for providers with one
	// issuer for all. ID tokens must have it then, and session.User.Issuer is Issuer + "#" + its value.
	TenantClaim string

	// RequiredClaims are claims that an ID token must have, with a value for each that is one of those given, or "*" for any text, such as
	// {"hd": {"example.com"}}. A login without them is refused ([FaultNotAdmitted]), and a refresh ends the session. Parameters of the
	// authorization request that ask for the same are hints, which anybody can take away.
	RequiredClaims map[string][]string

	// Scopes to ask for. Default: openid profile email. openid is always asked for.
	Scopes []string

	// DisplayName is what people know the provider by, such as "Google". Default: its configured name.
	DisplayName string

	// AuthMethod is how the client authenticates to the token endpoint: "client_secret_basic",
	// "client_secret_post", "private_key_jwt" or "none". Default: private_key_jwt with a ClientKey; with a secret basic if the provider
	// takes it or does not say, else post; none without either. It is never found out by trying, which would spend the code.
	AuthMethod string

	// AuthParams are further parameters of the authorization request, such as {"hd": {"example.com"}}.
	// Those that the library sets itself are refused, and only "resource" (RFC 8707) may repeat.
	AuthParams url.Values

	// ResponseType is what comes back through the browser: "code" (the default), or for providers that need it
	// "id_token" or "code id_token", which arrive by form_post. An access token through the browser is refused.
	ResponseType string

	// FormPost has the answer to a code login sent by POST (response_mode=form_post). The cookie of the login has to be SameSite=None
	// then. Default: by GET, unless ResponseType wants otherwise.
	FormPost bool

	// Dialect says where the token endpoint differs from the standard. Default: nowhere.
	Dialect Dialect

	// SigningAlgs are the algorithms that ID tokens may be signed with. Default: the asymmetric ones that
	// the provider's metadata lists, or RS256 if it lists none.
	SigningAlgs []string

	// SecretSignsTokens has the ID tokens checked by HS256 with the ClientSecret, and by nothing else, for a provider that offers no
	// better. Whoever holds the secret can make such tokens. Default: they are signed with a key of the provider's.
	SecretSignsTokens bool

	// TrustedAudiences are audiences that an ID token may have beside the ClientID. Default: none.
	TrustedAudiences []string

	// PAR pushes every authorization request (RFC 9126), and fails the login when the provider has no
	// endpoint for that. Default: requests are pushed if the provider requires it.
	PAR bool

	// MaxAge and ACRValues ask for a recent sign-in and for one of some authentication context classes, and
	// refuse a login that does not deliver. A Flow's own request goes before them.
	MaxAge    *time.Duration
	ACRValues []string

	// RolesClaim says where User.Roles come from: the path of a claim with dots between the names, such
	// as "realm_access.roles". Default: "roles". Names may have dots in them too: the longest name that is
	// there is taken. An array of strings is a list of roles, a string is one role. In an array of
	// objects the path leads to a member of each ("roles.name"). The names of an object's members are
	// roles with "*" at the end of the path ("roles.*"), unless their value is false or null; also without
	// it if RolesClaim is set and all the values are objects. Anything else gives no roles and a line in
	// the log, as does a pointer to roles that are kept elsewhere.
	RolesClaim string

	// UserFields say which claims the user's fields are read from, where those are not the standard ones. ID and Roles stay empty: the
	// Subject is always sub, and for roles there is RolesClaim. EmailVerified may also be 1 or "1" then, and an Email of its own counts as
	// verified only with an EmailVerified of its own.
	UserFields Fields

	// EmailTrust says when the user's e-mail address counts as verified. Default: when the provider says so, in the place where it
	// says the address.
	EmailTrust EmailTrust

	// MapUser may change what the claims say about the user, after UserFields have been applied.
	// Profile.User holds the claims of the ID token and of userinfo; Profile.Token and Profile.More
	// are empty. An error fails the login; an *[Error] with [FaultDenied] tells the user that the
	// login was refused. Issuer and Subject are set again afterwards.
	MapUser func(Profile, *session.User) error

	// UserInfo says when the userinfo endpoint is asked: "when_needed" (the default), if the ID token
	// lacks the name or the email address that the scopes promise, "always" or "never".
	UserInfo string

	// VendorLogout replaces the end session endpoint of the metadata, for vendors with a logout of
	// their own. Default: none.
	VendorLogout *VendorLogout

	// LogoutHintClaim is the claim that is sent to the provider's logout as logout_hint, if the user has it. Default: "login_hint",
	// with which Microsoft Entra does not ask which account to sign out; others want "email" or "preferred_username".
	LogoutHintClaim string

	// StrictLogoutTokens refuses logout tokens without the typ "logout+jwt" or without exp. The final text of
	// Back-Channel Logout wants exp and recommends the typ, but not every provider has followed. Default: they may be missing.
	StrictLogoutTokens bool

	// APIBase is the address of the provider's API, such as "https://api.example.com/v1": requests of the client that Client
	// returns may then have addresses relative to it, such as client.Get("user/repos"). Default: none.
	APIBase string

	// Leeway is what the provider's clock may differ from ours. Default: one minute; at most five.
	Leeway time.Duration

	// InternalURL is where this process reaches the provider, such as "http://keycloak:8080", if it
	// cannot use the origin of Issuer, which browsers use: in a network of containers, or past a proxy. The
	// Host header stays that of the origin. It must be https, with ClientWithCA for a private authority;
	// http is for development, together with InsecureLoopbackHTTP. Default: none.
	InternalURL string

	// HTTPClient makes all requests to the provider, with its transport; redirects, cookies and the
	// time limit are still controlled here. An *http.Transport is copied for requests to the endpoints,
	// whose idle connections are closed after three seconds. With another transport a request that
	// meets a closing connection is not repeated. If the *http.Transport has a TLS client certificate,
	// the mtls_endpoint_aliases of the metadata are used (RFC 8705 section 5); for another transport
	// set them in Endpoints. Default: a client of our own, TLS 1.2 or newer.
	HTTPClient *http.Client

	// Now replaces the clock in tests. Default: time.Now.
	Now func() time.Time

	// InsecureLoopbackHTTP permits http for an issuer and endpoints on this machine (localhost and names
	// below it, 127.0.0.0/8, ::1), and for endpoints and InternalURL on machines beside it, such as the
	// containers of a developer (names without a dot, private addresses). It is refused together with a
	// public base URL.
	InsecureLoopbackHTTP bool

	// InsecureNoPKCE leaves PKCE out, for a provider that refuses requests which carry it. Codes that are
	// stolen on their way are then no longer useless to the thief.
	InsecureNoPKCE bool

	// Quirks are what this provider cannot do. Default: it can do all of it.
	Quirks Quirks `json:"-"`

	// CallbackClaims reads the claims name, given_name, family_name and middle_name from parameters of
	// the callback, for providers that send them there and nowhere else: Apple does, once. Use them for
	// display only, because the browser can change them. Those that the ID token or userinfo has win,
	// other names and texts of more than 200 characters are ignored, control characters are removed.
	// User.Name stays when tokens are refreshed. It must be safe for concurrent use. Default: none.
	CallbackClaims func(callback url.Values) map[string]string

	// Err is a mistake that the function that made this provider found in its arguments, such as an
	// address that is none. Validate returns it. Such a function returns a usable value instead of an
	// error, so that all mistakes of a configuration come at once. Default: none.
	Err error `json:"-"`

	notes       notes
	connections connections
	confined    atomic.Bool // to the origins of its issuer, because it is a tenant's
	discovery   shared[known]
	strangers   strangers
}

// Endpoints are addresses of a provider, each named as in its metadata (OpenID Connect Discovery 1.0
// section 3, RFC 8414 section 2). One that is empty is that of the discovery document.
type Endpoints struct {
	Authorization, Token, UserInfo, JWKS, EndSession, Revocation, Introspection, DeviceAuthorization, PushedAuthorization string
}

// When the userinfo endpoint is asked.
const (
	userInfoWhenNeeded = "when_needed" // the ID token lacks what the scopes promise
	userInfoAlways     = "always"
	userInfoNever      = "never"
)

const (
	defaultLeeway = time.Minute
	maxLeeway     = 5 * time.Minute
)

var defaultScopes = []string{"openid", "profile", "email"}

// String implements fmt.Stringer without the secret.
func (o *OIDC) String() string { return "provider.OIDC(" + o.Issuer + ")" }

// GoString implements fmt.GoStringer without the secret.
func (o *OIDC) GoString() string { return o.String() }

// LogValue implements slog.LogValuer without the secret.
func (o *OIDC) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalJSON implements json.Marshaler without the secret.
func (o *OIDC) MarshalJSON() ([]byte, error) { return json.Marshal(o.String()) }

// ReportTo implements [Reporter].
func (o *OIDC) ReportTo(l *slog.Logger) {
	o.notes.reportTo(l)
	o.Quirks.report(&o.notes)
}

// Label implements [Labeler].
func (o *OIDC) Label() string { return o.DisplayName }

// Initiates implements [Initiator].
func (o *OIDC) Initiates(issuer string) bool { return o.isIssuer(issuer) }

// Registration implements [Provider].
func (o *OIDC) Registration() string { return registration("", o.Issuer, o.ClientID) }

func (o *OIDC) outbound() outbound {
	return outbound{o.HTTPClient, &o.connections, o.InsecureLoopbackHTTP, detour{o.Issuer, o.InternalURL}}
}

func (o *OIDC) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

func (o *OIDC) leeway() time.Duration {
	if o.Leeway == 0 {
		return defaultLeeway
	}
	return o.Leeway
}

// LoginScopes returns the scopes that every login asks for.
func (o *OIDC) LoginScopes() []string { return o.scopes(nil) }

// scopes are those to ask for: openid first and always, no scope twice.
func (o *OIDC) scopes(more []string) []string {
	wanted := o.Scopes
	if len(wanted) == 0 {
		wanted = defaultScopes
	}
	return distinctScopes([]string{"openid"}, wanted, more)
}
