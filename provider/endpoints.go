package provider

// Endpoints are the URLs of a provider's endpoints, named as in its metadata (OpenID Connect
// Discovery 1.0 section 3, RFC 8414 section 2). Default for each with OIDC: that of the discovery
// document.
type Endpoints struct {
	RequestToken string // OAuth1 only

	Authorization, Token, UserInfo, JWKS, EndSession, Revocation, Introspection,
	DeviceAuthorization, PushedAuthorization string
}

// namedEndpoint is an endpoint with its name in the metadata and its field in Endpoints.
type namedEndpoint struct {
	name    string
	field   string
	address *string
}

// named returns the endpoints with their names.
func (e *Endpoints) named() []namedEndpoint {
	return []namedEndpoint{
		{"request_token_endpoint", "RequestToken", &e.RequestToken},
		{"authorization_endpoint", "Authorization", &e.Authorization},
		{"token_endpoint", "Token", &e.Token},
		{"jwks_uri", "JWKS", &e.JWKS},
		{"userinfo_endpoint", "UserInfo", &e.UserInfo},
		{"end_session_endpoint", "EndSession", &e.EndSession},
		{"revocation_endpoint", "Revocation", &e.Revocation},
		{"introspection_endpoint", "Introspection", &e.Introspection},
		{"device_authorization_endpoint", "DeviceAuthorization", &e.DeviceAuthorization},
		{"pushed_authorization_request_endpoint", "PushedAuthorization", &e.PushedAuthorization},
	}
}
