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

// An OAuth1 is a provider that speaks OAuth 1.0a (RFC 5849). Fill in the fields, use it by its pointer, then leave it alone, like
// an http.Server.
//
// ClientID, ClientSecret, the three addresses of the flow, and a way to the user's ID are needed: UserFields.ID or MapUser. An
// OAuth1 never prints its secrets.
//
// OAuth 1.0a has tokens without an end, no scopes, and nothing that says when or how the user has signed in. So a login for a page that
// wants one of those (Flow.Request with MaxAge, ACRValues or Scopes) fails, and the hints of a request (Prompt, LoginHint, UILocales) are
// not passed on; AuthParams are. How the user signed in to the application rests on the tokens alone: they were issued to this
// client, in this login.
type OAuth1 struct {
	// Issuer is the namespace of the provider's user IDs, which becomes session.User.Issuer. Once there
	// are users it must not change. Default: the origin of the three addresses and UserURL, if they
	// share one.
	Issuer string

	// OtherOrigins are origins besides the issuer's that serve this provider, such as
	// "https://api.example.com". They matter for Tenants only, whose providers must otherwise serve
	// everything from the origin of Issuer: a tenant that could name others could sign its
	// users in under any issuer. Set it in code, never from what a tenant has written down.
	OtherOrigins []string `json:"-"`

	ClientID     string // also known as consumer key
	ClientSecret string // consumer secret; RSA-SHA1 does without

	// SignatureMethod is "HMAC-SHA1" (the default, which every server knows), "HMAC-SHA256", "RSA-SHA1" or "PLAINTEXT". PLAINTEXT
	// sends both secrets with every request, so it is only for servers that know nothing else, and for https.
	SignatureMethod string

	// PrivateKey is the RSA key of RSA-SHA1, whose public half the provider knows.
	PrivateKey crypto.Signer

	// Realm goes into the Authorization header of all requests, for servers that want one. Default: none.
	Realm string

	RequestTokenURL string // also known as temporary credential request
	AuthorizeURL    string // where the user is sent
	AccessTokenURL  string // also known as token request

	// AuthParams are further parameters of AuthorizeURL, such as {"perms": {"read"}}. Those whose names begin with
	// oauth_ belong to the library.
	AuthParams url.Values

	// UserURL is the address of the profile, a JSON object. Empty if the access token's answer says who the user is.
	UserURL string

	// UserFields say where the profile holds what: the answer of UserURL, or that of the access token without one.
	UserFields Fields

	// MapUser may change what UserFields have made of the profile, or do without them. An error fails the login. Issuer is set
	// again afterwards, and Subject must not be empty. Profile.Token holds what came along with the access token, as an object
	// of texts, without the token itself.
	MapUser func(p Profile, u *session.User) error

	// APIBase is where Client finds addresses that have no host, such as "members/me" below "https://api.example.com/1/".
	APIBase string

	// DisplayName is what people know the provider by, such as "Flickr". Default: its configured name.
	DisplayName string

	// InternalURL is where this process reaches the provider, such as "http://keycloak:8080", if it
	// cannot use the origin of AuthorizeURL, which browsers use: in a network of containers, or past a proxy. The
	// Host header stays that of the origin. It must be https, with ClientWithCA for a private authority;
	// http is for development, together with InsecureLoopbackHTTP. Default: none.
	InternalURL string

	// HTTPClient makes all requests to the provider, with its transport; redirects, cookies and the
	// time limit are still controlled here. An *http.Transport is copied for requests to the endpoints,
	// whose idle connections are closed after three seconds. With another transport a request that
	// meets a closing connection is not repeated. Default: a client of our own, TLS 1.2 or newer.
	HTTPClient *http.Client

	// Now replaces the clock in tests. Default: time.Now. The provider refuses signatures when it is wrong by minutes.
	Now func() time.Time

	// InsecureLoopbackHTTP permits http for addresses on this machine (localhost and names below it,
	// 127.0.0.0/8, ::1), and on machines beside it, such as the containers of a developer (names without
	// a dot, private addresses). It is refused together with a public base URL.
	InsecureLoopbackHTTP bool

	// InsecureUnconfirmedCallback accepts a provider that does not say oauth_callback_confirmed=true. It may be one of OAuth
	// 1.0 without the "a", at which an attacker can have a victim authorize the attacker's login. The verifier is
	// still needed.
	InsecureUnconfirmedCallback bool

	// Err is a mistake that the function that made this provider found in its arguments, such as an
	// address that is none. Validate returns it. Such a function returns a usable value instead of an
	// error, so that all mistakes of a configuration come at once. Default: none.
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

// Label implements [Labeler].
func (o *OAuth1) Label() string { return o.DisplayName }

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
		wrong("UserFields.ID", "is missing: nothing says who the user is; or set MapUser")
	}
	if strings.ContainsFunc(o.Realm, func(r rune) bool { return r < ' ' || r > '~' }) {
		wrong("Realm", "%q is not printable ASCII", o.Realm)
	}
	mistakes = append(mistakes, o.Err, o.checkIssuer(), checkOtherOrigins(o.OtherOrigins), o.checkMethod(), o.checkFIPS())
	mistakes = append(mistakes, o.outbound().check())
	mistakes = append(mistakes, o.checkAddresses()...)
	mistakes = append(mistakes, o.checkAuthParams()...)
	if o.InsecureLoopbackHTTP {
		insecure = append(insecure, "InsecureLoopbackHTTP")
		insecure = append(insecure, plainHTTP(append(o.addresses(), address{"APIBase", o.APIBase}, address{"InternalURL", o.InternalURL})...)...)
	}
	if o.InsecureUnconfirmedCallback {
		insecure = append(insecure, "InsecureUnconfirmedCallback")
	}
	return insecure, errors.Join(mistakes...)
}

