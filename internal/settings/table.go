package settings

import (
	"crypto"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
)

// A Shape is what a setting looks like.
type Shape int

// The shapes. In the environment a list has spaces between its members, and parameters look like a query: a=b&c=d.
const (
	Text Shape = iota
	List
	Params
	Flag
)

// A Setting is something that can be said about a provider. Its key is that of the file, with a dot where there is an object in the
// object; the environment has it in capitals.
type Setting struct {
	Key    string
	Shape  Shape
	Secret bool     // may also come by key_file or key_env
	Fields []string // in package provider, as the errors of Validate call them
	Help   string

	vendor bool // one of a preset, whose texts may be yes or no

	// Each returns a pointer to the field, or a func(string) error that sets it. Nil: not for this protocol.
	oidc   func(*provider.OIDC) any
	oauth2 func(*provider.OAuth2) any
	oauth1 func(*provider.OAuth1) any
}

// field is where the setting goes, or nil if the provider has no such thing.
func (s Setting) field(p provider.Provider) any {
	switch p := p.(type) {
	case *provider.OIDC:
		if s.oidc != nil {
			return s.oidc(p)
		}
	case *provider.OAuth2:
		if s.oauth2 != nil {
			return s.oauth2(p)
		}
	case *provider.OAuth1:
		if s.oauth1 != nil {
			return s.oauth1(p)
		}
	}
	return nil
}

// hint is the beginning of Help, for errors.
func (s Setting) hint() string {
	short, _, _ := strings.Cut(s.Help, ";")
	return short
}

// For reports whether a provider of the protocol has the setting.
func (s Setting) For(protocol provider.Protocol) bool { return s.field(blank(protocol)) != nil }

// blank is a provider of the protocol with nothing filled in.
func blank(protocol provider.Protocol) provider.Provider {
	switch protocol {
	case provider.OpenIDConnect:
		return &provider.OIDC{}
	case provider.OAuthTwo:
		return &provider.OAuth2{}
	}
	return &provider.OAuth1{}
}

// All returns the settings, in the order in which somebody wants to read about them.
func All() []Setting { return table }

// required are the settings without which nothing goes. A client secret is not among them: public clients have none.
var required = map[provider.Protocol][]string{
	provider.OpenIDConnect: {"client_id", "issuer"},
	provider.OAuthTwo:      {"client_id", "authorize_url", "access_token_url", "user.id"},
	provider.OAuthOne:      {"client_id", "request_token_url", "authorize_url", "access_token_url", "user.id"},
}

// Required reports whether a provider of the protocol cannot do without the setting.
func (s Setting) Required(protocol provider.Protocol) bool {
	for _, key := range required[protocol] {
		if key == s.Key {
			return true
		}
	}
	return false
}

