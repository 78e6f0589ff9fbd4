package provider

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"slices"

	"github.com/sallyport-go/sallyport/internal/typednil"
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

// staticMetadata returns the metadata of a Static provider, from its configuration.
func (o *OIDC) staticMetadata() *metadata {
	m := &metadata{Issuer: o.Issuer}
	o.Endpoints.replace(m)
	return m
}

// checkStatic reports the missing fields of a Static provider, and fields without effect.
func (o *OIDC) checkStatic() []error {
	var mistakes []error
	wrong := func(field, format string, args ...any) {
		mistakes = append(mistakes, wrongField(field, format, args...))
	}
	for _, e := range o.Endpoints.named() {
		if o.Static && *e.address == "" && o.needs(&o.Endpoints, e.address) {
			wrong("Endpoints."+e.field, "is missing: Static needs it")
		}
	}
	if o.Static && o.Discovery != "" {
		wrong("Discovery", "and Static are both set: remove one of them")
	}
	switch {
	case len(o.Keys) == 0:
	case !o.Static:
		wrong("Keys", "need Static: other providers use the keys of the JWKS")
	case o.Endpoints.JWKS != "":
		wrong("Keys", "and Endpoints.JWKS are both set: remove one of them")
	case o.SecretSignsTokens:
		wrong("Keys", "and SecretSignsTokens are both set: remove one of them")
	case o.Organizations != nil:
		wrong("Keys", "have no issuers, which Organizations need: set Endpoints.JWKS instead")
	}
	return append(mistakes, checkKeys(o.Keys)...)
}

// checkKeys reports keys that cannot verify a signature.
func checkKeys(keys []crypto.PublicKey) []error {
	if len(keys) > maxTries {
		const hint = "are %d, and at most %d are tried: set Endpoints.JWKS for more"
		return []error{wrongField("Keys", hint, len(keys), maxTries)}
	}
	var mistakes []error
	for i, key := range keys {
		if typednil.Is(key) || !strongEnough(key) {
			const hint = "[%d] is %T: it must be RSA of %d to %d bits, " +
				"ECDSA with P-256, P-384 or P-521, or Ed25519"
			mistakes = append(mistakes, wrongField("Keys", hint, i, key, minRSABits, maxRSABits))
		}
	}
	return mistakes
}

// fixedKeys returns the configured keys.
func (o *OIDC) fixedKeys() *fetchedKeys {
	fixed := &fetchedKeys{at: o.now()}
	for _, key := range o.Keys {
		fixed.keys = append(fixed.keys, publicKey{key: key})
	}
	return fixed
}
