package vendors

import (
	"errors"

	"github.com/sallyport-go/sallyport/provider"
)

// EntraExternalID signs in the users of an external tenant of Microsoft Entra, which holds the
// customers of a company.
func EntraExternalID(tenant EntraTenant, id, secret string) *provider.OIDC {
	o := entraAt("https://"+string(tenant)+".ciamlogin.com/"+string(tenant)+"/v2.0", id, secret)
	o.Err = tenant.check()
	return o
}

// A B2CPolicy is a user flow or a custom policy of Azure AD B2C.
type B2CPolicy struct {
	Name   string      // of the tenant: "contoso" of contoso.onmicrosoft.com
	Tenant EntraTenant // and its ID
	Policy string      // "B2C_1_signin"
}

// AzureADB2C signs users in by a policy of Azure AD B2C. No email address is treated as verified,
// because no claim says so in every policy.
func AzureADB2C(policy B2CPolicy, id, secret string) *provider.OIDC {
	host := Domain(policy.Name + ".b2clogin.com")
	o := entraAt(host.at("/"+string(policy.Tenant)+"/v2.0/"), id, secret)
	o.Discovery = host.at("/" + policy.Name + ".onmicrosoft.com/" + policy.Policy +
		"/v2.0/.well-known/openid-configuration")
	o.UserFields, o.OtherOrigins = provider.Fields{Email: "email|emails.0"}, nil
	o.EmailTrust, o.UserInfo = provider.EmailNeverVerified, ""
	o.Scopes = []string{
		"openid",
		"profile",
		"offline_access",
		id,
	} // without the client ID as a scope there is no access token
	o.Err = errors.Join(host.check(), policy.Tenant.check())
	if !word(policy.Policy) {
		o.Err = errors.Join(o.Err, errors.New("the policy is missing, such as B2C_1_signin"))
	}
	return o
}

func entraExternalVendor() Vendor {
	return Vendor{
		Name:     "entra-external",
		Label:    "Microsoft Entra External ID",
		Protocol: OpenIDConnect,
		Register: entraRegister,
		Settings: []Setting{
			{
				Name:     "tenant",
				Required: true,
				Help: "the ID of the external tenant, such as " +
					"72f988bf-86f1-41af-91ab-2d7cd011db47",
			},
		},
		Notes: []string{
			"A refresh token comes with the scope offline_access. Refresh tokens rotate: each " +
				"refresh brings another, and the old one stays valid.",
			"The published discovery address is " +
				"https://TENANT_NAME.ciamlogin.com/TENANT_ID/v2.0/" +
				".well-known/openid-configuration. " +
				"Set Discovery to it if discovery below the tenant's ID fails; the issuer stays.",
			"For a custom domain, set Issuer and Discovery.",
		},
		Unconfirmed: []string{
			"Discovery works at the host name with the tenant's ID, which is that of the issuer.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return EntraExternalID(EntraTenant(v["tenant"]), id, secret), nil
		},
	}
}

func azureADB2CVendor() Vendor {
	return Vendor{
		Name:     "azure-b2c",
		Label:    "Azure AD B2C",
		Protocol: OpenIDConnect,
		Register: "https://portal.azure.com/" +
			"#view/Microsoft_AAD_B2CAdmin/TenantManagementMenuBlade/~/registeredApps",
		Settings: []Setting{
			{
				Name:     "tenant_name",
				Required: true,
				Help: "the first part of the tenant's domain: contoso of " +
					"contoso.onmicrosoft.com",
			},
			{
				Name:     "tenant",
				Required: true,
				Help:     "the tenant ID, such as 72f988bf-86f1-41af-91ab-2d7cd011db47",
			},
			{
				Name:     "policy",
				Required: true,
				Help:     "the user flow or custom policy, such as B2C_1_signin",
			},
		},
		Notes: []string{
			"The issuer has the tenant's ID, no policy, and a slash at the end. For a policy " +
				"with another issuer, set Issuer to the one in the discovery document.",
			"Refresh tokens rotate: each refresh brings another.",
		},
		Unconfirmed: []string{
			"An access token comes only when the client ID is among the scopes.",
			"Logout and refresh work as at Microsoft Entra ID.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return AzureADB2C(B2CPolicy{
				v["tenant_name"],
				EntraTenant(v["tenant"]),
				v["policy"],
			}, id, secret), nil
		},
	}
}
