package vendors

import (
	"encoding/json"
	"net/http"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// PayPal signs users in at PayPal; see PayPalSandbox for the sandbox. Tokens and userinfo of
// PayPal's OpenID Connect lack the subject, so the provider is an OAuth2: the profile identifies
// the user. No email address is treated as verified.
func PayPal(id, secret string) *provider.OAuth2 {
	return payPalAt(payPalHosts{"https://www.paypal.com", "https://api-m.paypal.com"}, id, secret)
}

// PayPalSandbox signs in the test accounts of PayPal's sandbox.
func PayPalSandbox(id, secret string) *provider.OAuth2 {
	return payPalAt(payPalHosts{
		"https://www.sandbox.paypal.com",
		"https://api-m.sandbox.paypal.com",
	}, id, secret)
}

type payPalHosts struct{ pages, api BaseURL }

func payPalAt(hosts payPalHosts, id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       hosts.pages.issuer(),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "PayPal",
		OtherOrigins: []string{hosts.api.issuer()},
		Endpoints: provider.Endpoints{
			Authorization: hosts.pages.at("/signin/authorize"),
			Token:         hosts.api.at("/v1/oauth2/token"),
			UserInfo:      hosts.api.at("/v1/identity/oauth2/userinfo?schema=paypalv1.1"),
		},
		Scopes:     []string{"openid", "profile", "email"},
		UserMethod: http.MethodGet,
		UserFields: provider.Fields{ID: "user_id", Name: "name"},
		MapUser:    payPalEmail,
	}
}

// payPalEmail takes the primary address.
func payPalEmail(p provider.Profile, u *session.User) error {
	var profile struct {
		Emails []struct {
			Value   string
			Primary bool
		}
	}
	if json.Unmarshal(p.User, &profile) != nil {
		return nil // then there is no address
	}
	for _, e := range profile.Emails {
		if e.Primary {
			u.Email = e.Value
		}
	}
	return nil
}

func payPalVendor() Vendor {
	return Vendor{
		Name:     "paypal",
		Label:    "PayPal",
		Protocol: OAuthTwo,
		Register: "https://developer.paypal.com/dashboard/applications/",
		Settings: []Setting{
			{
				Name: "sandbox",
				Help: "yes for the sandbox and its test accounts; empty for real accounts",
			},
		},
		Notes: []string{
			"The application needs \"Log in with PayPal\", with the requested scopes.",
			"No email address is treated as verified.",
		},
		Unconfirmed: []string{
			"The profile endpoint, and its member user_id, which is a URL.",
			"Whether PayPal says that an address is verified.",
			"PKCE is supported: the metadata lists algorithms instead of methods.",
		},
		New: func(v Values) (provider.Provider, error) {
			if v["sandbox"] != "" {
				return byClient(PayPalSandbox)(v)
			}
			return byClient(PayPal)(v)
		},
	}
}
