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

// An OAuth2 is a provider that speaks OAuth 2.0 without OpenID Connect: it hands out an access token, and its API tells whom that
// belongs to. Fill in the fields, use it by its pointer, then leave it alone, like an http.Server; it must not be copied
// after its first use. ClientID, Endpoints, and UserFields.ID are required. An OAuth2 never prints its secret.
//
// There is no signed statement here about who signed in. A login rests on one thing alone: the access token with which the profile
// is fetched was just issued to this client, for a code of this very login, by the token endpoint itself (RFC 9700 section 4.6). That is
// why a token that comes from anywhere else, such as the browser or a mobile app, is never accepted: it may have been issued
// to another application, whose owner could then sign in as each of its users. For the same reason nothing tells when or how the user signed
// in, so a login that asks for that (Request.MaxAge, Request.ACRValues) fails before it begins.
type OAuth2 struct {
	// Issuer is the namespace of the provider's user IDs, which becomes session.User.Issuer. Once there
	// are users it must not change. Default: the origin of the endpoints, such as "https://github.com",
	// if those that decide who the user is (authorization, token, refresh and profile) share one.
	Issuer string

	// OtherOrigins are origins besides the issuer's that serve this provider, such as
	// "https://api.example.com". They matter for Tenants only, whose providers must otherwise serve
	// everything from the origin of Issuer: a tenant that could name others could sign its
	// users in under any issuer. Set it in code, never from what a tenant has written down.
	OtherOrigins []string `json:"-"`

	ClientID     string
	ClientSecret string // empty for a public client

	// Endpoints are the provider's. Authorization and Token are required. UserInfo is the address of
	// the profile document, an answer of the provider's API; it may be relative to APIBase, and
	// without it the answer of the token endpoint is the profile. Tokens are revoked at logout if
	// there is a Revocation endpoint; [Grants] use Introspection and DeviceAuthorization. The others
	// belong to OpenID Connect.
	Endpoints Endpoints

	// AuthMethod is how the client authenticates to the token endpoint: "client_secret_basic" (the
	// default with a secret), "client_secret_post" or "none" (the default without one).
	AuthMethod string

	// RefreshURL is where tokens are refreshed. Default: Endpoints.Token.
	RefreshURL string

	// Revocation says how tokens are revoked. Default: as RFC 7009 says.
	Revocation Revocation

	// ResponseIssuer is what the parameter iss of a callback has to be (RFC 9207), for providers that promise to send it. Default: it may
	// be missing; if it is there, it has to be Issuer. Set it when a provider begins to send another.
	ResponseIssuer string

	// Scopes to ask for. Default: none. ScopeSeparator stands between them, and is a space by default.
	Scopes         []string
	ScopeSeparator string

	// AuthParams are further parameters of the authorization request, such as {"access_type": {"offline"}}. Those that the library
	// sets itself are refused, and only "resource" (RFC 8707) may repeat.
	AuthParams url.Values

	// AuthNames are other names of parameters of the authorization request by their standard ones, such as {"client_id": "appid"}. State
	// and the PKCE challenge have no others. AuthFragment goes behind the "#" of the address, for the one provider that wants that.
	AuthNames    map[string]string
	AuthFragment string

	// CallbackParams are further parameters of the callback that count, such as "device_id". They go to the token endpoint along with
	// the code, and MapUser finds them in Profile.More["callback"] at a login, but not at a refresh. Whoever sits in front of the
	// browser can change them.
	CallbackParams []string

	// CheckCallback may refuse a successful callback, for providers that sign it in their own way. It runs after the library's
	// own checks, and before the code is used.
	CheckCallback func(callback url.Values) error

	// Dialect says where the token endpoint differs from the standard. Default: nowhere.
	Dialect Dialect

	// UserMethod is how the profile document is fetched: GET (the default), or POST without a body.
	UserMethod string

	// More are further profile documents, fetched in this order after the one at
	// Endpoints.UserInfo. MapUser reads them.
	More []Document

	// UserFields say what is where in the profile.
	UserFields Fields

	// EmailTrust says when the user's e-mail address counts as verified. Default: when UserFields.EmailVerified says so.
	EmailTrust EmailTrust

	// MapUser may change what the profile says about the user, after UserFields have been applied. An error fails the login; an *[Error] with
	// [FaultDenied] tells the user that it was refused. Issuer and Subject are set again afterwards.
	MapUser func(Profile, *session.User) error

	// OmitClaims are members of the profile document that are not kept in the session's claims, such as one that repeats the access
	// token, or a large one that nobody needs.
	OmitClaims []string

	// APIBase is the address of the provider's API, such as "https://api.github.com": requests of the client that Client
	// returns may then have addresses relative to it, such as client.Get("user/repos"). Default: none.
	APIBase string

	// Header is sent with every request to the provider, also by Client, such as {"User-Agent": {"reports/1.0"}}.
	Header http.Header

	// TokenHeader and TokenScheme say how requests to the API carry the access token. Default: "Authorization" and "Bearer". In another
	// header the token stands alone unless there is a scheme.
	TokenHeader string
	TokenScheme string

	// PrepareAPI has the last word on a request to the API, before it is sent with the tokens: for profile documents, where p is what is
	// known so far, and for Client, where p is empty. A token that it puts into the address may be kept by logs on the way.
	PrepareAPI func(r *http.Request, t session.Tokens, p Profile) error

	// DisplayName is what people know the provider by, such as "GitHub". Default: its configured name.
	DisplayName string

	// InternalURL is where this process reaches the provider, such as "http://keycloak:8080", if it
	// cannot use the origin of Endpoints.Authorization, which browsers use: in a network of containers, or past a proxy. The
	// Host header stays that of the origin. It must be https, with ClientWithCA for a private authority;
	// http is for development, together with InsecureLoopbackHTTP. Default: none.
	InternalURL string

	// HTTPClient makes all requests to the provider, with its transport; redirects, cookies and the
	// time limit are still controlled here. An *http.Transport is copied for requests to the endpoints,
	// whose idle connections are closed after three seconds. With another transport a request that
	// meets a closing connection is not repeated. Default: a client of our own, TLS 1.2 or newer.
	HTTPClient *http.Client

	// Now replaces the clock in tests. Default: time.Now.
	Now func() time.Time

	// InsecureLoopbackHTTP permits http for endpoints on this machine (localhost and names below it,
	// 127.0.0.0/8, ::1), and on machines beside it, such as the containers of a developer (names without
	// a dot, private addresses). It is refused together with a public base URL.
	InsecureLoopbackHTTP bool

	// InsecureNoPKCE leaves PKCE out, for a provider that refuses requests which carry it. Codes that are
	// stolen on their way are then no longer useless to the thief.
	InsecureNoPKCE bool

	// Quirks are what this provider cannot do. NoNonce is always so without OpenID Connect, and stays
	// false. Default: it can do all of it.
	Quirks Quirks `json:"-"`

	// SecretRequired makes an empty ClientSecret a mistake, for providers that have no public clients.
	SecretRequired bool

	// Err is a mistake that the function that made this provider found in its arguments, such as an
	// address that is none. Validate returns it. Such a function returns a usable value instead of an
	// error, so that all mistakes of a configuration come at once. Default: none.
	Err error `json:"-"`

	notes       notes
	connections connections
}

// A Document is a profile document beside the one at Endpoints.UserInfo, such as a list of
// email addresses.
type Document struct {
	Name string // by which MapUser finds it in Profile.More
	URL  string // may be relative to APIBase

	// Optional leaves the document out when the provider does not permit it or has none (status 401, 403 or 404), for
	// instance because the user has declined the scope. Otherwise that fails the login.
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

// Label implements [Labeler].
func (o *OAuth2) Label() string { return o.DisplayName }

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
	return outbound{o.HTTPClient, &o.connections, o.InsecureLoopbackHTTP, detour{o.Endpoints.Authorization, o.InternalURL}}
}

func (o *OAuth2) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// tokenEndpoint is the provider's, as configured.
func (o *OAuth2) tokenEndpoint() *tokenEndpoint {
	return &tokenEndpoint{
		out: o.outbound(), endpoints: o.Endpoints,
		clientID: o.ClientID, dialect: &o.Dialect, header: o.Header,
		credentials: func(context.Context) (credentials, error) { return o.credentials(), nil },
		authSetting: "AuthMethod",
		scopes:      o.scopes(nil), separator: o.separator(), now: o.now, notes: &o.notes,
	}
}

// credentials are fixed by the configuration.
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
