package provider

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/session"
)

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

// A tenant may configure any issuer, including another provider's. Only the issuer's own origin can
// prove that it is the issuer, so all URLs of a tenant's provider, configured or from metadata,
// must be at the origin of its issuer. The application's code may permit other origins, in
// OtherOrigins.

// An address is a URL of a provider, with the field or metadata member that holds it.
type address struct{ name, url string }

// checkOwnIssuer rejects the issuer of the application's own logins.
func checkOwnIssuer(issuer string) error {
	if issuer != session.OwnIssuer {
		return nil
	}
	return wrongField("Issuer", "%q is reserved for the application's own logins: "+
		"use the provider's URL", issuer)
}

// checkOrigins rejects URLs that are neither at the issuer's origin nor at one of the others.
func checkOrigins(issuer string, others []string, addresses ...address) error {
	allowed := []string{originIn(issuer)}
	for _, other := range others {
		allowed = append(allowed, originIn(other))
	}
	var mistakes []error
	for _, a := range addresses {
		if origin := originIn(a.url); a.url != "" &&
			(origin == "" || !slices.Contains(allowed, origin)) {
			mistakes = append(mistakes,
				wrongField(a.name, "is at %s, the issuer at %s: a tenant's provider must serve it "+
					"from the origin of its issuer, or its code must name the origin in "+
					"OtherOrigins",
					origin, allowed[0]))
		}
	}
	return errors.Join(mistakes...)
}

// originIn returns the normalized origin of a URL, or "" if address is not a URL.
func originIn(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return ""
	}
	scheme := strings.ToLower(u.Scheme)
	port := map[string]string{"https": ":443", "http": ":80"}[scheme]
	return scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), port)
}

// originOf returns the origin of a URL, or "" if it could match several origins in a header.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.Trim(strings.ToLower(u.Host),
		"abcdefghijklmnopqrstuvwxyz0123456789-_.:[]") != "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// sharedOrigin returns the common origin of all URLs, or an error that names two that differ.
func sharedOrigin(addresses ...address) (string, error) {
	first := addresses[0]
	for _, a := range addresses[1:] {
		if first.url != "" && a.url != "" && originIn(a.url) != originIn(first.url) {
			return "", wrongField("Issuer",
				"is missing: %s is at %s, %s at %s: set it to the namespace of the user IDs, "+
					"which must not change later", first.name, originIn(first.url), a.name,
				originIn(a.url))
		}
	}
	return originIn(first.url), nil
}

// checkOtherOrigins rejects values that are not origins.
func checkOtherOrigins(origins []string) error {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || originIn(origin) == "" || u.Path != "" ||
			strings.ContainsAny(origin, "?#") {
			return wrongField("OtherOrigins",
				"%q is not an origin such as https://api.example.com", origin)
		}
	}
	return nil
}

// addresses returns the configured URLs of the provider.
func (o *OIDC) addresses() []address {
	all := []address{{"Discovery", o.Discovery}, {"InternalURL", o.InternalURL}}
	for _, e := range o.Endpoints.named() {
		all = append(all, address{"Endpoints." + e.field, *e.address})
	}
	return all
}

func (o *OIDC) confine() error {
	if o.SecretSignsTokens && o.responseType() != responseCode {
		return wrongField("SecretSignsTokens",
			"must not be used with ResponseType %s: the tenant knows the secret "+
				"and could sign in as anyone of the issuer", o.responseType())
	}
	if len(o.Keys) > 0 {
		return wrongField("Keys", "must not be set by a tenant, which could sign users in under "+
			"any issuer: use Endpoints.JWKS at the origin of the issuer")
	}
	configured := o.addresses()
	if o.VendorLogout != nil {
		configured = append(configured, address{"VendorLogout.URL", o.VendorLogout.URL})
	}
	o.confined.Store(true)
	return checkOrigins(o.Issuer, o.OtherOrigins, configured...)
}

// checkOrigins rejects metadata of a tenant's provider with URLs at other origins.
func (o *OIDC) checkOrigins(m *metadata) error {
	if !o.confined.Load() {
		return nil
	}
	var named []address
	for _, e := range m.endpoints().named() {
		named = append(named, address{e.name, *e.address})
	}
	return checkOrigins(o.Issuer, o.OtherOrigins, named...)
}

