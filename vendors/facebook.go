package vendors

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A GraphVersion is a version of Facebook's Graph API, such as "v26.0". Each is supported for about
// two years.
type GraphVersion string

const graphVersion GraphVersion = "v26.0"

// Facebook signs users in at Facebook, with version v26.0 of the Graph API. Every API request, also
// by Client, proves that the client knows the secret (appsecret_proof), so "Require App Secret" can
// be enabled for the application. The ID of a user differs in each application. The email address
// may be missing, and Facebook does not say whether it is verified.
func Facebook(id, secret string) *provider.OAuth2 { return FacebookAt(graphVersion, id, secret) }

// FacebookAt is Facebook with another version of the Graph API.
func FacebookAt(v GraphVersion, id, secret string) *provider.OAuth2 {
	graph := "https://graph.facebook.com/" + string(v)
	o := &provider.OAuth2{
		Issuer:       "https://www.facebook.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Facebook",
		OtherOrigins: []string{"https://graph.facebook.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.facebook.com/" + string(v) + "/dialog/oauth",
			Token:         graph + "/oauth/access_token",
			UserInfo:      "me?fields=id,name,first_name,last_name,email,picture",
		},
		AuthMethod:     "client_secret_post",
		Scopes:         []string{"public_profile", "email"},
		ScopeSeparator: ",",
		APIBase:        graph,
		UserFields: provider.Fields{
			ID:      "id",
			Name:    "name",
			Email:   "email",
			Picture: "picture.data.url",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
	if !regexp.MustCompile(`^v[1-9][0-9]{0,2}\.[0-9]$`).MatchString(string(v)) {
		o.Err = fmt.Errorf("the version %q of the Graph API is not like v24.0", string(v))
	}
	o.Err = errors.Join(o.Err, checkHMACKey(secret))
	o.PrepareAPI = func(r *http.Request, t session.Tokens, _ provider.Profile) error {
		if o.ClientSecret != "" {
			proof := hmacSHA256(o.ClientSecret, t.AccessToken)
			setQuery(r, "appsecret_proof", hex.EncodeToString(proof))
		}
		return nil
	}
	return o
}

func facebookVendor() Vendor {
	return Vendor{
		Name:     "facebook",
		Label:    "Facebook",
		Protocol: OAuthTwo,
		Register: "https://developers.facebook.com/apps/",
		Settings: []Setting{
			{
				Name: "version",
				Help: "version of the Graph API; " + string(graphVersion) + " if not set",
			},
		},
		Notes: []string{
			"A user has a different ID in each application: with another client ID, every user " +
				"is a new one.",
			"Each version of the Graph API ends about two years after its release: v24.0 on " +
				"2028-02-18, v25.0 on 2028-07-29.",
			"There are no refresh tokens; an access token lasts one or two hours.",
			"Tokens are not revoked at logout, because a DELETE of me/permissions would end the " +
				"user's consent everywhere.",
			"Tokens that a mobile app obtained from Facebook are never accepted.",
		},
		Unconfirmed: []string{
			"PKCE works together with a secret. Facebook documents it for another flow only; " +
				"another library sends both.",
			"The URLs are the same in all versions.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			if version := v["version"]; version != "" {
				return FacebookAt(GraphVersion(version), id, secret), nil
			}
			return Facebook(id, secret), nil
		},
	}
}
