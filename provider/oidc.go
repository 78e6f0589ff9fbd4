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
// fields and use a pointer to it. Like an http.Server, it must not be changed or copied after its
// first use.
//
// Issuer and ClientID are required. An OIDC never prints its secret.
type OIDC struct {
	Issuer       string // exactly as in the provider's discovery document and ID tokens
	ClientID     string
	ClientSecret string // empty for a public client

	// SecretFunc returns the client secret for one request, for secrets that are signed per request
	// or kept in a secret store. It replaces ClientSecret, and must be safe for concurrent use.
	// Default: none.
	SecretFunc func(ctx context.Context) (string, error)

	// ClientKey signs a client assertion for each request (private_key_jwt). It replaces a secret.
	// Default: none.
	ClientKey *ClientKey

	// AssertionAudience is the sole audience of client assertions, for providers that do not accept
	// their issuer as the audience, but for instance the URL of their token endpoint. Default:
	// Issuer.
	AssertionAudience string

	// Discovery is the URL of the discovery document. Default: the well-known one below Issuer.
	Discovery string

	// Endpoints override those of the discovery document, where some are missing or wrong.
	Endpoints Endpoints

	// Static turns off discovery, for a provider without a discovery document: Endpoints holds all
	// its endpoints, and ID tokens are signed with RS256 unless SigningAlgs is set. Authorization,
	// Token and either JWKS or Keys are required. Default: the endpoints are discovered.
	Static bool

	// Keys are the provider's signing keys, for a Static provider without a JWKS: at most three,
	// each an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey. The provider cannot rotate
	// them without a change here. Default: the JWKS at Endpoints.JWKS, fetched when needed.
	Keys []crypto.PublicKey

	// OtherOrigins are origins besides the issuer's that serve this provider, such as
	// "https://api.example.com". They are used for Tenants only, whose providers must otherwise
	// serve metadata and endpoints from the origin of Issuer: a tenant that could name others could
	// sign its users in under any issuer. Set it in code, never from settings that a tenant
	// supplied.
	OtherOrigins []string `json:"-"`

	// IssuerAliases are other spellings of Issuer in the provider's tokens, compared exactly.
	// session.User.Issuer is always Issuer. Default: none.
	IssuerAliases []string

	// Organizations lists the organizations that may sign in, for a provider whose Issuer is a
	// template with "{tenantid}" in it. Such an Issuer requires it. Default: there is one issuer.
	Organizations *Organizations

	// TenantClaim is the claim that names the organization within which a subject is unique, for
	// providers with one issuer for all organizations. ID tokens must then have it, and
	// session.User.Issuer is Issuer + "#" + its value. Default: none.
	TenantClaim string

	// RequiredClaims are claims that an ID token must have, each with one of the given values, or
	// "*" for any text, such as {"hd": {"example.com"}}. A login without them is rejected
	// ([faultNotAdmitted]), and a refresh without them ends the session. Parameters of the
	// authorization request that ask for the same are only hints, which users can remove. Default:
	// none.
	RequiredClaims map[string][]string

	// Scopes to request. Default: openid profile email. openid is always requested.
	Scopes []string

	// DisplayName is the provider's name on pages, such as "Google". Default: its configured name.
	DisplayName string

	// AuthMethod is how the client authenticates to the token endpoint: "client_secret_basic",
	// "client_secret_post", "private_key_jwt" or "none". Default: private_key_jwt with a ClientKey;
	// with a secret client_secret_basic if the metadata lists it or lists nothing, else
	// client_secret_post; none without key and secret. It is never found by trial, which would
	// spend the code.
	AuthMethod string

	// AuthParams are additional parameters of the authorization request, such as {"hd":
	// {"example.com"}}. Those that the library sets are rejected, and only "resource" (RFC 8707)
	// may repeat.
	AuthParams url.Values

	// ResponseType is the response_type of the authorization request: "code" (the default), or for
	// providers that need it "id_token" or "code id_token", which arrive by form_post. Access
	// tokens through the browser are rejected (RFC 9700 section 2.1.2).
	ResponseType string

	// Callback is the path of the redirect URI, below BaseURL and outside of Config.Prefix, such as
	// "/authorize". Default: Config.Prefix + "/callback/" + the provider's name.
	Callback string

	// FormPost requests the response of a code login by POST (response_mode=form_post). The cookie
	// of the login is then SameSite=None. Default: by GET, unless ResponseType needs form_post.
	FormPost bool

	// Dialect describes how the token endpoint differs from the standard. Default: it does not.
	Dialect Dialect

	// SigningAlgs are the permitted signature algorithms of ID tokens. Default: the asymmetric ones
	// in the provider's metadata, or RS256 if it lists none.
	SigningAlgs []string

	// SecretSignsTokens verifies ID tokens with HS256 and the ClientSecret only, for a provider
	// that supports nothing better. Anyone who has the secret can forge such tokens. Default: a key
	// of the provider verifies them.
	SecretSignsTokens bool

	// TrustedAudiences are audiences that an ID token may have in addition to the ClientID.
	// Default: none.
	TrustedAudiences []string

	// PAR pushes every authorization request (RFC 9126), and fails logins if the provider has no
	// endpoint for it. Default: requests are pushed if the provider requires it.
	PAR bool

	// MaxAge and ACRValues require a recent authentication (max_age) and one of these
	// authentication context classes (acr_values), and reject a login without. Flow.Request
	// overrides them. Default: neither.
	MaxAge    *time.Duration
	ACRValues []string

	// RolesClaim is the path of the claim for User.Roles, with dots between the names, such as
	// "realm_access.roles". Default: "roles". Names may contain dots: the longest name present is
	// used. An array of strings is a list of roles, a string is one role. In an array of objects
	// the path continues to a member of each ("roles.name"). With "*" at the end of the path
	// ("roles.*") the names of an object's members are roles, unless their value is false or null;
	// also without "*" if RolesClaim is set and all values are objects. Anything else, or a pointer
	// to roles that are kept elsewhere, yields no roles and a log line.
	RolesClaim string

	// UserFields maps claims to the user's fields. Default: the standard claims. ID and Roles must
	// be empty: Subject is always sub, and RolesClaim selects the roles. A claim named by
	// EmailVerified may also be 1 or "1", and an address from a claim named by Email is treated as
	// verified only if EmailVerified names a claim too.
	UserFields Fields

	// EmailTrust selects when the email address is treated as verified. Default: if the document
	// that holds the address says so (email_verified).
	EmailTrust EmailTrust

	// MapUser may change the user after UserFields has been applied. Profile.User holds the claims
	// of the ID token and of userinfo; Profile.Token and Profile.More are empty. An error fails the
	// login; an *[Error] with [FaultDenied] tells the user that the login was rejected. Changes of
	// Issuer and Subject are ignored. Default: none.
	MapUser func(Profile, *session.User) error

	// UserInfo selects when the userinfo endpoint is called: "when_needed" (the default), if the ID
	// token lacks the name or the email address that the scopes promise, "always" or "never".
	UserInfo string

	// VendorLogout replaces the end session endpoint of the metadata, for vendors with a logout of
	// their own. Default: none.
	VendorLogout *VendorLogout

	// LogoutHintClaim is the claim to send as logout_hint, if the user has it. Default:
	// "login_hint", which spares users of Microsoft Entra the question which account to sign out;
	// other providers expect "email" or "preferred_username".
	LogoutHintClaim string

	// StrictLogoutTokens rejects logout tokens without typ "logout+jwt" or without exp.
	// Back-Channel Logout 1.0 requires exp and recommends typ, but some providers send neither.
	// Default: both may be missing.
	StrictLogoutTokens bool

	// APIBase is the base URL of the provider's API, such as "https://api.example.com/v1", for
	// relative URLs in requests of the client that Client returns, such as
	// client.Get("user/repos"). Default: none.
	APIBase string

	// Leeway is the tolerated difference between the provider's clock and ours. Default: one
	// minute; at most five.
	Leeway time.Duration

	// InternalURL is the origin at which this process reaches the provider, such as
	// "http://keycloak:8080", if it cannot use the origin of Issuer, which browsers use: in a
	// container network, or behind a proxy. The Host header is that of Issuer. It must be https,
	// with ClientWithCA for a private CA; http is for development, together with
	// InsecureLoopbackHTTP. Default: none.
	InternalURL string

	// HTTPClient supplies the transport of all requests to the provider; redirects, cookies and
	// timeouts are still controlled here. For requests to the endpoints an *http.Transport is
	// copied, and idle connections are closed after three seconds. With another transport, a
	// request on a closing connection is not repeated. If the *http.Transport has a TLS client
	// certificate, the mtls_endpoint_aliases of the metadata are used (RFC 8705 section 5); for
	// another transport set them in Endpoints. Default: a client with TLS 1.2 or newer.
	HTTPClient *http.Client

	// Now replaces the clock in tests. Default: time.Now.
	Now func() time.Time

	// InsecureLoopbackHTTP permits http for an issuer and endpoints on this machine (localhost and
	// names below it, 127.0.0.0/8, ::1), and for endpoints and InternalURL on nearby machines, such
	// as a developer's containers (names without a dot, private addresses). It is rejected together
	// with a public base URL.
	InsecureLoopbackHTTP bool

	// InsecureNoPKCE omits PKCE, for a provider that rejects requests with it. An attacker can then
	// redeem a stolen code.
	InsecureNoPKCE bool

	// Quirks are protections that this provider does not support. Default: none.
	Quirks Quirks `json:"-"`

	// CallbackClaims reads the claims name, given_name, family_name and middle_name from parameters
	// of the callback, for providers that send them only there: Apple does, at the first login. Use
	// them for display only, because the user can forge them. Claims of the ID token or userinfo
	// take precedence, other names and texts of more than 200 characters are ignored, and control
	// characters are removed. A refresh keeps User.Name. It must be safe for concurrent use.
	// Default: none.
	CallbackClaims func(callback url.Values) map[string]string

	// Err is a configuration error that a constructor found in its arguments, such as a malformed
	// URL. Validate returns it. Constructors set it instead of returning an error, so that all
	// configuration errors are reported together. Default: none.
	Err error `json:"-"`

	notes       notes
	connections connections
	confined    atomic.Bool // to the origins of its issuer: a tenant's provider
	discovery   shared[known]
	strangers   strangers
}

const (
	defaultLeeway = time.Minute
	maxLeeway     = 5 * time.Minute
)

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

// Describe implements [Describer].
func (o *OIDC) Describe() Description {
	return Description{Label: o.DisplayName, ResponseMode: o.responseMode(),
		Scopes: o.scopes(nil), CallbackPath: o.Callback, LogoutOrigins: o.logoutOrigins()}
}

// Initiates implements [Initiator].
func (o *OIDC) Initiates(issuer string) bool { return o.isIssuer(issuer) }

// Registration implements [Provider].
func (o *OIDC) Registration() string { return registration("", o.Issuer, o.ClientID) }

func (o *OIDC) outbound() outbound {
	return outbound{o.HTTPClient, &o.connections, o.InsecureLoopbackHTTP,
		detour{o.Issuer, o.InternalURL}}
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
