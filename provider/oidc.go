package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// An OIDC is an OpenID Connect provider that is found by discovery. Fill in the fields, use it
// by its pointer, then leave it alone, like an http.Server; it must not be copied after its first use.
//
// Issuer and ClientID are needed. An OIDC never prints its secret.
type OIDC struct {
	Issuer       string // exactly as the provider's discovery document and ID tokens write it
	ClientID     string
	ClientSecret string // empty for a public client

	// Scopes to ask for. Default: openid profile email. openid is always asked for.
	Scopes []string

	// DisplayName is what people know the provider by, such as "Google". Default: its configured name.
	DisplayName string

	// AuthMethod is how the client authenticates to the token endpoint: "client_secret_basic",
	// "client_secret_post" or "none". Default: basic if the provider takes it or does not say, else post; none
	// without a secret. It is never found out by trying, which would spend the code.
	AuthMethod string

	// AuthParams are further parameters of the authorization request, such as {"hd": {"example.com"}}.
	// Those that the library sets itself are refused, and only "resource" (RFC 8707) may repeat.
	AuthParams url.Values

	// ResponseType is what comes back through the browser: "code" (the default), or for providers that need it
	// "id_token" or "code id_token", which arrive by form_post. An access token through the browser is refused.
	ResponseType string

	// SigningAlgs are the algorithms that ID tokens may be signed with. Default: the asymmetric ones that
	// the provider's metadata lists, or RS256 if it lists none.
	SigningAlgs []string

	// TrustedAudiences are audiences that an ID token may have beside the ClientID. Default: none.
	TrustedAudiences []string

	// PAR says when the authorization request is pushed (RFC 9126). Default: when the provider requires it.
	PAR PARMode

	// MaxAge and ACRValues ask for a recent sign-in and for one of some authentication context classes, and
	// refuse a login that does not deliver. A Flow's own request goes before them.
	MaxAge    *time.Duration
	ACRValues []string

	// RolesClaim says where User.Roles come from: the path of a claim with dots between the names, such
	// as "realm_access.roles". Default: "roles". An array of strings is a list of roles, a string is one role;
	// anything else gives none.
	RolesClaim string

	// MapUser may change what the claims say about the user, after the standard claims have been
	// applied. An error fails the login. Issuer and Subject are set again afterwards.
	MapUser func(claims json.RawMessage, u *session.User) error

	// UserInfo says when the userinfo endpoint is asked. Default: when the ID token lacks what the scopes promise.
	UserInfo UserInfoMode

	// Logout replaces the logout that the metadata names, for providers with one of their own. Default: none.
	Logout *VendorLogout

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

	// HTTPClient makes all requests to the provider, with its transport; redirects, cookies and the
	// time limit are still controlled here. Default: a client of our own, TLS 1.2 or newer.
	HTTPClient *http.Client

	// Now replaces the clock in tests. Default: time.Now.
	Now func() time.Time

	// InsecureLoopbackHTTP permits http for an issuer and endpoints on this machine (localhost, 127.0.0.0/8,
	// ::1), for development. It is refused together with a public base URL.
	InsecureLoopbackHTTP bool

	// InsecureNoPKCE leaves PKCE out, for a provider that refuses requests which carry it. Codes that are
	// stolen on their way are then no longer useless to the thief.
	InsecureNoPKCE bool

	discovery shared[known]
}

// A PARMode says when the authorization request is pushed to the provider beforehand (RFC 9126).
type PARMode int

// The PAR modes. There is none that goes without PAR where the provider requires it.
const (
	PARWhenRequired PARMode = iota
	PARAlways               // and fail the login when the provider offers no PAR
)

// A UserInfoMode says when the userinfo endpoint is asked.
type UserInfoMode int

