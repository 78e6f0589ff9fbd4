package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// metadataLifetime is the age after which a login fetches the metadata again.
const metadataLifetime = time.Hour

// known is the metadata in use.
type known struct {
	metadata *metadata
	fetched  time.Time
}

// metadata returns the provider's metadata, and fetches it first if it is unknown or old.
func (o *OIDC) metadata(ctx context.Context) (*metadata, error) {
	k, err := o.discovery.get(ctx, o.now, o.younger(metadataLifetime), o.discover)
	if err != nil {
		return nil, err
	}
	return k.metadata, nil
}

// younger reports whether metadata was read less than limit ago, even if the clock was set back.
func (o *OIDC) younger(limit time.Duration) func(*known) bool {
	return func(k *known) bool { return o.now().Sub(k.fetched).Abs() < limit }
}

// discover fetches and checks the discovery document, unless the provider is Static.
func (o *OIDC) discover(ctx context.Context) (*known, error) {
	if o.Static {
		m := o.staticMetadata()
		if err := o.checkMetadata(m); err != nil {
			return nil, &misconfigured{err}
		}
		return o.inUse(m), nil
	}
	a, err := o.outbound().fetch(ctx, "discovery", o.discoveryAddress())
	if errors.Is(err, ErrMisconfigured) {
		return nil, fmt.Errorf("%w: check Issuer %q, or set Discovery to the URL of the metadata",
			err, o.Issuer)
	}
	if err != nil {
		return nil, err
	}
	m, err := o.fitting(a)
	if err != nil {
		return nil, &misconfigured{fmt.Errorf("discovery: %s: %w",
			displayed(o.discoveryAddress()), err)}
	}
	return o.inUse(m), nil
}

// inUse returns checked metadata. Known keys are kept.
func (o *OIDC) inUse(m *metadata) *known {
	m.keys = newKeySet(o, m.JWKSURI)
	if before := o.discovery.current.Load(); before != nil && before.metadata.JWKSURI == m.JWKSURI {
		m.keys = before.metadata.keys
	}
	return &known{m, o.now()}
}

