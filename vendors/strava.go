package vendors

import (
	"encoding/json"

	"github.com/sallyport-go/sallyport/provider"
)

// Strava signs athletes in at Strava. Strava returns no email addresses.
func Strava(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://www.strava.com",
		ClientID:       id,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "Strava",
		Endpoints: provider.Endpoints{
			Authorization: "https://www.strava.com/oauth/authorize",
			Token:         "https://www.strava.com/oauth/token",
			UserInfo:      "athlete",
		},
		AuthMethod: "client_secret_post",
		Dialect: provider.Dialect{EditAnswer: stravaError, ErrorCodes: map[string]string{
			"AuthorizationCode": "invalid_grant",
			"RefreshToken":      "invalid_grant",
			"Application":       "invalid_client",
		}},
		Scopes:         []string{"read"},
		ScopeSeparator: ",",
		APIBase:        "https://www.strava.com/api/v3",
		UserFields:     provider.Fields{ID: "id", Username: "username", Picture: "profile"},
		MapUser:        nameOf("firstname", "lastname"),
	}
}

// stravaError makes the "resource" of an error, as Strava calls it, the error code.
func stravaError(answer json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil {
		return nil, err
	}
	var list []struct{ Resource json.RawMessage }
	unreadable := json.Unmarshal(members["errors"], &list) != nil || len(list) == 0
	if unreadable || members["error"] != nil {
		return answer, nil
	}
	members["error"] = list[0].Resource
	return json.Marshal(members)
}

func stravaVendor() Vendor {
	return Vendor{
		Name:     "strava",
		Label:    "Strava",
		Protocol: OAuthTwo,
		Register: "https://www.strava.com/settings/api",
		Notes: []string{
			"Scopes are separated by commas; activities need more of them, such as activity:read.",
			"Refresh tokens rotate: a refresh may bring another, which ends the old one.",
			"Tokens are not revoked at logout: https://www.strava.com/oauth/deauthorize would " +
				"end the athlete's consent everywhere.",
		},
		Unconfirmed: []string{pkceIgnored},
		New:         byClient(Strava),
	}
}
