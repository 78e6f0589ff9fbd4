package vendors

import "github.com/sallyport-go/sallyport/provider"

// Salesforce signs users in at login.salesforce.com.
func Salesforce(id, secret string) *provider.OIDC {
	return SalesforceAt("https://login.salesforce.com", id, secret)
}

// SalesforceAt signs users in at a sandbox ("https://test.salesforce.com") or at an organization's
// own address, such as "https://example.my.salesforce.com". The issuer differs from that of
// Salesforce, and so do the users.
func SalesforceAt(at BaseURL, id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       at.at(""),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Salesforce",
		Err:          at.check(),
		Endpoints:    provider.Endpoints{Revocation: at.at("/services/oauth2/revoke")},
	}
}

func salesforceVendor() Vendor {
	return Vendor{
		Name:     "salesforce",
		Label:    "Salesforce",
		Protocol: OpenIDConnect,
		Register: "https://help.salesforce.com/s/articleView" +
			"?id=xcloud.create_a_local_external_client_app.htm",
		Settings: []Setting{
			{
				Name: "base_url",
				Help: "the URL of a sandbox or of your organization, such as " +
					"https://example.my.salesforce.com; default: https://login.salesforce.com",
			},
		},
		Notes: []string{
			"Register an External Client App; since Spring '26, Salesforce creates no new " +
				"connected apps.",
			"A refresh token comes with the scope refresh_token (or offline_access). Refresh " +
				"tokens rotate when rotation is on for the application: each is then valid for " +
				"one refresh.",
			"Partner applications must require PKCE; the verifier is always sent, together with " +
				"the secret.",
			"Salesforce has no logout endpoint: signing out ends the session in your application " +
				"only.",
			"The subject is a URL that contains the IDs of organization and user; the claims " +
				"organization_id and user_id contain each alone.",
			"To admit one organization only, use its own URL instead of login.salesforce.com.",
		},
		Unconfirmed: []string{
			"Token answers may lack expires_in; then nothing is refreshed ahead of time.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			if v["base_url"] == "" {
				return Salesforce(id, secret), nil
			}
			return SalesforceAt(BaseURL(v["base_url"]), id, secret), nil
		},
	}
}
