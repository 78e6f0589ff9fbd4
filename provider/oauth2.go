package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// An OAuth2 is a provider that supports OAuth 2.0 without OpenID Connect: it issues an access
// token, and its API identifies the user. Fill in the fields and use a pointer to it. Like an
// http.Server, it must not be changed or copied after its first use. ClientID, Endpoints, and
// UserFields.ID are required. An OAuth2 never prints its secret.
//
// No signed token identifies the user. A login relies on one fact: the token endpoint has just
// issued the access token that fetches the profile to this client, for the code of this login (RFC
// 9700 section 4.6). Tokens from other sources, such as the browser or a mobile app, are therefore
// never accepted: they may have been issued to another application, whose owner could then sign in
// as any of its users. Nor is it known when or how the user authenticated, so a login that requires
// it (Request.MaxAge, Request.ACRValues) fails before the redirect.
type OAuth2 struct {
	// Issuer is the namespace of the provider's user IDs, used as session.User.Issuer. It must not
	// change once there are users. Default: the origin of the endpoints, such as
	// "https://github.com", if those that identify the user (authorization, token, refresh and
	// profile) share one.
	Issuer string

	// OtherOrigins are origins besides the issuer's that serve this provider, such as
	// "https://api.example.com". They are used for Tenants only, whose providers must otherwise
	// serve everything from the origin of Issuer: a tenant that could name others could sign its
	// users in under any issuer. Set it in code, never from settings that a tenant supplied.
	OtherOrigins []string `json:"-"`

	ClientID     string
	ClientSecret string // empty for a public client

	// Endpoints are the URLs of the provider's endpoints. Authorization and Token are required.
	// UserInfo is the URL of the profile document; it may be relative to APIBase, and without it
	// the token response is the profile. Tokens are revoked at logout if Revocation is set;
	// [Grants] uses Introspection and DeviceAuthorization. The others are for OpenID Connect.
	Endpoints Endpoints

	// AuthMethod is how the client authenticates to the token endpoint: "client_secret_basic" (the
	// default with a secret), "client_secret_post" or "none" (the default without one).
	AuthMethod string

	// RefreshURL is the URL for refresh requests. Default: Endpoints.Token.
	RefreshURL string

	// Revocation describes how tokens are revoked. Default: RFC 7009.
	Revocation Revocation

	// ResponseIssuer is the required iss parameter of a callback (RFC 9207), for providers that
	// always send it, or whose iss differs from Issuer. Default: iss may be missing, and otherwise
	// must be Issuer.
	ResponseIssuer string

	// Scopes to request, joined by ScopeSeparator. Default: no scopes; a space.
	Scopes         []string
	ScopeSeparator string

	// Callback is the path of the redirect URI, below BaseURL, such as "/authorize" for a redirect
	// URI that is registered already. It is outside of Config.Prefix, and Auth.Handler serves it.
	// Default: Config.Prefix + "/callback/" + the provider's name.
	Callback string

	// AuthParams are additional parameters of the authorization request, such as {"access_type":
	// {"offline"}}. Those that the library sets are rejected, and only "resource" (RFC 8707) may
	// repeat.
	AuthParams url.Values

	// AuthNames maps standard names of parameters of the authorization request to the provider's,
	// such as {"client_id": "appid"}. State and the PKCE challenge cannot be renamed. AuthFragment
	// is the fragment of the URL, for providers that require one.
	AuthNames    map[string]string
	AuthFragment string

	// CallbackParams are additional parameters of the callback to read, such as "device_id". They
	// are sent to the token endpoint with the code, and MapUser finds them in
	// Profile.More["callback"] at a login, but not at a refresh. The user can forge them.
	CallbackParams []string

	// CheckCallback may reject a successful callback, for providers that sign it in their own way.
	// It runs after the library's checks, and before the code is redeemed. Default: none.
	CheckCallback func(callback url.Values) error

	// Dialect describes how the token endpoint differs from the standard. Default: it does not.
	Dialect Dialect

	// UserMethod is the HTTP method for the profile document: GET (the default), or POST without a
	// body.
	UserMethod string

	// More are additional profile documents for MapUser, fetched in this order after the one at
	// Endpoints.UserInfo. Default: none.
	More []Document

	// UserFields maps members of the profile to the user's fields. ID is required.
	UserFields Fields

	// EmailTrust selects when the email address is treated as verified. Default: if the member at
	// UserFields.EmailVerified is true.
	EmailTrust EmailTrust

	// MapUser may change the user after UserFields has been applied. An error fails the login; an
	// *[Error] with [FaultDenied] tells the user that the login was rejected. Changes of Issuer and
	// Subject are ignored. Default: none.
	MapUser func(Profile, *session.User) error

	// OmitClaims are members of the profile document to leave out of the session's claims, such as
	// a copy of the access token, or a large member without use.
	OmitClaims []string

	// APIBase is the base URL of the provider's API, such as "https://api.github.com", for relative
	// URLs in requests of the client that Client returns, such as client.Get("user/repos").
	// Default: none.
	APIBase string

	// Header is sent with every request to the provider, including those of Client, such as
	// {"User-Agent": {"reports/1.0"}}. Default: none.
	Header http.Header

	// TokenHeader and TokenScheme are the header and the scheme with which requests to the API
	// carry the access token. Default: "Authorization" and "Bearer"; for another header, no scheme.
	TokenHeader string
	TokenScheme string

	// PrepareAPI may change a request to the API before it is sent with the tokens: for profile
	// documents, where p holds the documents fetched so far, and for Client, where p is empty.
	// Proxies may log a token that it puts into the URL. Default: none.
	PrepareAPI func(r *http.Request, t session.Tokens, p Profile) error

	// DisplayName is the provider's name on pages, such as "GitHub". Default: its configured name.
	DisplayName string

	// InternalURL is the origin at which this process reaches the provider, such as
	// "http://keycloak:8080", if it cannot use the origin of Endpoints.Authorization, which
	// browsers use: in a container network, or behind a proxy. The Host header is that of
	// Endpoints.Authorization. It must be https, with ClientWithCA for a private CA; http is for
	// development, together with InsecureLoopbackHTTP. Default: none.
	InternalURL string

	// HTTPClient supplies the transport of all requests to the provider; redirects, cookies and
	// timeouts are still controlled here. For requests to the endpoints an *http.Transport is
	// copied, and idle connections are closed after three seconds. With another transport, a
	// request on a closing connection is not repeated. Default: a client with TLS 1.2 or newer.
	HTTPClient *http.Client

	// Now replaces the clock in tests. Default: time.Now.
	Now func() time.Time

	// InsecureLoopbackHTTP permits http for endpoints on this machine (localhost and names below
	// it, 127.0.0.0/8, ::1), and on nearby machines, such as a developer's containers (names
	// without a dot, private addresses). It is rejected together with a public base URL.
	InsecureLoopbackHTTP bool

	// InsecureNoPKCE omits PKCE, for a provider that rejects requests with it. An attacker can then
	// redeem a stolen code.
	InsecureNoPKCE bool

	// Quirks are protections that this provider does not support. NoNonce must be false: OAuth 2.0
	// has no nonce. Default: none.
	Quirks Quirks `json:"-"`

	// SecretRequired rejects an empty ClientSecret, for providers without public clients.
	SecretRequired bool

	// Err is a configuration error that a constructor found in its arguments, such as a malformed
	// URL. Validate returns it. Constructors set it instead of returning an error, so that all
	// configuration errors are reported together. Default: none.
	Err error `json:"-"`

	notes       notes
	connections connections
}

