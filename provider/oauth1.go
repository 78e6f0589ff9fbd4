package provider

import (
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/oauth1"
	"github.com/sallyport-go/sallyport/internal/typednil"
	"github.com/sallyport-go/sallyport/session"
)

// An OAuth1 is a provider that supports OAuth 1.0a (RFC 5849). Fill in the fields and use a pointer
// to it. Like an http.Server, it must not be changed or copied after its first use.
//
// ClientID, ClientSecret, the endpoints RequestToken, Authorization and Token, and UserFields.ID or
// MapUser are required. An OAuth1 never prints its secrets.
//
// OAuth 1.0a has tokens without expiry, no scopes, and no information on when or how the user
// authenticated. A login that requires one of those (Flow.Request with MaxAge, ACRValues or Scopes)
// fails, and the hints of a request (Prompt, LoginHint, UILocales) are not sent; AuthParams are. A
// login relies on the tokens alone: they were issued to this client, in this login.
type OAuth1 struct {
	// Issuer is the namespace of the provider's user IDs, used as session.User.Issuer. It must not
	// change once there are users. Default: the origin of the endpoints, if they share one.
	Issuer string

	// OtherOrigins are origins besides the issuer's that serve this provider, such as
	// "https://api.example.com". They are used for Tenants only, whose providers must otherwise
	// serve everything from the origin of Issuer: a tenant that could name others could sign its
	// users in under any issuer. Set it in code, never from settings that a tenant supplied.
	OtherOrigins []string `json:"-"`

	ClientID     string // the consumer key
	ClientSecret string // the consumer secret; not used by RSA-SHA1

	// SignatureMethod is "HMAC-SHA1" (the default, which all servers support), "HMAC-SHA256",
	// "RSA-SHA1" or "PLAINTEXT". PLAINTEXT sends both secrets with every request: use it only with
	// https, and for servers that support nothing else.
	SignatureMethod string

	// PrivateKey is the RSA key for RSA-SHA1. Its public key is registered with the provider.
	PrivateKey crypto.Signer

	// Realm is sent in the Authorization header of all requests, for servers that require one.
	// Default: none.
	Realm string

	// Endpoints are RequestToken, Authorization and Token, which RFC 5849 section 2 calls the
	// Temporary Credential Request, Resource Owner Authorization and Token Request URIs, and
	// UserInfo, the URL of the profile, a JSON object. Without UserInfo, the access token response
	// is the profile. The others must be empty.
	Endpoints Endpoints

	// Callback is the path of the redirect URI, below BaseURL, such as "/authorize" for a redirect
	// URI that is registered already. It is outside of Config.Prefix, and Auth.Handler serves it.
	// Default: Config.Prefix + "/callback/" + the provider's name.
	Callback string

	// AuthParams are additional parameters of the authorization endpoint, such as
	// {"perms": {"read"}}. Names that begin with oauth_ are rejected.
	AuthParams url.Values

	// UserFields maps members of the profile to the user's fields.
	UserFields Fields

	// MapUser may change the user after UserFields has been applied, or replace UserFields. An
	// error fails the login. Changes of Issuer are ignored, and Subject must not be empty.
	// Profile.Token holds the other members of the access token response, as an object of strings.
	// Default: none.
	MapUser func(p Profile, u *session.User) error

	// APIBase is the base URL for relative URLs in requests of the client that Client returns, such
	// as "https://api.example.com/1/" for client.Get("members/me"). Default: none.
	APIBase string

	// DisplayName is the provider's name on pages, such as "Flickr". Default: its configured name.
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

	// Now replaces the clock in tests. Default: time.Now. The provider rejects signatures if the
	// clock is minutes off.
	Now func() time.Time

	// InsecureLoopbackHTTP permits http for URLs on this machine (localhost and names below it,
	// 127.0.0.0/8, ::1), and on nearby machines, such as a developer's containers (names without a
	// dot, private addresses). It is rejected together with a public base URL.
	InsecureLoopbackHTTP bool

	// InsecureUnconfirmedCallback accepts a provider that does not send
	// oauth_callback_confirmed=true. It may implement OAuth 1.0 without the "a", where an attacker
	// can make a victim authorize the attacker's login. The verifier is still required.
	InsecureUnconfirmedCallback bool

	// Err is a configuration error that a constructor found in its arguments, such as a malformed
	// URL. Validate returns it. Constructors set it instead of returning an error, so that all
	// configuration errors are reported together. Default: none.
	Err error `json:"-"`

	notes       notes
	connections connections
}

// String implements fmt.Stringer without the secrets.
func (o *OAuth1) String() string { return "provider.OAuth1(" + o.issuer() + ")" }

// GoString implements fmt.GoStringer without the secrets.
func (o *OAuth1) GoString() string { return o.String() }

// LogValue implements slog.LogValuer without the secrets.
func (o *OAuth1) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalJSON implements json.Marshaler without the secrets.
func (o *OAuth1) MarshalJSON() ([]byte, error) { return json.Marshal(o.String()) }

// ReportTo implements [Reporter].
func (o *OAuth1) ReportTo(l *slog.Logger) { o.notes.reportTo(l) }

// Describe implements [Describer].
func (o *OAuth1) Describe() Description {
	return Description{Label: o.DisplayName, CallbackPath: o.Callback}
}

// Registration implements [Provider].
func (o *OAuth1) Registration() string {
	return registration("OAuth 1.0a", o.issuer(), o.ClientID)
}