// fitting reads the discovery document, and checks it against the configuration.
func (o *OIDC) fitting(a answer) (*metadata, error) {
	m, err := o.readMetadata(a.body)
	switch {
	case err != nil && !a.isJSON():
		return nil, fmt.Errorf("%w: the response is %s, not the metadata of a provider", err,
			cmp.Or(a.media, "something without Content-Type"))
	case err != nil:
		return nil, err
	case m.Issuer != o.Issuer:
		return nil, fmt.Errorf("issuer is %q, and Issuer is %q: they must be identical",
			printable(m.Issuer), o.Issuer)
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

// readyLifetime is how long Ready relies on fetched metadata.
const readyLifetime = 30 * time.Second

// Ready implements [Readier]. It fetches the metadata unless it was read within the last 30
// seconds, and checks that there are keys to verify ID tokens. Its error wraps [ErrUnavailable],
// and also [ErrMisconfigured] if a retry cannot succeed.
func (o *OIDC) Ready(ctx context.Context) error {
	k, err := o.discovery.newest(ctx, o.now, o.younger(readyLifetime), o.discover)
	if err != nil || o.SecretSignsTokens {
		return err
	}
	_, err = k.metadata.keys.known(ctx)
	return err
}

// checkMetadata rejects metadata with an unacceptable URL, or that excludes logins as configured:
// an error now is better than one after the user has signed in at the provider. A missing list
// excludes nothing.
func (o *OIDC) checkMetadata(m *metadata) error {
	m.algs = o.allowedAlgs(m.SigningAlgs)
	if m.userInfoAlgs = m.algs; len(m.UserInfoAlgs) > 0 {
		m.userInfoAlgs = o.allowedAlgs(m.UserInfoAlgs)
	}
	return errors.Join(
		o.checkEndpoints(m), o.checkOrigins(m), o.checkSigning(m), o.checkClient(m),
		o.checkRequests(m),
	)
}

// checkEndpoints checks the URLs of the endpoints.
func (o *OIDC) checkEndpoints(m *metadata) error {
	e := m.endpoints()
	var mistakes []error
	for _, named := range e.named() {
		switch {
		case *named.address != "":
			mistakes = append(mistakes, o.outbound().checkEndpoint(named.name, *named.address))
		case o.needs(e, named.address), m.PARRequired && named.address == &e.PushedAuthorization:
			mistakes = append(mistakes,
				fmt.Errorf("%s is missing: set it in Endpoints if the provider has one",
					named.name))
		}
	}
	return errors.Join(mistakes...)
}

// needs reports whether logins as configured need an endpoint.
func (o *OIDC) needs(e *Endpoints, address *string) bool {
	switch address {
	case &e.Authorization:
		return true
	case &e.Token:
		return o.responseType() != responseIDToken
	case &e.JWKS:
		return !o.SecretSignsTokens && len(o.Keys) == 0
	case &e.UserInfo:
		return o.UserInfo == userInfoAlways
	case &e.PushedAuthorization:
		return o.PAR
	}
	return false
}

// checkSigning checks that ID tokens can be verified.
func (o *OIDC) checkSigning(m *metadata) error {
	if len(m.algs) == 0 {
		return fmt.Errorf("id_token_signing_alg_values_supported is %s, of which none is "+
			"accepted: "+
			"set SigningAlgs, or SecretSignsTokens for HS256", listedTexts(m.SigningAlgs))
	}
	return nil
}

// checkClient checks that the provider supports the client's authentication. A configured
// AuthMethod overrides the metadata.
func (o *OIDC) checkClient(m *metadata) error {
	if o.responseType() == responseIDToken && !m.PARRequired && !o.PAR {
		return nil // not needed for logins
	}
	method, err := o.authMethod(m)
	switch {
	case err != nil || method != authKey:
		return err
	case o.AuthMethod == "" && excludes(m.AuthMethods, authKey):
		return fmt.Errorf("token_endpoint_auth_methods_supported is %s, and a ClientKey is "+
			"configured: "+
			"use a secret, or set AuthMethod to %s if the provider accepts it all the same",
			listedTexts(m.AuthMethods), authKey)
	}
	_, err = o.ClientKey.algorithm(m.AuthSigningAlgs)
	return err
}

// checkRequests checks that the provider supports our authorization requests.
func (o *OIDC) checkRequests(m *metadata) error {
	var mistakes []error
	wrong := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf(format, args...))
	}
	if len(m.ResponseTypes) > 0 && !slices.ContainsFunc(m.ResponseTypes, o.isResponseType) {
		wrong("response_types_supported is %s, without %q: set ResponseType",
			listedTexts(m.ResponseTypes), o.responseType())
	}
	if mode := o.responseMode(); mode != "query" && excludes(m.ResponseModes, mode) {
		wrong("response_modes_supported is %s, without %s, which FormPost and ResponseType need",
			listedTexts(m.ResponseModes), mode)
	}
	if o.usesPKCE() && excludes(m.ChallengeMethods, "S256") {
		wrong("code_challenge_methods_supported is %s, without S256: InsecureNoPKCE "+
			"leaves PKCE out",
			listedTexts(m.ChallengeMethods))
	}
	if m.RequestObjectRequired {
		wrong("require_signed_request_object is true: signed request objects (RFC 9101) are not " +
			"supported, so switch them off for this client")
	}
	return errors.Join(mistakes...)
}

// excludes reports whether a list of the metadata excludes a value. A missing or empty list does
// not.
func excludes(list []string, value string) bool {
	return len(list) > 0 && !slices.Contains(list, value)
}

// isResponseType reports whether a response type equals the configured one. The order of its values
// is irrelevant (OAuth 2.0 Multiple Response Type Encoding Practices section 3).
func (o *OIDC) isResponseType(listed string) bool {
	got, want := strings.Fields(listed), strings.Fields(o.responseType())
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}

// listedTexts returns a list of the metadata for an error, made printable.
func listedTexts(list []string) string { return printable(fmt.Sprintf("%q", list)) }