// The userinfo modes.
const (
	UserInfoWhenNeeded UserInfoMode = iota // the ID token lacks the name or e-mail that the scopes promise
	UserInfoAlways
	UserInfoNever
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

// Label implements [Labeler].
func (o *OIDC) Label() string { return o.DisplayName }

// The response types that are supported.
const (
	responseCode        = "code"
	responseIDToken     = "id_token"
	responseCodeIDToken = "code id_token"
)

// ResponseMode implements [ResponseModer].
func (o *OIDC) ResponseMode() string {
	if o.responseType() == responseCode {
		return "query"
	}
	return "form_post" // the default would be the fragment, which servers do not see and logs of browsers do
}

func (o *OIDC) responseType() string {
	if o.ResponseType == "" {
		return responseCode
	}
	return o.ResponseType
}

func (o *OIDC) checkResponseType() error {
	switch o.responseType() {
	case responseCode, responseIDToken, responseCodeIDToken:
		return nil
	}
	if slices.Contains(strings.Fields(o.ResponseType), "token") {
		return fmt.Errorf("ResponseType %q: %w", o.ResponseType, errTokenInBrowser)
	}
	return fmt.Errorf("ResponseType %q is not code, id_token or code id_token", o.ResponseType)
}

var errTokenInBrowser = errors.New("an access token must not pass through the browser, where it leaks and can be swapped (RFC 9700 section 2.1.2); use the code flow")

// Initiates implements [Initiator].
func (o *OIDC) Initiates(issuer string) bool { return issuer == o.Issuer }

// Registration implements [Provider].
func (o *OIDC) Registration() string { return registration("", o.Issuer, o.ClientID) }

// Validate implements [Validator].
func (o *OIDC) Validate() (insecure []string, err error) {
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	switch {
	case o.Issuer == "":
		wrong("Issuer is missing")
	default:
		if err := o.outbound().checkEndpoint("Issuer", o.Issuer); err != nil {
			mistakes = append(mistakes, err)
		} else if u, _ := url.Parse(o.Issuer); u.RawQuery != "" || u.ForceQuery || u.User != nil {
			wrong("Issuer %q must have no query and no user", u.Redacted())
		}
	}
	if o.ClientID == "" {
		wrong("ClientID is missing")
	}
	mistakes = append(mistakes, o.checkAuthMethod(), o.checkResponseType(), o.Logout.check(o.outbound()), checkAPIBase(o.outbound(), o.APIBase))
	mistakes = append(mistakes, checkAuthParams(o.AuthParams)...)
	for _, alg := range o.SigningAlgs {
		if !slices.Contains(asymmetricAlgs, alg) {
			wrong("SigningAlgs: %q is not one of %v", alg, asymmetricAlgs)
		}
	}
	mistakes = append(mistakes, checkScopeNames(o.Scopes)...)
	if o.Leeway < 0 || o.Leeway > maxLeeway {
		wrong("Leeway %v is not between 0 and %v", o.Leeway, maxLeeway)
	}
	if o.MaxAge != nil && *o.MaxAge < 0 {
		wrong("MaxAge %v is negative", *o.MaxAge)
	}
	if o.InsecureLoopbackHTTP {
		insecure = append(insecure, "InsecureLoopbackHTTP")
	}
	if o.InsecureNoPKCE {
		insecure = append(insecure, "InsecureNoPKCE")
	}
	return insecure, errors.Join(mistakes...)
}

func (o *OIDC) checkAuthMethod() error {
	switch o.AuthMethod {
	case "":
		return nil
	case authBasic, authPost:
		if o.ClientSecret == "" {
			return fmt.Errorf("AuthMethod %s needs a ClientSecret", o.AuthMethod)
		}
		return nil
	case authNone:
		return nil
	}
	return fmt.Errorf("AuthMethod %q is not %s, %s or %s", o.AuthMethod, authBasic, authPost, authNone)
}

func checkScopeNames(scopes []string) []error {
	var mistakes []error
	for _, scope := range scopes {
		if !validScope(scope) {
			mistakes = append(mistakes, fmt.Errorf("%q in Scopes is not a scope (RFC 6749 section 3.3)", scope))
		}
	}
	return mistakes
}

// validScope reports whether s is a scope-token of RFC 6749 section 3.3.
func validScope(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' || r == '"' || r == '\\' {
			return false
		}
	}
	return s != ""
}

func (o *OIDC) outbound() outbound { return outbound{o.HTTPClient, o.InsecureLoopbackHTTP} }

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

// scopes are those to ask for: openid first and always, no scope twice.
func (o *OIDC) scopes(more []string) []string {
	wanted := o.Scopes
	if len(wanted) == 0 {
		wanted = defaultScopes
	}
	return distinctScopes([]string{"openid"}, wanted, more)
}

// distinctScopes puts lists of scopes together, with no scope twice and nothing that is none.
func distinctScopes(lists ...[]string) []string {
	var scopes []string
	for _, scope := range slices.Concat(lists...) {
		if validScope(scope) && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}
