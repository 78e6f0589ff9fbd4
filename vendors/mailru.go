package vendors

import "github.com/sallyport-go/sallyport/provider"

// MailRu signs users in at Mail.ru.
func MailRu(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://oauth.mail.ru",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Mail.ru",
		Endpoints: provider.Endpoints{
			Authorization: "https://oauth.mail.ru/login",
			Token:         "https://oauth.mail.ru/token",
			UserInfo:      "userinfo",
		},
		Scopes:  []string{"userinfo"},
		APIBase: "https://oauth.mail.ru",
		UserFields: provider.Fields{
			ID:       "id",
			Name:     "name",
			Username: "nickname",
			Email:    "email",
			Picture:  "image",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func mailRuVendor() Vendor {
	return Vendor{
		Name:     "mailru",
		Label:    "Mail.ru",
		Protocol: OAuthTwo,
		Register: "https://o2.mail.ru/app/",
		Notes: []string{
			"Mail.ru does not say whether an email address is verified.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are ignored.",
			"The client authenticates with Basic.",
			"The profile takes the token in the Authorization header.",
			"The members of the profile.",
		},
		New: byClient(MailRu),
	}
}
