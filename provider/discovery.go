package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// metadataLifetime is after how long the metadata is read again, when a login needs it.
const metadataLifetime = time.Hour

// metadata is what the discovery document says (OpenID Connect Discovery 1.0 section 3, RFC 8414). A
// value is never changed once it is in use, so every login sees one consistent version.
type metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserInfoEndpoint      string   `json:"userinfo_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	DeviceEndpoint        string   `json:"device_authorization_endpoint"`
	PAREndpoint           string   `json:"pushed_authorization_request_endpoint"`
	PARRequired           bool     `json:"require_pushed_authorization_requests"`
	IssInResponse         bool     `json:"authorization_response_iss_parameter_supported"`
	SigningAlgs           []string `json:"id_token_signing_alg_values_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	AuthSigningAlgs       []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	UserInfoAlgs          []string `json:"userinfo_signing_alg_values_supported"`

	keys         *keySet
	algs         []string // that ID tokens may be signed with
	userInfoAlgs []string // that userinfo may be signed with
}

// known is the metadata in use.
type known struct {
	metadata *metadata
	fetched  time.Time
}

// metadata returns what is known about the provider, and finds out first if that is nothing, or old.
func (o *OIDC) metadata(ctx context.Context) (*metadata, error) {
	young := func(k *known) bool { return o.now().Sub(k.fetched) < metadataLifetime }
	k, err := o.discovery.get(ctx, o.now, young, o.discover)
	if err != nil {
		return nil, err
	}
	return k.metadata, nil
}

// discover fetches and checks the discovery document. Errors name its address.
func (o *OIDC) discover(ctx context.Context) (*known, error) {
	m, err := o.fetchMetadata(ctx)
	if err != nil {
		return nil, fmt.Errorf("discovery: %s: %w", o.discoveryAddress(), err)
	}
	m.keys = newKeySet(o, m.JWKSURI)
	if before := o.discovery.current.Load(); before != nil && before.metadata.JWKSURI == m.JWKSURI {
		m.keys = before.metadata.keys // what they know about the keys stays
	}
	return &known{m, o.now()}, nil
}

func (o *OIDC) fetchMetadata(ctx context.Context) (*metadata, error) {
	a, err := o.outbound().get(ctx, o.discoveryAddress())
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("status %d", a.status)
	}
	m, err := o.readMetadata(a.body)
	if err != nil {
		return nil, err
	}
	if m.Issuer != o.Issuer {
		return nil, fmt.Errorf("issuer is %q, configured is %q: they must be equal in every character", printable(m.Issuer), o.Issuer)
	}
	o.Endpoints.replace(m)
	return m, o.checkMetadata(m)
}

func (o *OIDC) discoveryAddress() string {
	if o.Discovery != "" {
		return o.Discovery
	}
	return strings.TrimSuffix(o.Issuer, "/") + "/.well-known/openid-configuration"
}

// checkMetadata refuses metadata with an endpoint that must not be used, and settles the algorithms.
func (o *OIDC) checkMetadata(m *metadata) error {
	e := m.endpoints()
	needed := []*string{&e.Authorization, &e.Token}
	if !o.SecretSignsTokens {
		needed = append(needed, &e.JWKS)
	}
	var mistakes []error
	for _, named := range e.named() {
		if *named.address == "" && !slices.Contains(needed, named.address) {
			continue
		}
		if err := o.outbound().checkEndpoint(named.name, *named.address); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	mistakes = append(mistakes, o.checkOrigins(m))
	if m.algs = o.allowedAlgs(m.SigningAlgs); len(m.algs) == 0 {
		mistakes = append(mistakes, errors.New("id_token_signing_alg_values_supported: none of the signing algorithms is acceptable"))
	}
	if m.userInfoAlgs = m.algs; len(m.UserInfoAlgs) > 0 {
		m.userInfoAlgs = o.allowedAlgs(m.UserInfoAlgs)
	}
	return errors.Join(mistakes...)
}

// allowedAlgs fixes the algorithms before any token is seen (RFC 8725 section 3.1).
func (o *OIDC) allowedAlgs(advertised []string) []string {
	switch {
	case o.SecretSignsTokens:
		return []string{algShared} // and nothing else (RFC 8725 section 3.1)
	case len(o.SigningAlgs) > 0:
		return withBothNames(o.SigningAlgs)
	}
	if len(advertised) == 0 {
		return []string{"RS256"}
	}
	var allowed []string
	for _, alg := range asymmetricAlgs {
		if slices.Contains(advertised, alg) {
			allowed = append(allowed, alg)
		}
	}
	return withBothNames(allowed)
}

// Ready implements [Readier].
func (o *OIDC) Ready(ctx context.Context) error {
	_, err := o.metadata(ctx)
	return err
}
