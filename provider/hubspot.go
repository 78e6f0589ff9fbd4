package provider

import (
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// HubSpot signs users in at HubSpot. A user may belong to many accounts: the one that was chosen is the member hub_id of the session's
// claims, which an application for certain customers has to look at. HubSpot wants the access token in the address of the
// profile, so logs on the way may keep it.
func HubSpot(id, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://app.hubspot.com", ClientID: id, ClientSecret: secret, confidential: true, DisplayName: "HubSpot",
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://app.hubspot.com/oauth/authorize",
			TokenURL:  "https://api.hubapi.com/oauth/v1/token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
		Dialect: Dialect{ErrorCodes: map[string]string{"BAD_AUTH_CODE": "invalid_grant", "BAD_REFRESH_TOKEN": "invalid_grant"}},
		Scopes:  []string{"oauth"},
		APIBase: "https://api.hubapi.com", UserURL: "oauth/v1/access-tokens/",
		UserFields: Fields{ID: "user_id", Email: "user"},
		EmailTrust: EmailNeverVerified,
		OmitClaims: []string{"token"},
		PrepareAPI: func(r *http.Request, t session.Tokens, p Profile) error {
			if p.Token != nil { // the profile, not a call by Client
				r.Header.Del("Authorization")
				r.URL = r.URL.JoinPath(url.PathEscape(t.AccessToken))
			}
			return nil
		},
	}
}

var hubSpotPreset = Preset{
	Name: "hubspot", Label: "HubSpot", Protocol: OAuthTwo, Register: "https://developers.hubspot.com/",
	Notes: []string{
		"The address of the profile has the access token in it; it is in no error of ours, but keep it out of the logs of an outgoing proxy.",
		"The account that the user chose is hub_id in the claims.",
		"There is no name of the user, and nothing says whether an address was verified.",
	},
	Unconfirmed: []string{
		"The PKCE parameters are ignored.",
		"Tokens are not taken back at logout.",
		"The error codes BAD_AUTH_CODE and BAD_REFRESH_TOKEN.",
	},
	New: byClient(HubSpot),
}
