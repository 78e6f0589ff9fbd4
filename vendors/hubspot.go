package vendors

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// HubSpot signs users in at HubSpot. A user can belong to several HubSpot accounts. The claim
// hub_id of the session is the account that the user chose: check it if only certain accounts may
// sign in.
//
// The profile is the result of token introspection, a POST with the access token and the client's
// credentials in the form.
func HubSpot(id, secret string) *provider.OAuth2 {
	const api = "https://api.hubapi.com"
	o := &provider.OAuth2{
		Issuer:         "https://app.hubspot.com",
		ClientID:       id,
		ClientSecret:   secret,
		SecretRequired: true,
		OtherOrigins:   []string{"https://api.hubapi.com"},
		DisplayName:    "HubSpot",
		Endpoints: provider.Endpoints{
			Authorization: "https://app.hubspot.com/oauth/authorize",
			Token:         api + "/oauth/2026-03/token",
			UserInfo:      "oauth/2026-03/token/introspect",
			Revocation:    api + "/oauth/2026-03/token/revoke",
		},
		AuthMethod: "client_secret_post",
		// Answers have the standard member error, and also the older member status.
		Dialect: provider.Dialect{ErrorCodes: map[string]string{
			"BAD_AUTH_CODE": "invalid_grant", "BAD_REFRESH_TOKEN": "invalid_grant",
		}},
		Scopes:     []string{"oauth"},
		APIBase:    api,
		UserMethod: http.MethodPost,
		UserFields: provider.Fields{ID: "user_id", Email: "user"},
		EmailTrust: provider.EmailNeverVerified,
		OmitClaims: []string{"token", "signed_access_token"},
		MapUser:    hubSpotActive,
	}
	o.PrepareAPI = func(r *http.Request, t session.Tokens, p provider.Profile) error {
		if p.Token != nil { // the profile, not a call by Client
			r.Header.Del("Authorization")
			setForm(r, url.Values{
				"client_id": {o.ClientID}, "client_secret": {o.ClientSecret},
				"token": {t.AccessToken}, "token_type_hint": {"access_token"},
			})
		}
		return nil
	}
	return o
}

// hubSpotActive rejects the answer for an unknown token: status 200 and active false (RFC 7662
// section 2.2).
func hubSpotActive(p provider.Profile, _ *session.User) error {
	if !p.True("active") {
		return &provider.Error{
			Fault: provider.FaultUserInfo,
			Err:   errors.New("HubSpot says that the access token is not active"),
		}
	}
	return nil
}

func hubSpotVendor() Vendor {
	return Vendor{
		Name:     "hubspot",
		Label:    "HubSpot",
		Protocol: OAuthTwo,
		Register: "https://developers.hubspot.com/",
		Notes: []string{
			"The HubSpot account that the user chose is the claim hub_id.",
			"HubSpot sends no name, and does not say whether an email address is verified.",
			"HubSpot ends version 1 of its OAuth endpoints on 2027-02-16; version 2026-03 is " +
				"used here.",
		},
		Unconfirmed: []string{
			"HubSpot checks the PKCE verifier: its token endpoint lists code_verifier.",
		},
		New: byClient(HubSpot),
	}
}
