package vendors

import "github.com/sallyport-go/sallyport/provider"

// Amazon signs users in with Login with Amazon.
func Amazon(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://www.amazon.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Amazon",
		OtherOrigins: []string{"https://api.amazon.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.amazon.com/ap/oa",
			Token:         "https://api.amazon.com/auth/o2/token",
			UserInfo:      "user/profile",
		},
		Scopes:      []string{"profile"},
		APIBase:     "https://api.amazon.com",
		UserFields:  provider.Fields{ID: "user_id", Name: "name", Email: "email"},
		EmailTrust:  provider.EmailNeverVerified,
		TokenHeader: "x-amz-access-token",
	}
}

func amazonVendor() Vendor {
	return Vendor{
		Name:     "amazon",
		Label:    "Amazon",
		Protocol: OAuthTwo,
		Register: "https://developer.amazon.com/loginwithamazon/console/site/lwa/overview.html",
		Notes: []string{
			"Other regions have other token endpoints, such as " +
				"https://api.amazon.co.uk/auth/o2/token: set Endpoints.Token and APIBase, and " +
				"leave Issuer unchanged.",
			"Amazon does not say whether an email address is verified, and has no pictures.",
		},
		New: byClient(Amazon),
	}
}