// addresses returns the URLs that determine who the user is.
func (o *OAuth2) addresses() []address {
	all := []address{
		{"Endpoints.Authorization", o.Endpoints.Authorization},
		{"Endpoints.Token", o.Endpoints.Token},
		{"RefreshURL", o.RefreshURL},
	}
	documents := []Document{{Name: "Endpoints.UserInfo", URL: o.Endpoints.UserInfo}}
	for _, d := range o.More {
		documents = append(documents, Document{Name: "More " + d.Name, URL: d.URL})
	}
	for _, d := range documents {
		if d.URL == "" {
			continue
		}
		if u, err := o.apiAddress(d.URL); err == nil { // else Validate reports it
			all = append(all, address{d.Name, u.String()})
		}
	}
	return all
}

func (o *OAuth2) checkIssuer() error {
	if o.Issuer != "" {
		return checkOwnIssuer(o.Issuer)
	}
	_, err := sharedOrigin(o.addresses()...)
	return err
}

// everyAddress returns all URLs of the provider.
func (o *OAuth2) everyAddress() []address {
	return append(o.addresses(),
		address{"Endpoints.Revocation", o.Endpoints.Revocation},
		address{"Endpoints.Introspection", o.Endpoints.Introspection},
		address{"Endpoints.DeviceAuthorization", o.Endpoints.DeviceAuthorization},
		address{"APIBase", o.APIBase}, address{"InternalURL", o.InternalURL},
	)
}

func (o *OAuth2) confine() error {
	return checkOrigins(o.issuer(), o.OtherOrigins, o.everyAddress()...)
}

// addresses returns the URLs of the provider, except APIBase, which only Client uses.
func (o *OAuth1) addresses() []address {
	return []address{
		{"Endpoints.Authorization", o.Endpoints.Authorization},
		{"Endpoints.RequestToken", o.Endpoints.RequestToken},
		{"Endpoints.Token", o.Endpoints.Token}, {"Endpoints.UserInfo", o.Endpoints.UserInfo},
	}
}

func (o *OAuth1) checkIssuer() error {
	if o.Issuer != "" {
		return checkOwnIssuer(o.Issuer)
	}
	_, err := sharedOrigin(o.addresses()...)
	return err
}

func (o *OAuth1) confine() error {
	return checkOrigins(o.issuer(), o.OtherOrigins,
		append(o.addresses(), address{"APIBase", o.APIBase},
			address{"InternalURL", o.InternalURL})...)
}

// plainHTTP lists the http URLs on other machines, for the warning at start.
func plainHTTP(addresses ...address) []string {
	var found []string
	for _, a := range addresses {
		u, err := url.Parse(a.url)
		if err == nil && u.Scheme == "http" && u.Host != "" && !loopback.Host(u.Hostname()) {
			found = append(found, a.name+" "+where(u))
		}
	}
	return found
}

// checkConfidential accepts URLs to which the user's token may be sent: https, or http on this
// machine with InsecureLoopbackHTTP.
func (out outbound) checkConfidential(u *url.URL) error {
	if u.Scheme == "https" || u.Scheme == "http" && out.loopbackHTTP &&
		loopback.Host(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("provider: the user's token is not sent to %s: use https", where(u))
}

// checkEndpoint accepts an absolute https URL without fragment, or http on this machine with
// InsecureLoopbackHTTP.
func (out outbound) checkEndpoint(name, address string) error {
	if err := checkVerbatim(name, address); err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return wrongField(name, "is not an absolute URL")
	}
	if u.Fragment != "" || strings.Contains(address, "#") {
		return wrongField(name, "must have no fragment")
	}
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (loopback.Host(u.Hostname()) || loopback.Beside(u.Hostname()) &&
		name != "Issuer"):
		if out.loopbackHTTP {
			return nil
		}
		return &FieldError{
			Field: name, Err: fmt.Errorf("%s is http", where(u)), Insecure: "InsecureLoopbackHTTP",
		}
	}
	return wrongField(name, "must be https")
}