// A Document is an additional profile document, such as a list of email addresses.
type Document struct {
	Name string // its key in Profile.More
	URL  string // may be relative to APIBase

	// Optional skips the document if the provider denies it or has none (status 401, 403 or 404),
	// for instance because the user declined the scope. Default: the login fails.
	Optional bool
}

// String implements fmt.Stringer without the secret.
func (o *OAuth2) String() string { return "provider.OAuth2(" + o.issuer() + ")" }

// GoString implements fmt.GoStringer without the secret.
func (o *OAuth2) GoString() string { return o.String() }

// LogValue implements slog.LogValuer without the secret.
func (o *OAuth2) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalJSON implements json.Marshaler without the secret.
func (o *OAuth2) MarshalJSON() ([]byte, error) { return json.Marshal(o.String()) }

// ReportTo implements [Reporter].
func (o *OAuth2) ReportTo(l *slog.Logger) {
	o.notes.reportTo(l)
	o.Quirks.report(&o.notes)
}

// Describe implements [Describer].
func (o *OAuth2) Describe() Description {
	return Description{Label: o.DisplayName, Scopes: o.scopes(nil), CallbackPath: o.Callback}
}

// Registration implements [Provider].
func (o *OAuth2) Registration() string { return registration("oauth2 ", o.issuer(), o.ClientID) }

func (o *OAuth2) issuer() string {
	if o.Issuer != "" {
		return o.Issuer
	}
	u, err := url.Parse(o.Endpoints.Authorization)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

func (o *OAuth2) outbound() outbound {
	return outbound{o.HTTPClient, &o.connections, o.InsecureLoopbackHTTP,
		detour{o.Endpoints.Authorization, o.InternalURL}}
}

func (o *OAuth2) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// tokenEndpoint returns the configured token endpoint.
func (o *OAuth2) tokenEndpoint() *tokenEndpoint {
	return &tokenEndpoint{
		out: o.outbound(), endpoints: o.Endpoints,
		clientID: o.ClientID, dialect: &o.Dialect, header: o.Header,
		credentials: func(context.Context) (credentials, error) { return o.credentials(), nil },
		authSetting: "AuthMethod",
		scopes:      o.scopes(nil), separator: o.separator(), now: o.now, notes: &o.notes,
	}
}

// credentials returns the configured client credentials.
func (o *OAuth2) credentials() credentials {
	method := cmp.Or(o.AuthMethod, authBasic)
	if o.ClientSecret == "" {
		method = authNone
	}
	return credentials{o.ClientID, o.ClientSecret, method}
}

func (o *OAuth2) separator() string {
	if o.ScopeSeparator == "" {
		return " "
	}
	return o.ScopeSeparator
}
