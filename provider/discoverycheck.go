package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkMetadata rejects metadata that names an address which must not be used, or that rules out
// logins as they are configured: it is better to say so now than when a user comes back from the
// provider. A list that is missing rules nothing out.
func (o *OIDC) checkMetadata(m *metadata) error {
	m.algs = o.allowedAlgs(m.SigningAlgs)
	if m.userInfoAlgs = m.algs; len(m.UserInfoAlgs) > 0 {
		m.userInfoAlgs = o.allowedAlgs(m.UserInfoAlgs)
	}
	return errors.Join(
		o.checkEndpoints(m), o.checkOrigins(m), o.checkSigning(m), o.checkClient(m), o.checkRequests(m),
	)
}

// checkEndpoints checks the addresses.
func (o *OIDC) checkEndpoints(m *metadata) error {
	e := m.endpoints()
	needed := []*string{&e.Authorization}
	if o.responseType() != responseIDToken {
		needed = append(needed, &e.Token)
	}
	if !o.SecretSignsTokens {
		needed = append(needed, &e.JWKS)
	}
	if m.PARRequired || o.PAR == PARAlways {
		needed = append(needed, &e.PushedAuthorization)
	}
	var mistakes []error
	for _, named := range e.named() {
		switch {
		case *named.address != "":
			mistakes = append(mistakes, o.outbound().checkEndpoint(named.name, *named.address))
		case slices.Contains(needed, named.address):
			mistakes = append(mistakes,
				fmt.Errorf("%s is missing: set it in Endpoints if the provider has one", named.name))
		}
	}
	return errors.Join(mistakes...)
}

// checkSigning checks that an ID token can be verified.
func (o *OIDC) checkSigning(m *metadata) error {
	if len(m.algs) == 0 {
		return fmt.Errorf("id_token_signing_alg_values_supported is %s, of which none is accepted: "+
			"set SigningAlgs, or SecretSignsTokens for HS256", listedTexts(m.SigningAlgs))
	}
	return nil
}

// checkClient checks that the provider lets this client authenticate. A configured AuthMethod is
// the operator's word, and goes before the metadata.
func (o *OIDC) checkClient(m *metadata) error {
	if o.responseType() == responseIDToken && !m.PARRequired && o.PAR != PARAlways {
		return nil // logins do without
	}
	method, err := o.authMethod(m)
	switch {
	case err != nil || method != authKey:
		return err
	case o.AuthMethod == "" && excludes(m.AuthMethods, authKey):
		return fmt.Errorf("token_endpoint_auth_methods_supported is %s, and a ClientKey is configured: "+
			"use a secret, or set AuthMethod to %s if the provider accepts it all the same",
			listedTexts(m.AuthMethods), authKey)
	}
	_, err = o.ClientKey.algorithm(m.AuthSigningAlgs)
	return err
}

// checkRequests checks that the provider answers authorization requests like ours.
func (o *OIDC) checkRequests(m *metadata) error {
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if len(m.ResponseTypes) > 0 && !slices.ContainsFunc(m.ResponseTypes, o.isResponseType) {
		wrong("response_types_supported is %s, without %q: set ResponseType",
			listedTexts(m.ResponseTypes), o.responseType())
	}
	if mode := o.ResponseMode(); mode != "query" && excludes(m.ResponseModes, mode) {
		wrong("response_modes_supported is %s, without %s, which FormPost and ResponseType need",
			listedTexts(m.ResponseModes), mode)
	}
	if o.usesPKCE() && excludes(m.ChallengeMethods, "S256") {
		wrong("code_challenge_methods_supported is %s, without S256: InsecureNoPKCE leaves PKCE out",
			listedTexts(m.ChallengeMethods))
	}
	if m.RequestObjectRequired {
		wrong("require_signed_request_object is true: signed request objects (RFC 9101) are not " +
			"supported, so switch them off for this client")
	}
	return errors.Join(mistakes...)
}

// excludes reports whether a list of the metadata rules a value out. A list that is missing or
// empty does not.
func excludes(list []string, value string) bool {
	return len(list) > 0 && !slices.Contains(list, value)
}

// isResponseType reports whether a response type is ours: the order of its values does not matter
// (OAuth 2.0 Multiple Response Type Encoding Practices section 3).
func (o *OIDC) isResponseType(listed string) bool {
	got, want := strings.Fields(listed), strings.Fields(o.responseType())
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}

// listedTexts shows a list of the metadata in an error: its texts come from the provider.
func listedTexts(list []string) string { return printable(fmt.Sprintf("%q", list)) }