var table = []Setting{
	{Key: "client_id", Fields: []string{"ClientID"}, Help: "the ID that the provider gave the application (OAuth 1.0a: consumer key)",
		oidc:   func(o *provider.OIDC) any { return &o.ClientID },
		oauth2: func(o *provider.OAuth2) any { return &o.ClientID },
		oauth1: func(o *provider.OAuth1) any { return &o.ClientID }},
	{Key: "client_secret", Fields: []string{"ClientSecret"}, Secret: true, Help: "its secret; a public client has none",
		oidc:   func(o *provider.OIDC) any { return &o.ClientSecret },
		oauth2: func(o *provider.OAuth2) any { return &o.ClientSecret },
		oauth1: func(o *provider.OAuth1) any { return &o.ClientSecret }},
	{Key: "display_name", Fields: []string{"DisplayName"}, Help: `for people, such as "Intranet"; otherwise the name`,
		oidc:   func(o *provider.OIDC) any { return &o.DisplayName },
		oauth2: func(o *provider.OAuth2) any { return &o.DisplayName },
		oauth1: func(o *provider.OAuth1) any { return &o.DisplayName }},
	{Key: "issuer", Fields: []string{"Issuer"}, Help: "exactly as the provider writes it in its metadata, such as https://login.example.com",
		oidc: func(o *provider.OIDC) any { return &o.Issuer }},
	{Key: "discovery_url", Fields: []string{"Discovery"}, Help: "the address of the metadata, if it is not the well-known one below the issuer",
		oidc: func(o *provider.OIDC) any { return &o.Discovery }},
	{Key: "internal_url", Fields: []string{"InternalURL"}, Help: "where the application itself reaches the provider, such as http://keycloak:8080, if it cannot use the origin that browsers use; http only with a BASE_URL on loopback",
		oidc:   func(o *provider.OIDC) any { return &o.InternalURL },
		oauth2: func(o *provider.OAuth2) any { return &o.InternalURL },
		oauth1: func(o *provider.OAuth1) any { return &o.InternalURL }},
	{Key: "ca", Secret: true, Fields: []string{"HTTPClient"}, Help: "the certificate of a private authority that signs the provider's certificate; as PEM, and best kept in a file",
		oidc:   func(o *provider.OIDC) any { return authority(&o.HTTPClient) },
		oauth2: func(o *provider.OAuth2) any { return authority(&o.HTTPClient) },
		oauth1: func(o *provider.OAuth1) any { return authority(&o.HTTPClient) }},
	{Key: "leeway", Fields: []string{"Leeway"}, Help: "how far the clocks may be apart, such as 30s; otherwise a minute",
		oidc: func(o *provider.OIDC) any { return leeway(o) }},
	{Key: "issuer_aliases", Shape: List, Fields: []string{"IssuerAliases"}, Help: "other ways in which the provider writes its issuer",
		oidc: func(o *provider.OIDC) any { return &o.IssuerAliases }},
	{Key: "request_token_url", Fields: []string{"RequestTokenURL"}, Help: "where a login begins",
		oauth1: func(o *provider.OAuth1) any { return &o.RequestTokenURL }},
	{Key: "authorize_url", Fields: []string{"Endpoints.Authorization", "AuthorizeURL"}, Help: "where the user is sent",
		oauth2: func(o *provider.OAuth2) any { return &o.Endpoints.Authorization },
		oauth1: func(o *provider.OAuth1) any { return &o.AuthorizeURL }},
	{Key: "access_token_url", Fields: []string{"Endpoints.Token", "AccessTokenURL"}, Help: "where the access token comes from",
		oauth2: func(o *provider.OAuth2) any { return &o.Endpoints.Token },
		oauth1: func(o *provider.OAuth1) any { return &o.AccessTokenURL }},
	{Key: "refresh_token_url", Fields: []string{"RefreshURL"}, Help: "where tokens are refreshed, if that is not access_token_url",
		oauth2: func(o *provider.OAuth2) any { return &o.RefreshURL }},
	{Key: "revoke_url", Fields: []string{"Endpoints.Revocation"}, Help: "where tokens are taken back at logout (RFC 7009)",
		oauth2: func(o *provider.OAuth2) any { return &o.Endpoints.Revocation }},
	{Key: "userinfo_url", Fields: []string{"Endpoints.UserInfo", "UserURL"}, Help: "the address of the user's profile, a JSON object; may be relative to api_base_url in OAuth 2.0. Without it the answer with the access token is the profile",
		oauth2: func(o *provider.OAuth2) any { return &o.Endpoints.UserInfo },
		oauth1: func(o *provider.OAuth1) any { return &o.UserURL }},
	{Key: "api_base_url", Fields: []string{"APIBase"}, Help: `the provider's API, so that calls may be relative: client.Get("user/repos")`,
		oidc:   func(o *provider.OIDC) any { return &o.APIBase },
		oauth2: func(o *provider.OAuth2) any { return &o.APIBase },
		oauth1: func(o *provider.OAuth1) any { return &o.APIBase }},
	{Key: "scopes", Shape: List, Fields: []string{"Scopes"}, Help: "to ask for; otherwise openid, profile and email with OpenID Connect, those of the vendor with a preset, and none with OAuth 2.0",
		oidc:   func(o *provider.OIDC) any { return &o.Scopes },
		oauth2: func(o *provider.OAuth2) any { return &o.Scopes }},
	{Key: "scope_separator", Fields: []string{"ScopeSeparator"}, Help: "stands between scopes instead of a space",
		oauth2: func(o *provider.OAuth2) any { return &o.ScopeSeparator }},
	{Key: "auth_params", Shape: Params, Fields: []string{"AuthParams"}, Help: "further parameters for the address where the user is sent",
		oidc:   func(o *provider.OIDC) any { return &o.AuthParams },
		oauth2: func(o *provider.OAuth2) any { return &o.AuthParams },
		oauth1: func(o *provider.OAuth1) any { return &o.AuthParams }},
	{Key: "access_token_params", Shape: Params, Fields: []string{"Dialect.Params"}, Help: "further parameters of token requests",
		oauth2: func(o *provider.OAuth2) any { return &o.Dialect.Params }},
	{Key: "headers", Shape: Params, Fields: []string{"Header"}, Help: "sent with every request to the provider",
		oauth2: func(o *provider.OAuth2) any { return &o.Header }},
	{Key: "token_endpoint_auth_method", Fields: []string{"AuthMethod"}, Help: "client_secret_basic, client_secret_post or none; otherwise what the metadata offers, or basic",
		oidc:   func(o *provider.OIDC) any { return &o.AuthMethod },
		oauth2: func(o *provider.OAuth2) any { return authStyle(o) }},
	{Key: "user.id", Fields: []string{"UserFields.ID"}, Help: `the path in the profile to what the provider never changes and never gives to anybody else, such as id or data.id; "a|b" is a, or b if there is no a`,
		oauth2: func(o *provider.OAuth2) any { return &o.UserFields.ID },
		oauth1: func(o *provider.OAuth1) any { return &o.UserFields.ID }},
	{Key: "user.name", Fields: []string{"UserFields.Name"}, Help: "the path to the name",
		oauth2: func(o *provider.OAuth2) any { return &o.UserFields.Name },
		oauth1: func(o *provider.OAuth1) any { return &o.UserFields.Name }},
	{Key: "user.username", Fields: []string{"UserFields.Username"}, Help: "the path to the user name",
		oauth2: func(o *provider.OAuth2) any { return &o.UserFields.Username },
		oauth1: func(o *provider.OAuth1) any { return &o.UserFields.Username }},
	{Key: "user.email", Fields: []string{"UserFields.Email"}, Help: "the path to the e-mail address",
		oauth2: func(o *provider.OAuth2) any { return &o.UserFields.Email },
		oauth1: func(o *provider.OAuth1) any { return &o.UserFields.Email }},
	{Key: "user.email_verified", Fields: []string{"UserFields.EmailVerified"}, Help: "the path to true when the address was verified",
		oauth2: func(o *provider.OAuth2) any { return &o.UserFields.EmailVerified },
		oauth1: func(o *provider.OAuth1) any { return &o.UserFields.EmailVerified }},
	{Key: "user.picture", Fields: []string{"UserFields.Picture"}, Help: "the path to the address of a picture",
		oauth2: func(o *provider.OAuth2) any { return &o.UserFields.Picture },
		oauth1: func(o *provider.OAuth1) any { return &o.UserFields.Picture }},
	{Key: "user.roles", Fields: []string{"UserFields.Roles"}, Help: "the path to a list of roles, or to one role; in the shapes of roles_claim",
		oauth2: func(o *provider.OAuth2) any { return &o.UserFields.Roles },
		oauth1: func(o *provider.OAuth1) any { return &o.UserFields.Roles }},
	{Key: "user_issuer", Fields: []string{"Issuer"}, Help: "what the users are told apart by from those of other providers; otherwise the origin of authorize_url. It must not change once there are users",
		oauth2: func(o *provider.OAuth2) any { return &o.Issuer },
		oauth1: func(o *provider.OAuth1) any { return &o.Issuer }},
	{Key: "email_trust", Fields: []string{"EmailTrust"}, Help: "when an e-mail address counts as verified: by_member (when user.email_verified, or the claim email_verified, says so), never or always",
		oidc:   func(o *provider.OIDC) any { return emailTrust(&o.EmailTrust) },
		oauth2: func(o *provider.OAuth2) any { return emailTrust(&o.EmailTrust) }},
	{Key: "roles_claim", Fields: []string{"RolesClaim"}, Help: "the path of the claim with the roles, such as realm_access.roles, roles.name for a list of objects, or roles.* for the names of an object's members; otherwise roles",
		oidc: func(o *provider.OIDC) any { return &o.RolesClaim }},
	{Key: "userinfo_mode", Fields: []string{"UserInfo"}, Help: "when the userinfo endpoint is asked: when_needed, always or never",
		oidc: func(o *provider.OIDC) any { return userInfoMode(o) }},
	{Key: "max_age", Fields: []string{"MaxAge"}, Help: "how long ago the user may have signed in at the provider, such as 15m or 8h",
		oidc: func(o *provider.OIDC) any { return maxAge(o) }},
	{Key: "acr_values", Shape: List, Fields: []string{"ACRValues"}, Help: "one of these ways to sign in is required",
		oidc: func(o *provider.OIDC) any { return &o.ACRValues }},
	{Key: "response_type", Fields: []string{"ResponseType"}, Help: `code, id_token or "code id_token"; otherwise code`,
		oidc: func(o *provider.OIDC) any { return &o.ResponseType }},
	{Key: "signing_algs", Shape: List, Fields: []string{"SigningAlgs"}, Help: "how ID tokens may be signed; otherwise as the metadata says",
		oidc: func(o *provider.OIDC) any { return &o.SigningAlgs }},
	{Key: "trusted_audiences", Shape: List, Fields: []string{"TrustedAudiences"}, Help: "audiences that an ID token may have beside client_id",
		oidc: func(o *provider.OIDC) any { return &o.TrustedAudiences }},
	{Key: "pushed_authorization", Shape: Flag, Fields: []string{"PAR"}, Help: "true sends the request to the provider beforehand (RFC 9126) even if it need not be",
		oidc: func(o *provider.OIDC) any { return pushed(o) }},
	{Key: "signature_method", Fields: []string{"SignatureMethod"}, Help: "HMAC-SHA1, HMAC-SHA256, RSA-SHA1 or PLAINTEXT; otherwise HMAC-SHA1",
		oauth1: func(o *provider.OAuth1) any { return &o.SignatureMethod }},
	{Key: "private_key", Secret: true, Fields: []string{"ClientKey.Signer", "PrivateKey"}, Help: "as PEM, and best kept in a file: what the client signs with in the place of a secret (private_key_jwt), or the RSA key of RSA-SHA1",
		oidc:   func(o *provider.OIDC) any { return privateKey(func(k crypto.Signer) { clientKey(o).Signer = k }) },
		oauth1: func(o *provider.OAuth1) any { return privateKey(func(k crypto.Signer) { o.PrivateKey = k }) }},
	{Key: "key_id", Fields: []string{"ClientKey.ID"}, Help: "the name that the provider has for private_key",
		oidc: func(o *provider.OIDC) any { return keyID(o) }},
	{Key: "key_algorithm", Fields: []string{"ClientKey.Algorithm"}, Help: "how private_key signs, such as PS256; otherwise RS256, ES256, ES384, ES512 or EdDSA, or what the metadata lists",
		oidc: func(o *provider.OIDC) any { return keyAlgorithm(o) }},
	{Key: "assertion_audience", Fields: []string{"AssertionAudience"}, Help: "the audience of client assertions, for a provider that does not accept its issuer",
		oidc: func(o *provider.OIDC) any { return &o.AssertionAudience }},
	{Key: "realm", Fields: []string{"Realm"}, Help: "goes into the Authorization header",
		oauth1: func(o *provider.OAuth1) any { return &o.Realm }},
	{Key: "insecure_no_pkce", Shape: Flag, Fields: []string{"InsecureNoPKCE"}, Help: "true leaves PKCE out, for a provider that refuses it; not with a public base URL",
		oidc:   func(o *provider.OIDC) any { return &o.InsecureNoPKCE },
		oauth2: func(o *provider.OAuth2) any { return &o.InsecureNoPKCE }},
	{Key: "insecure_unconfirmed_callback", Shape: Flag, Fields: []string{"InsecureUnconfirmedCallback"}, Help: "true accepts a provider of OAuth 1.0 without the a; not with a public base URL",
		oauth1: func(o *provider.OAuth1) any { return &o.InsecureUnconfirmedCallback }},
}
