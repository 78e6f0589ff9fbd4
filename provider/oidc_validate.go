package provider

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Validate implements [Validator].
func (o *OIDC) Validate() (insecure []string, err error) {
	var mistakes []error
	wrong := func(field, format string, args ...any) {
		mistakes = append(mistakes, wrongField(field, format, args...))
	}
	mistakes = append(mistakes, checkClient(o.ClientID, o.ClientSecret)...)
	mistakes = append(mistakes, o.Err, o.checkIssuerSetting(), o.checkTenants(), o.checkSecret(),
		o.checkAuthMethod(), o.checkResponseType(), o.checkQuirks(),
		o.VendorLogout.check(o.outbound()),
		checkAPIBase(o.outbound(), o.APIBase))
	mistakes = append(mistakes, checkAuthParams(o.AuthParams)...)
	if _, err := readClaimsRequest(o.AuthParams.Get("claims")); err != nil {
		mistakes = append(mistakes, wrongField("AuthParams", "%w", err))
	}
	mistakes = append(mistakes, o.Dialect.check()...)
	mistakes = append(mistakes, o.checkOverrides()...)
	mistakes = append(mistakes, o.checkStatic()...)
	mistakes = append(mistakes, o.checkUserFields()...)
	for _, alg := range o.SigningAlgs {
		switch {
		case strings.HasPrefix(alg, "HS"):
			wrong("SigningAlgs", "%q is symmetric: for ID tokens signed with the client secret, "+
				"remove it and set SecretSignsTokens (HS256)", alg)
		case !slices.Contains(asymmetricAlgs, alg):
			wrong("SigningAlgs", "%q is not one of %v", alg, asymmetricAlgs)
		}
	}
	mistakes = append(mistakes, checkScopeNames(o.Scopes)...)
	if o.Leeway < 0 || o.Leeway > maxLeeway {
		wrong("Leeway", "%v is not between 0 and %v", o.Leeway, maxLeeway)
	}
	if o.MaxAge != nil && *o.MaxAge < 0 {
		wrong("MaxAge", "%v is negative", *o.MaxAge)
	}
	if !slices.Contains([]string{"", userInfoWhenNeeded, userInfoAlways, userInfoNever},
		o.UserInfo) {
		const hint = "%q must be %s, %s or %s"
		wrong("UserInfo", hint, o.UserInfo, userInfoWhenNeeded, userInfoAlways, userInfoNever)
	}
	if o.InsecureLoopbackHTTP {
		insecure = append(append(insecure, "InsecureLoopbackHTTP"), plainHTTP(o.addresses()...)...)
	}
	if o.InsecureNoPKCE {
		insecure = append(insecure, "InsecureNoPKCE")
	}
	return insecure, errors.Join(mistakes...)
}

// checkIssuerSetting rejects values that cannot be issuers, and are often pasted as one.
func (o *OIDC) checkIssuerSetting() error {
	wrong := func(format string, args ...any) error { return wrongField("Issuer", format, args...) }
	shown := o.Issuer
	if _, host, found := strings.Cut(shown, "@"); found {
		shown = "…@" + host // the part before it may be a password
	}
	before, _, wellKnown := strings.Cut(shown, "/.well-known/")
	switch {
	case o.Issuer == "":
		return wrong("is missing")
	case strings.ContainsFunc(o.Issuer, unicode.IsSpace):
		return wrong("%q contains white space: remove it", shown)
	case !strings.Contains(o.Issuer, "://"):
		return wrong("%q is not an absolute URL: write %q if that is the issuer in the "+
			"provider's metadata", shown, "https://"+shown)
	case wellKnown:
		return wrong("%q is the URL of the provider's metadata: write %q if that is the "+
			"issuer in it", shown, before)
	}
	if err := o.outbound().checkEndpoint("Issuer", o.Issuer); err != nil {
		return err
	}
	if u, _ := url.Parse(o.Issuer); u.RawQuery != "" || u.ForceQuery || u.User != nil {
		return wrong("%q must have no query and no user", u.Redacted())
	}
	return nil
}

