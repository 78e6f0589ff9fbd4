package vendors

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// StripeConnect links the Stripe account of a business to the application; the user is that
// account. secretKey is the secret key of the application's own account.
func StripeConnect(id, secretKey string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://connect.stripe.com",
		ClientID:       id,
		ClientSecret:   secretKey,
		SecretRequired: true,
		DisplayName:    "Stripe",
		OtherOrigins:   []string{"https://api.stripe.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://connect.stripe.com/oauth/authorize",
			Token:         "https://connect.stripe.com/oauth/token",
			UserInfo:      "accounts/",
		},
		AuthMethod: "client_secret_post",
		Scopes:     []string{"read_only"},
		APIBase:    "https://api.stripe.com/v1",
		UserFields: provider.Fields{
			ID:    "id",
			Name:  "business_profile.name|settings.dashboard.display_name",
			Email: "email",
		},
		EmailTrust: provider.EmailNeverVerified,
		OmitClaims: []string{ // large, and private to the owners
			"capabilities",
			"company",
			"external_accounts",
			"future_requirements",
			"individual",
			"requirements",
			"settings",
			"tos_acceptance",
		},
		PrepareAPI: func(r *http.Request, _ session.Tokens, p provider.Profile) error {
			if p.Token == nil {
				return nil // a call by Client
			}
			account := p.Text("stripe_user_id")
			if account == "" {
				return errors.New("the token's answer has no stripe_user_id")
			}
			r.URL = r.URL.JoinPath(url.PathEscape(account))
			return nil
		},
	}
}

func stripeConnectVendor() Vendor {
	return Vendor{
		Name:     "stripe-connect",
		Label:    "Stripe Connect",
		Protocol: OAuthTwo,
		Register: "https://dashboard.stripe.com/settings/connect/onboarding-options/oauth",
		Notes: []string{
			"client_id begins with ca_; client_secret is the secret key of your own account.",
			"This connects the account of a business; it does not sign in a person.",
			"Stripe Connect does not say whether an email address is verified.",
			"Accounts are not disconnected at logout.",
		},
		Unconfirmed: []string{
			pkceIgnored,
			"The account can be read with the access token itself.",
			"The paths of the account's name.",
		},
		New: byClient(StripeConnect),
	}
}
