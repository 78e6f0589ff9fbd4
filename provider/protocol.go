package provider

// A Protocol is the one by which a provider signs users in, as people write it.
type Protocol string

// The protocols, which are those of [OIDC], [OAuth2] and [OAuth1].
const (
	OpenIDConnect Protocol = "OpenID Connect"
	OAuthTwo      Protocol = "OAuth 2.0"
	OAuthOne      Protocol = "OAuth 1.0a"
)
