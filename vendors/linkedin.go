package vendors

import "github.com/sallyport-go/sallyport/provider"

// LinkedIn signs users in with "Sign In with LinkedIn using OpenID Connect".
//
// LinkedIn rejects requests with a code_verifier, and its ID tokens have no nonce. Such an ID token
// proves no more than the access token that came with it, so the profile is that of userinfo, and a
// code is bound to its login by the state and by the client secret.
func LinkedIn(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://www.linkedin.com/oauth",
		ClientID:       id,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "LinkedIn",
		OtherOrigins:   []string{"https://api.linkedin.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.linkedin.com/oauth/v2/authorization",
			Token:         "https://www.linkedin.com/oauth/v2/accessToken",
			UserInfo:      "v2/userinfo",
		},
		AuthMethod: "client_secret_post",
		Quirks:     provider.Quirks{NoPKCE: true},
		Dialect: provider.Dialect{ErrorCodes: map[string]string{
			"user_cancelled_login":     "access_denied",
			"user_cancelled_authorize": "access_denied",
		}},
		Scopes:  []string{"openid", "profile", "email"},
		APIBase: "https://api.linkedin.com",
		UserFields: provider.Fields{
			ID: "sub", Name: "name", Email: "email", EmailVerified: "email_verified",
			Picture: "picture",
		},
	}
}

func linkedInVendor() Vendor {
	return Vendor{
		Name:     "linkedin",
		Label:    "LinkedIn",
		Protocol: OAuthTwo,
		Register: "https://www.linkedin.com/developers/apps",
		Notes: []string{
			"The application needs the product \"Sign In with LinkedIn using OpenID Connect\"; " +
				"the older scopes r_liteprofile and r_emailaddress no longer work.",
			"The ID of a user (sub) differs in each application.",
			"LinkedIn has no nonce, no logout, and no PKCE for web applications. Its ID tokens " +
				"are ignored: the profile comes from userinfo.",
			"Refresh tokens are for partners only. They do not rotate, and end 365 days after " +
				"the first consent.",
		},
		New: byClient(LinkedIn),
	}
}