// Validate implements [Validator].
func (o *OAuth1) Validate() (insecure []string, err error) {
	var mistakes []error
	wrong := func(field, format string, args ...any) {
		mistakes = append(mistakes, wrongField(field, format, args...))
	}
	mistakes = append(mistakes, checkClient(o.ClientID, o.ClientSecret)...)
	if o.UserFields.ID == "" && o.MapUser == nil {
		wrong("UserFields.ID", "is missing: set it or MapUser, to identify the user")
	}
	if strings.ContainsFunc(o.Realm, func(r rune) bool { return r < ' ' || r > '~' }) {
		wrong("Realm", "%q is not printable ASCII", o.Realm)
	}
	mistakes = append(mistakes, o.Err, o.checkIssuer(), checkOtherOrigins(o.OtherOrigins),
		o.checkMethod(), o.checkFIPS())
	mistakes = append(mistakes, o.outbound().check())
	mistakes = append(mistakes, o.checkAddresses()...)
	mistakes = append(mistakes, o.checkAuthParams()...)
	if o.InsecureLoopbackHTTP {
		insecure = append(insecure, "InsecureLoopbackHTTP")
		insecure = append(insecure, plainHTTP(append(o.addresses(), address{"APIBase", o.APIBase},
			address{"InternalURL", o.InternalURL})...)...)
	}
	if o.InsecureUnconfirmedCallback {
		insecure = append(insecure, "InsecureUnconfirmedCallback")
	}
	return insecure, errors.Join(mistakes...)
}

func (o *OAuth1) checkMethod() error {
	switch method := o.signatureMethod(); {
	case !slices.Contains(oauth1.Methods(), method):
		return wrongField("SignatureMethod", "%q is not one of %s", method,
			strings.Join(oauth1.Methods(), ", "))
	case method != oauth1.RSASHA1 && o.PrivateKey != nil:
		return wrongField("PrivateKey",
			"is not used by %s: remove it, or sign with RSA-SHA1", method)
	case method != oauth1.RSASHA1 && o.ClientSecret == "":
		return wrongField("ClientSecret", "is missing")
	case method != oauth1.RSASHA1:
		return nil
	case typednil.Is(o.PrivateKey):
		return wrongField("PrivateKey", "is missing: RSA-SHA1 signs with it")
	}
	if _, ok := o.PrivateKey.Public().(*rsa.PublicKey); !ok {
		return wrongField("PrivateKey", "is not an RSA key")
	}
	return nil
}

func (o *OAuth1) checkAddresses() []error {
	mistakes := []error{o.checkAddress("APIBase", o.APIBase)}
	for _, e := range o.Endpoints.named() {
		field := "Endpoints." + e.field
		switch e.address {
		case &o.Endpoints.RequestToken, &o.Endpoints.Authorization, &o.Endpoints.Token:
			if *e.address == "" {
				mistakes = append(mistakes, wrongField(field, "is missing"))
			}
		case &o.Endpoints.UserInfo:
		default:
			if *e.address != "" {
				mistakes = append(mistakes,
					wrongField(field, "is not used by OAuth1: remove it"))
			}
		}
		mistakes = append(mistakes, o.checkAddress(field, *e.address))
	}
	return mistakes
}

// checkAddress returns what is wrong with a URL, unless it is empty.
func (o *OAuth1) checkAddress(field, address string) error {
	if address == "" {
		return nil
	}
	if err := o.outbound().checkEndpoint(field, address); err != nil {
		return err
	}
	if u, _ := url.Parse(address); u.User != nil {
		return wrongField(field, "%s must have no user", where(u))
	}
	return nil
}

func (o *OAuth1) checkAuthParams() []error {
	var mistakes []error
	query := url.Values{}
	if u, err := url.Parse(o.Endpoints.Authorization); err == nil {
		query = u.Query()
	}
	for name := range query {
		if strings.HasPrefix(name, "oauth_") {
			mistakes = append(mistakes,
				wrongField("Endpoints.Authorization",
					"must not have the parameter %s: the library sets it", name))
		}
	}
	for name, values := range o.AuthParams {
		switch {
		case strings.HasPrefix(name, "oauth_") || name == "state":
			mistakes = append(mistakes, wrongField("AuthParams", "%q is set by the library", name))
		case len(values) != 1 || query.Has(name):
			mistakes = append(mistakes,
				wrongField("AuthParams",
					"%q must have one value, including those in Endpoints.Authorization", name))
		}
	}
	return mistakes
}

func (o *OAuth1) outbound() outbound {
	return outbound{o.HTTPClient, &o.connections, o.InsecureLoopbackHTTP,
		detour{o.Endpoints.Authorization, o.InternalURL}}
}

func (o *OAuth1) issuer() string {
	if o.Issuer != "" {
		return o.Issuer
	}
	u, err := url.Parse(o.Endpoints.Authorization)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

func (o *OAuth1) signatureMethod() string {
	if o.SignatureMethod == "" {
		return oauth1.HMACSHA1
	}
	return o.SignatureMethod
}

func (o *OAuth1) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// signer returns a signer with a token and its secret, both of which may be empty.
func (o *OAuth1) signer(token, secret string) *oauth1.Signer {
	return &oauth1.Signer{
		ConsumerKey: o.ClientID, ConsumerSecret: o.ClientSecret, PrivateKey: o.PrivateKey,
		Token: token, TokenSecret: secret,
		Method: o.signatureMethod(), Realm: o.Realm, Now: o.now,
	}
}
