package vendors

// A Protocol is what a provider signs users in with, as people write it.
type Protocol string

// The protocols, which are those of [provider.OIDC], [provider.OAuth2] and [provider.OAuth1].
const (
	OpenIDConnect Protocol = "OpenID Connect"
	OAuthTwo      Protocol = "OAuth 2.0"
	OAuthOne      Protocol = "OAuth 1.0a"
)
