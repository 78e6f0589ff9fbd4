package vendors

import "github.com/sallyport-go/sallyport/provider"

// LinkedIn signs users in with LinkedIn's OpenID Connect.
//
// LinkedIn refuses requests with a code_verifier and never returns the nonce, so what binds an answer to a login is the state
// alone. The code is still of use only together with the client secret.
func LinkedIn(id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer: "https://www.linkedin.com/oauth", IssuerAliases: []string{"https://www.linkedin.com"},
		ClientID: id, ClientSecret: secret, DisplayName: "LinkedIn", AuthMethod: "client_secret_post",
		OtherOrigins: []string{"https://api.linkedin.com"}, // userinfo
		Dialect:      provider.Dialect{ErrorCodes: map[string]string{"user_cancelled_login": "access_denied", "user_cancelled_authorize": "access_denied"}},
		Quirks:       provider.Quirks{NoPKCE: true, NoNonce: true},
	}
}

func linkedInVendor() Vendor {
	return Vendor{
		Name: "linkedin", Label: "LinkedIn", Protocol: provider.OpenIDConnect, Register: "https://www.linkedin.com/developers/apps",
		Notes: []string{
			"The application needs the product \"Sign In with LinkedIn using OpenID Connect\"; the " +
				"older scopes r_liteprofile and r_emailaddress no longer work.",
			"The subject differs in each application.",
			"LinkedIn has no nonce, no logout, and no PKCE for web applications.",
			"Refresh tokens are for partners only. They do not rotate, and end 365 days after the " +
				"first consent.",
		},
		Unconfirmed: []string{
			"Older tokens have https://www.linkedin.com as issuer; both spellings are accepted.",
		},
		New: byClient(LinkedIn),
	}
}
