package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

	// These are compared with what is configured; see checkRequests.
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	RequestObjectRequired bool     `json:"require_signed_request_object"`

	// Aliases are the endpoints for clients with a TLS certificate (RFC 8705 section 5).
	Aliases json.RawMessage `json:"mtls_endpoint_aliases"`

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
	k, err := o.discovery.get(ctx, o.now, o.younger(metadataLifetime), o.discover)
	if err != nil {
		return nil, err
	}
	return k.metadata, nil
}

// younger reports whether metadata was read less than limit ago, whichever way a clock was set.
func (o *OIDC) younger(limit time.Duration) func(*known) bool {
	return func(k *known) bool { return o.now().Sub(k.fetched).Abs() < limit }
}

// discover fetches and checks the discovery document.
func (o *OIDC) discover(ctx context.Context) (*known, error) {
	a, err := o.outbound().fetch(ctx, "discovery", o.discoveryAddress())
	if errors.Is(err, ErrMisconfigured) {
		return nil, fmt.Errorf("%w: check Issuer %q, or set Discovery to the address of the metadata", err, o.Issuer)
	}
	if err != nil {
		return nil, err
	}
	m, err := o.fitting(a)
	if err != nil {
		return nil, &misconfigured{fmt.Errorf("discovery: %s: %w", displayed(o.discoveryAddress()), err)}
	}
	m.keys = newKeySet(o, m.JWKSURI)
	if before := o.discovery.current.Load(); before != nil && before.metadata.JWKSURI == m.JWKSURI {
		m.keys = before.metadata.keys // what they know about the keys stays
	}
	return &known{m, o.now()}, nil
}

// fitting reads the discovery document, and checks that it fits the configuration.
func (o *OIDC) fitting(a answer) (*metadata, error) {
	m, err := o.readMetadata(a.body)
	switch {
	case err != nil && !a.isJSON():
		return nil, fmt.Errorf("%w: this is %s, not the metadata of a provider", err, cmp.Or(a.media, "something without Content-Type"))
	case err != nil:
		return nil, err
	case m.Issuer != o.Issuer:
		return nil, fmt.Errorf("issuer is %q, and Issuer is %q: they must be equal in every character", printable(m.Issuer), o.Issuer)
	}
	if o.outbound().presentsCertificate() {
		if err := m.useAliases(&o.notes); err != nil {
			return nil, fmt.Errorf("mtls_endpoint_aliases: %w", err)
		}
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

// readyLifetime is for how long Ready relies on what it has read.
const readyLifetime = 30 * time.Second

// Ready implements [Readier]. It reads the metadata again unless that was done within the last 30
// seconds, and makes sure that there are keys to verify ID tokens with. What it returns wraps
// [ErrUnavailable], and [ErrMisconfigured] if waiting does not help.
func (o *OIDC) Ready(ctx context.Context) error {
	k, err := o.discovery.newest(ctx, o.now, o.younger(readyLifetime), o.discover)
	if err != nil || o.SecretSignsTokens {
		return err
	}
	_, err = k.metadata.keys.known(ctx)
	return err
}
