package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"slices"
)

// readMetadata reads the discovery document. Only the members that a login needs decide; another
// one of the wrong type, or a duplicate, is treated as absent and logged once.
func (o *OIDC) readMetadata(body []byte) (*metadata, error) {
	required := o.requiredMetadata()
	d, err := newSchema("provider metadata", required...).read(body, &o.notes)
	if err != nil {
		return nil, err
	}
	m := new(metadata)
	var mistakes []error
	for name, value := range jsonNames(m) {
		if !d.has(name) {
			continue
		}
		if slices.Contains(required, name) {
			mistakes = append(mistakes, d.into(value, name))
			continue
		}
		read := func(string) (bool, error) { return true, d.into(value, name) }
		if !tolerated(d, name, read) {
			value.SetZero()
		}
	}
	return m, errors.Join(mistakes...)
}

// jsonNames yields the fields of the metadata with their JSON names.
func jsonNames(m *metadata) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for field, value := range reflect.ValueOf(m).Elem().Fields() {
			if name := field.Tag.Get("json"); name != "" && !yield(name, value) {
				return
			}
		}
	}
}

// requiredMetadata returns the members that decide, except those that the configuration sets.
func (o *OIDC) requiredMetadata() []string {
	names := []string{"issuer"}
	for _, e := range o.Endpoints.named() {
		if *e.address == "" && o.needs(&o.Endpoints, e.address) {
			names = append(names, e.name)
		}
	}
	return names
}

// into reads a member into a field of the metadata. A string is accepted as a list of one, and
// "true" as true.
func (d document) into(field reflect.Value, name string) (err error) {
	switch to := field.Addr().Interface().(type) {
	case *string:
		*to, err = d.text(name)
	case *[]string:
		*to, err = d.texts(name)
	case *bool:
		*to = isTrue(d.claims[name])
		if raw := string(d.claims[name]); !*to && raw != "false" && raw != `"false"` {
			err = fmt.Errorf("%s is neither true nor false", name)
		}
	default:
		if json.Unmarshal(d.claims[name], to) != nil {
			field.SetZero()
			err = fmt.Errorf("%s has the wrong type", name)
		}
	}
	return err
}

// endpoints returns the endpoints of the metadata.
func (m *metadata) endpoints() *Endpoints {
	return &Endpoints{
		Authorization: m.AuthorizationEndpoint, Token: m.TokenEndpoint,
		UserInfo: m.UserInfoEndpoint, JWKS: m.JWKSURI, EndSession: m.EndSessionEndpoint,
		Revocation: m.RevocationEndpoint, Introspection: m.IntrospectionEndpoint,
		DeviceAuthorization: m.DeviceEndpoint, PushedAuthorization: m.PAREndpoint,
	}
}

// replace overrides the endpoints of the metadata with the configured ones.
func (e Endpoints) replace(m *metadata) {
	for _, r := range []struct {
		in   *string
		with string
	}{
		{&m.AuthorizationEndpoint, e.Authorization}, {&m.TokenEndpoint, e.Token},
		{&m.UserInfoEndpoint, e.UserInfo}, {&m.JWKSURI, e.JWKS},
		{&m.EndSessionEndpoint, e.EndSession}, {&m.RevocationEndpoint, e.Revocation},
		{&m.IntrospectionEndpoint, e.Introspection},
		{&m.DeviceEndpoint, e.DeviceAuthorization}, {&m.PAREndpoint, e.PushedAuthorization},
	} {
		if r.with != "" {
			*r.in = r.with
		}
	}
}

// presentsCertificate reports whether the transport is known to present a TLS client certificate.
func (out outbound) presentsCertificate() bool {
	if out.own == nil {
		return false
	}
	t, ok := out.own.Transport.(*http.Transport)
	if !ok || t.TLSClientConfig == nil {
		return false
	}
	return len(t.TLSClientConfig.Certificates) > 0 || t.TLSClientConfig.GetClientCertificate != nil
}

// aliasNames are the endpoints that the client calls directly.
var aliasNames = []string{
	"token_endpoint", "userinfo_endpoint", "revocation_endpoint", "introspection_endpoint",
	"device_authorization_endpoint", "pushed_authorization_request_endpoint",
}

// useAliases replaces endpoints with those for TLS client certificates (RFC 8705 section 5).
func (m *metadata) useAliases(n *notes) error {
	if len(m.Aliases) == 0 {
		return nil
	}
	d, err := newSchema("mtls_endpoint_aliases", aliasNames...).read(m.Aliases, n)
	if err != nil {
		return err
	}
	var aliases Endpoints
	var mistakes []error
	for _, named := range aliases.named() {
		if slices.Contains(aliasNames, named.name) && d.has(named.name) {
			*named.address, err = d.text(named.name)
			mistakes = append(mistakes, err)
		}
	}
	aliases.replace(m)
	return errors.Join(mistakes...)
}

// metadata is the discovery document (OpenID Connect Discovery 1.0 section 3, RFC 8414). A value in
// use is never changed, so every login sees a consistent version.
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

	// Compared with the configuration; see checkRequests.
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	RequestObjectRequired bool     `json:"require_signed_request_object"`

	// Aliases are the endpoints for clients with a TLS certificate (RFC 8705 section 5).
	Aliases json.RawMessage `json:"mtls_endpoint_aliases"`

	keys         *keySet
	algs         []string // permitted for ID tokens
	userInfoAlgs []string // permitted for signed userinfo
}
