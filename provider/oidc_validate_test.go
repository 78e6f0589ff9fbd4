package provider_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
)

// Each mistake is named, and all are reported together (R156).
func TestOIDC_ValidateFieldsForVendors(t *testing.T) {
	secret := func(context.Context) (string, error) { return "s", nil }
	tenants := &provider.Organizations{Allowed: []string{"72f988bf-86f1-41af-91ab-2d7cd011db47"}}
	template := "https://op.example.com/{tenantid}/v2"
	discovery := "https://op.example.com/common"
	for name, row := range map[string]struct {
		change func(*provider.OIDC)
		want   string // empty: valid
	}{
		"nothing":     {func(*provider.OIDC) {}, ""},
		"two secrets": {func(o *provider.OIDC) { o.SecretFunc = secret }, "both set"},
		"secret made": {func(o *provider.OIDC) {
			o.ClientSecret, o.SecretFunc = "", secret
		}, ""},
		"secret made, basic": {func(o *provider.OIDC) {
			o.ClientSecret, o.SecretFunc, o.AuthMethod = "", secret, "client_secret_basic"
		}, ""},
		"no secret, basic": {func(o *provider.OIDC) {
			o.ClientSecret, o.AuthMethod = "", "client_secret_basic"
		}, "needs a client secret"},
		"short signing secret": {func(o *provider.OIDC) {
			o.SecretSignsTokens = true
		}, "at least 32 bytes"},
		"made signing secret": {func(o *provider.OIDC) {
			o.ClientSecret, o.SecretFunc, o.SecretSignsTokens = "", secret, true
		}, "at least 32 bytes"},
		"http discovery": {func(o *provider.OIDC) {
			o.Discovery = "http://op.example.com"
		}, "Discovery must be https"},
		"http endpoint": {func(o *provider.OIDC) {
			o.Endpoints.Token = "http://op.example.com/token"
		}, "Endpoints.Token must be https"},
		"script as endpoint": {func(o *provider.OIDC) {
			o.Endpoints.Authorization = "javascript:alert(1)"
		}, "Endpoints.Authorization is not"},
		"empty alias": {func(o *provider.OIDC) {
			o.IssuerAliases = []string{""}
		}, "IssuerAliases"},
		"required nothing": {func(o *provider.OIDC) {
			o.RequiredClaims = map[string][]string{"hd": nil}
		}, "RequiredClaims"},
		"required empty": {func(o *provider.OIDC) {
			o.RequiredClaims = map[string][]string{"hd": {""}}
		}, "RequiredClaims"},
		"field ID": {func(o *provider.OIDC) {
			o.UserFields.ID = "oid"
		}, "must be empty"},
		"field Roles": {func(o *provider.OIDC) {
			o.UserFields.Roles = "groups"
		}, "must be empty"},
		"field no path": {func(o *provider.OIDC) {
			o.UserFields.Email = "emails..0"
		}, "UserFields.Email"},
		"unknown trust": {func(o *provider.OIDC) { o.EmailTrust = 9 }, "EmailTrust"},
		"dialect": {func(o *provider.OIDC) {
			o.Dialect.Method = "DELETE"
		}, "Dialect.Method"},
		"template alone": {func(o *provider.OIDC) {
			o.Issuer, o.Discovery = template, discovery
		}, "set Organizations"},
		"tenants, no template": {func(o *provider.OIDC) {
			o.Organizations, o.Discovery = tenants, discovery
		}, "need an Issuer with {tenantid}"},
		"tenants, no discovery": {func(o *provider.OIDC) {
			o.Issuer, o.Organizations = template, tenants
		}, "need Discovery"},
		"tenants, none": {func(o *provider.OIDC) {
			o.Issuer, o.Discovery, o.Organizations = template, discovery, &provider.Organizations{}
		}, "no user could sign in"},
		"tenants, aliases": {func(o *provider.OIDC) {
			o.Issuer, o.Discovery, o.Organizations, o.IssuerAliases = template, discovery, tenants,
				[]string{"x"}
		}, "exclude IssuerAliases"},
		"tenants, a name": {func(o *provider.OIDC) {
			o.Issuer, o.Discovery, o.Organizations = template, discovery,
				&provider.Organizations{Allowed: []string{"example.com"}}
		}, "is not a GUID"},
		"tenants": {func(o *provider.OIDC) {
			o.Issuer, o.Discovery, o.Organizations = template, discovery, tenants
		}, ""},
	} {
		o := &provider.OIDC{Issuer: "https://op.example.com", ClientID: "c", ClientSecret: "s"}
		row.change(o)
		insecure, err := o.Validate()
		if len(insecure) > 0 {
			t.Errorf("%s: insecure %v", name, insecure)
		}
		if row.want == "" && err != nil || row.want != "" &&
			(err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
