package provider

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/authparams"
)

// Validate implements [Validator].
func (o *OAuth2) Validate() (insecure []string, err error) {
	mistakes := slices.Concat(
		o.checkEndpoints(), o.checkAuthorization(), o.Dialect.check(), o.checkProfile(),
		o.checkHeader(), o.Revocation.check(),
	)
	mistakes = append(mistakes, checkClient(o.ClientID, o.ClientSecret)...)
	if o.SecretRequired && o.ClientSecret == "" {
		mistakes = append(mistakes,
			wrongField("ClientSecret", "is missing, and the provider has no public clients"))
	}
	mistakes = append(mistakes, o.Err, o.checkQuirks(), o.checkAuthMethod(), o.checkIssuer(),
		checkOtherOrigins(o.OtherOrigins), o.outbound().check())
	if o.InsecureLoopbackHTTP {
		insecure = append(insecure, "InsecureLoopbackHTTP")
		insecure = append(insecure, plainHTTP(o.everyAddress()...)...)
	}
	if o.InsecureNoPKCE {
		insecure = append(insecure, "InsecureNoPKCE")
	}
	return insecure, errors.Join(mistakes...)
}

func (o *OAuth2) checkAuthMethod() error {
	switch o.AuthMethod {
	case "", authBasic, authPost:
		return nil
	case authNone:
		if o.ClientSecret != "" {
			return wrongField("AuthMethod", "must not be none: a client secret is set")
		}
		return nil
	}
	const hint = "%q is not %s, %s or %s"
	return wrongField("AuthMethod", hint, o.AuthMethod, authBasic, authPost, authNone)
}

func (o *OAuth2) checkEndpoints() []error {
	mistakes := []error{checkAPIBase(o.outbound(), o.APIBase)}
	for _, e := range o.Endpoints.named() {
		field := "Endpoints." + e.field
		switch e.address {
		case &o.Endpoints.Authorization, &o.Endpoints.Token:
			if *e.address == "" {
				mistakes = append(mistakes, wrongField(field, "is missing"))
			}
		case &o.Endpoints.UserInfo: // may be relative
			continue
		case &o.Endpoints.Revocation, &o.Endpoints.Introspection, &o.Endpoints.DeviceAuthorization:
		default:
			if *e.address != "" {
				mistakes = append(mistakes, wrongField(field, "is not used by OAuth2: remove it"))
			}
		}
		if *e.address != "" {
			mistakes = append(mistakes, o.outbound().checkEndpoint(field, *e.address))
		}
	}
	if o.RefreshURL != "" {
		mistakes = append(mistakes, o.outbound().checkEndpoint("RefreshURL", o.RefreshURL))
	}
	return mistakes
}

// authNames are the parameters of the authorization request that can be renamed.
var authNames = []string{"client_id", "redirect_uri", "scope", "prompt", "login_hint", "ui_locales"}

func (o *OAuth2) checkAuthorization() []error {
	mistakes := append(checkAuthParams(o.AuthParams), checkScopeNames(o.Scopes)...)
	mistakes = append(mistakes, checkNames("AuthNames", o.AuthNames, authNames)...)
	if err := unverifiable(o.AuthParams.Get("claims")); err != nil {
		mistakes = append(mistakes, wrongField("AuthParams", "%w", err))
	}
	for name, other := range o.AuthNames {
		if o.AuthParams.Has(other) || authparams.Owned(other) &&
			!slices.Contains(authNames, other) {
			mistakes = append(mistakes,
				wrongField("AuthNames", "%s must not be renamed to %s, which is another parameter",
					name, other))
		}
	}
	for _, scope := range o.Scopes {
		if strings.Contains(scope, o.separator()) {
			mistakes = append(mistakes,
				wrongField("Scopes", "%q contains the scope separator", scope))
		}
	}
	for i, name := range o.CallbackParams {
		if name == "" || slices.Contains(single, name) || slices.Contains(tokenParams, name) ||
			slices.Contains(o.CallbackParams[:i], name) {
			mistakes = append(mistakes,
				wrongField("CallbackParams", "%q is a duplicate, or is already read", name))
		}
	}
	if _, err := o.authorizationURL(&Flow{State: "s", Verifier: "v",
		RedirectURI: "r"}); err != nil {
		mistakes = append(mistakes, wrongField("Endpoints.Authorization", "%w", err))
	}
	return mistakes
}

func (o *OAuth2) checkProfile() []error {
	mistakes := o.UserFields.check()
	if o.Endpoints.UserInfo != "" {
		mistakes = append(mistakes, o.checkDocument("Endpoints.UserInfo", o.Endpoints.UserInfo))
	}
	names := map[string]bool{"": true, moreCallback: true}
	for _, d := range o.More {
		if names[d.Name] {
			mistakes = append(mistakes, wrongField("More", "%q is empty, reserved or a duplicate",
				d.Name))
		}
		names[d.Name] = true
		mistakes = append(mistakes, within(d.Name, o.checkDocument("More", d.URL)))
	}
	switch o.UserMethod {
	case "", http.MethodGet, http.MethodPost:
	default:
		mistakes = append(mistakes, wrongField("UserMethod", "%q is not GET or POST", o.UserMethod))
	}
	mistakes = append(mistakes, o.EmailTrust.check())
	return mistakes
}

// checkDocument checks the URL of a profile document.
func (o *OAuth2) checkDocument(field, address string) error {
	u, err := o.apiAddress(address)
	if err != nil {
		return wrongField(field, "%q: %w", address, err)
	}
	return o.outbound().checkEndpoint(field, u.String())
}

func (o *OAuth2) checkHeader() []error {
	var mistakes []error
	for name := range o.Header {
		switch canonical := http.CanonicalHeaderKey(name); canonical {
		case "Authorization", "Cookie", "Host", "Content-Type", "Content-Length",
			"Transfer-Encoding", http.CanonicalHeaderKey(o.TokenHeader):
			mistakes = append(mistakes, wrongField("Header", "%q is set by the library", canonical))
		}
	}
	return mistakes
}

// apiAddress makes the configured URL of a document absolute.
func (o *OAuth2) apiAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	t := &apiTransport{}
	t.base, t.err = parseAPIBase(o.APIBase)
	return t.resolve(u)
}
