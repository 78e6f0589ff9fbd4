package provider

// namedEndpoint is one of a provider's addresses, by its name in the metadata.
type namedEndpoint struct {
	name    string
	address *string
}

// named are the addresses.
func (e *Endpoints) named() []namedEndpoint {
	return []namedEndpoint{
		{"authorization_endpoint", &e.Authorization},
		{"token_endpoint", &e.Token},
		{"jwks_uri", &e.JWKS},
		{"userinfo_endpoint", &e.UserInfo},
		{"end_session_endpoint", &e.EndSession},
		{"revocation_endpoint", &e.Revocation},
		{"introspection_endpoint", &e.Introspection},
		{"device_authorization_endpoint", &e.DeviceAuthorization},
		{"pushed_authorization_request_endpoint", &e.PushedAuthorization},
	}
}

// endpoints are those of the metadata.
func (m *metadata) endpoints() *Endpoints {
	return &Endpoints{
		m.AuthorizationEndpoint, m.TokenEndpoint, m.UserInfoEndpoint, m.JWKSURI, m.EndSessionEndpoint, m.RevocationEndpoint,
		m.IntrospectionEndpoint, m.DeviceEndpoint, m.PAREndpoint,
	}
}

// replace puts those that are configured over those of the metadata.
func (e Endpoints) replace(m *metadata) {
	for _, r := range []struct {
		in   *string
		with string
	}{
		{&m.AuthorizationEndpoint, e.Authorization}, {&m.TokenEndpoint, e.Token}, {&m.UserInfoEndpoint, e.UserInfo}, {&m.JWKSURI, e.JWKS},
		{&m.EndSessionEndpoint, e.EndSession}, {&m.RevocationEndpoint, e.Revocation}, {&m.IntrospectionEndpoint, e.Introspection},
		{&m.DeviceEndpoint, e.DeviceAuthorization}, {&m.PAREndpoint, e.PushedAuthorization},
	} {
		if r.with != "" {
			*r.in = r.with
		}
	}
}
