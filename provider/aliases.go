package provider

import (
	"errors"
	"net/http"
	"slices"
)

// presentsCertificate reports whether requests to the provider carry a TLS client certificate, as
// far as can be seen.
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

// aliasNames are the endpoints that the client itself calls.
var aliasNames = []string{
	"token_endpoint", "userinfo_endpoint", "revocation_endpoint", "introspection_endpoint",
	"device_authorization_endpoint", "pushed_authorization_request_endpoint",
}

// useAliases replaces endpoints by those that ask for a TLS client certificate (RFC 8705 section
// 5).
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