func (o *OIDC) checkAuthMethod() error {
	switch o.AuthMethod {
	case "":
		return nil
	case authBasic, authPost:
		if !o.hasSecret() {
			return wrongField("AuthMethod", "%s needs a client secret", o.AuthMethod)
		}
		return nil
	case authNone:
		return nil
	case authKey:
		if o.ClientKey == nil {
			return wrongField("AuthMethod", "%s needs a client key", o.AuthMethod)
		}
		return nil
	}
	return wrongField("AuthMethod", "%q is not %s, %s, %s or %s", o.AuthMethod, authBasic, authPost,
		authKey, authNone)
}

func (o *OIDC) checkResponseType() error {
	switch o.responseType() {
	case responseCode, responseIDToken, responseCodeIDToken:
		return nil
	}
	if slices.Contains(strings.Fields(o.ResponseType), "token") {
		return wrongField("ResponseType", "%q: %w", o.ResponseType, errTokenInBrowser)
	}
	return wrongField("ResponseType", "%q is not code, id_token or code id_token", o.ResponseType)
}

// checkSecret checks that there is one secret, long enough for SecretSignsTokens.
func (o *OIDC) checkSecret() error {
	switch {
	case o.ClientSecret != "" && o.SecretFunc != nil:
		return wrongField("ClientSecret", "and SecretFunc are both set: keep one")
	case o.ClientKey != nil && (o.hasSecret() || o.AuthMethod != "" && o.AuthMethod != authKey):
		return wrongField("ClientKey",
			"replaces a secret: remove the secret and the authentication method")
	case o.AssertionAudience != "" && o.ClientKey == nil:
		return wrongField("AssertionAudience", "needs a client key, which signs the assertions")
	case strings.ContainsFunc(o.AssertionAudience, func(r rune) bool {
		return r <= ' ' || r > '~'
	}):
		return wrongField("AssertionAudience", "%q must be printable ASCII without spaces",
			o.AssertionAudience)
	case o.ClientKey != nil && o.Organizations != nil && o.AssertionAudience == "":
		return wrongField("AssertionAudience", "is missing: with a client key and organizations, "+
			"the issuer is a template and cannot be the audience")
	case o.ClientKey != nil && o.SecretSignsTokens:
		return wrongField("SecretSignsTokens", "needs a client secret, not a client key")
	case o.ClientKey != nil:
		return o.ClientKey.check()
	case !o.SecretSignsTokens:
		return nil
	case len(o.ClientSecret) < minSharedSecret:
		return wrongField("SecretSignsTokens",
			"needs a client secret of at least %d bytes (RFC 7518 section 3.2)", minSharedSecret)
	case len(o.SigningAlgs) > 0:
		return wrongField("SecretSignsTokens", "excludes other algorithms: the algorithm is HS256")
	}
	return nil
}

// checkOverrides checks the fields that override discovery, and those compared with claims.
func (o *OIDC) checkOverrides() []error {
	mistakes := []error{checkOtherOrigins(o.OtherOrigins), o.outbound().check()}
	if o.Discovery != "" {
		mistakes = append(mistakes, o.outbound().checkEndpoint("Discovery", o.Discovery))
	}
	for _, e := range o.Endpoints.named() {
		if e.address == &o.Endpoints.RequestToken && *e.address != "" {
			mistakes = append(mistakes,
				wrongField("Endpoints."+e.field, "is not used by OIDC: remove it"))
		} else if *e.address != "" {
			mistakes = append(mistakes, o.outbound().checkEndpoint("Endpoints."+e.field,
				*e.address))
		}
	}
	if slices.Contains(o.IssuerAliases, "") {
		mistakes = append(mistakes, wrongField("IssuerAliases", "contains an empty value"))
	}
	for name, values := range o.RequiredClaims {
		if name == "" || len(values) == 0 || slices.Contains(values, "") {
			mistakes = append(mistakes,
				wrongField("RequiredClaims", "%q needs a name and non-empty values", name))
		}
	}
	return mistakes
}

func (o *OIDC) checkUserFields() []error {
	var mistakes []error
	if o.UserFields.ID != "" {
		mistakes = append(mistakes,
			wrongField("UserFields.ID", "must be empty: the subject is sub"))
	}
	if o.UserFields.Roles != "" {
		mistakes = append(mistakes, wrongField("UserFields.Roles", "must be empty: set RolesClaim"))
	}
	fields := o.UserFields
	fields.ID = "sub"
	mistakes = append(mistakes, fields.check()...)
	return append(mistakes, o.EmailTrust.check())
}
