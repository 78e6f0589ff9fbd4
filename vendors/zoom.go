package vendors

import (
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Zoom signs users in at Zoom. The email address is treated as verified for users with a Zoom
// password, whose address Zoom verifies itself.
func Zoom(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://zoom.us",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Zoom",
		OtherOrigins: []string{"https://api.zoom.us"},
		Endpoints: provider.Endpoints{
			Authorization: "https://zoom.us/oauth/authorize",
			Token:         "https://zoom.us/oauth/token",
			UserInfo:      "users/me",
			Revocation:    "https://zoom.us/oauth/revoke",
		},
		APIBase: "https://api.zoom.us/v2",
		UserFields: provider.Fields{
			ID:      "id",
			Name:    "display_name",
			Email:   "email",
			Picture: "pic_url",
		},
		MapUser: func(p provider.Profile, u *session.User) error {
			const password = "100" // with other kinds of login, verified says nothing
			u.EmailVerified = p.Text("login_type") == password && p.Text("verified") == "1"
			return nameOf("first_name", "last_name")(p, u)
		},
	}
}

func zoomVendor() Vendor {
	return Vendor{
		Name:     "zoom",
		Label:    "Zoom",
		Protocol: OAuthTwo,
		Register: "https://marketplace.zoom.us/",
		Notes: []string{
			"Scopes are set for the application, which needs user:read; the login requests none.",
			"Access tokens last an hour. Refresh tokens rotate: each is valid for one refresh.",
		},
		Unconfirmed: []string{
			"How long a refresh token lasts; Zoom's pages differ.",
			"Whether new applications need the scope user:read:user instead of user:read.",
		},
		New: byClient(Zoom),
	}
}