func (o *OAuth1) checkMethod() error {
	switch method := o.signatureMethod(); {
	case !slices.Contains(oauth1.Methods(), method):
		return wrongField("SignatureMethod", "%q is not one of %s", method, strings.Join(oauth1.Methods(), ", "))
	case method != oauth1.RSASHA1 && o.PrivateKey != nil:
		return wrongField("PrivateKey", "is not used by %s: remove it, or sign with RSA-SHA1", method)
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
	var mistakes []error
	for _, field := range []struct {
		name, address string
		needed        bool
	}{
		{"RequestTokenURL", o.RequestTokenURL, true}, {"AuthorizeURL", o.AuthorizeURL, true}, {"AccessTokenURL", o.AccessTokenURL, true},
		{"UserURL", o.UserURL, false}, {"APIBase", o.APIBase, false},
	} {
		if field.address == "" {
			if field.needed {
				mistakes = append(mistakes, wrongField(field.name, "is missing"))
			}
			continue
		}
		if err := o.outbound().checkEndpoint(field.name, field.address); err != nil {
			mistakes = append(mistakes, err)
		} else if u, _ := url.Parse(field.address); u.User != nil {
			mistakes = append(mistakes, wrongField(field.name, "%s must have no user", where(u)))
		}
	}
	return mistakes
}

func (o *OAuth1) checkAuthParams() []error {
	var mistakes []error
	query := url.Values{}
	if u, err := url.Parse(o.AuthorizeURL); err == nil {
		query = u.Query()
	}
	for name := range query {
		if strings.HasPrefix(name, "oauth_") {
			mistakes = append(mistakes, wrongField("AuthorizeURL", "parameter %s is set by the library", name))
		}
	}
	for name, values := range o.AuthParams {
		switch {
		case strings.HasPrefix(name, "oauth_") || name == "state":
			mistakes = append(mistakes, wrongField("AuthParams", "%q is set by the library", name))
		case len(values) != 1 || query.Has(name):
			mistakes = append(mistakes, wrongField("AuthParams", "%q must have one value, also with those of AuthorizeURL", name))
		}
	}
	return mistakes
}

func (o *OAuth1) outbound() outbound {
	return outbound{o.HTTPClient, &o.connections, o.InsecureLoopbackHTTP, detour{o.AuthorizeURL, o.InternalURL}}
}

func (o *OAuth1) issuer() string {
	if o.Issuer != "" {
		return o.Issuer
	}
	u, err := url.Parse(o.AuthorizeURL)
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

// signer signs with a token and its secret, or with neither.
func (o *OAuth1) signer(token, secret string) *oauth1.Signer {
	return &oauth1.Signer{
		ConsumerKey: o.ClientID, ConsumerSecret: o.ClientSecret, PrivateKey: o.PrivateKey, Token: token, TokenSecret: secret,
		Method: o.signatureMethod(), Realm: o.Realm, Now: o.now,
	}
}
