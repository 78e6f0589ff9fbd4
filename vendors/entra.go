package vendors

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/sallyport-go/sallyport/provider"
)

// An EntraTenant is the tenant ID of an organization at Microsoft Entra ID: a GUID in lower case,
// not one of its domain names.
type EntraTenant string

// MicrosoftAccounts is the tenant of personal Microsoft accounts.
const MicrosoftAccounts EntraTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

func (t EntraTenant) check() error {
	guid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	if !guid.MatchString(string(t)) {
		return fmt.Errorf("the tenant %q is not a GUID in lower case: "+
			"see Overview in the Entra admin center", string(t))
	}
	return nil
}

const entra = "https://login.microsoftonline.com/"

// Entra signs in the users of one organization at Microsoft Entra ID (formerly Azure AD).
//
// The administrators of a tenant can give accounts any email address, so User.EmailVerified is true
// only with the optional claim xms_edov, which says that Microsoft verified the owner of the
// domain. The subject of a user differs in each application; the claim oid does not. User.Roles are
// the application roles (claim roles).
func Entra(tenant EntraTenant, id, secret string) *provider.OIDC {
	o := entraAt(entra+string(tenant)+"/v2.0", id, secret)
	o.Err = tenant.check()
	return o
}

// graphs returns the addresses of Microsoft Graph in all clouds. A scope without an address is one
// of Microsoft Graph.
func graphs() []string {
	return []string{
		"https://graph.microsoft.com/", "https://graph.microsoft.us/",
		"https://dod-graph.microsoft.us/", "https://microsoftgraph.chinacloudapi.cn/",
	}
}

func entraAt(issuer, id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       issuer,
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Microsoft",
		AuthMethod:   "client_secret_post",
		OtherOrigins: []string{"https://graph.microsoft.com"}, // userinfo
		UserFields:   provider.Fields{EmailVerified: "xms_edov"},
		// The ID token has all claims. Graph rejects access tokens for the application's own API.
		UserInfo: "never",
		Dialect:  provider.Dialect{RefreshScope: true, ScopePrefixes: graphs()},
	}
}

// EntraMultiTenant signs in the users of the organizations that tenants admits; anyone can create
// an organization. To admit personal accounts, add MicrosoftAccounts to Organizations.Allowed, or
// set Discovery to the document of "common" to have Organizations.Approve decide.
//
// User.Issuer is that of the organization. Do not identify users by email address: each
// organization can claim any address.
func EntraMultiTenant(tenants provider.Organizations, id, secret string) *provider.OIDC {
	o := entraAt(entra+"{tenantid}/v2.0", id, secret)
	audience := "organizations"
	if slices.Contains(tenants.Allowed, string(MicrosoftAccounts)) {
		audience = "common"
	}
	o.Discovery = entra + audience + "/v2.0/.well-known/openid-configuration"
	o.Organizations = &tenants
	return o
}

const entraRegister = "https://entra.microsoft.com/" +
	"#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade"

func entraNotes() []string {
	return []string{
		"A refresh token comes with the scope offline_access. Refresh tokens rotate: each " +
			"refresh brings another, and the old one stays valid.",
		"An email address is verified only if the optional claim xms_edov is configured for ID " +
			"tokens.",
		"A user in more than 200 groups has no groups claim; use application roles, which become " +
			"User.Roles.",
	}
}

func entraVendor() Vendor {
	return Vendor{
		Name:     "entra",
		Label:    "Microsoft Entra ID",
		Protocol: OpenIDConnect,
		Register: entraRegister,
		Settings: []Setting{
			{
				Name:     "tenant",
				Required: true,
				Help:     "the tenant ID, such as 72f988bf-86f1-41af-91ab-2d7cd011db47",
			},
		},
		Notes: entraNotes(),
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return Entra(EntraTenant(v["tenant"]), id, secret), nil
		},
	}
}

func entraMultiTenantVendor() Vendor {
	return Vendor{
		Name:     "entra-multitenant",
		Label:    "Microsoft Entra ID, several tenants",
		Protocol: OpenIDConnect,
		Register: entraRegister,
		Settings: []Setting{{
			Name: "tenants", Required: true,
			Help: "the IDs of the tenants whose users may sign in, separated by commas; " +
				string(MicrosoftAccounts) + " for personal Microsoft accounts",
		}},
		Notes: slices.Concat(entraNotes(), []string{
			"Register the application for accounts in any organizational directory.",
		}),
		Unconfirmed: []string{
			"Each key of the shared JWKS names its issuer; keys without one are rejected.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			o := EntraMultiTenant(provider.Organizations{Allowed: listed(v["tenants"])}, id, secret)
			return o, nil
		},
	}
}
