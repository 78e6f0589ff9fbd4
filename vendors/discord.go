package vendors

import (
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Discord signs users in at Discord.
func Discord(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://discord.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Discord",
		Endpoints: provider.Endpoints{
			Authorization: "https://discord.com/oauth2/authorize",
			Token:         "https://discord.com/api/oauth2/token",
			UserInfo:      "users/@me",
			Revocation:    "https://discord.com/api/oauth2/token/revoke",
		},
		AuthParams: url.Values{},
		Scopes:     []string{"identify", "email"},
		APIBase:    "https://discord.com/api",
		UserFields: provider.Fields{
			ID:            "id",
			Name:          "global_name|username",
			Username:      "username",
			Email:         "email",
			EmailVerified: "verified",
		},
		MapUser: discordAvatar,
	}
}

// discordAvatar makes a URL from the hash of a picture. Many users have none.
func discordAvatar(p provider.Profile, u *session.User) error {
	hash := p.Text("avatar")
	if hash == "" {
		return nil
	}
	format := ".png"
	if strings.HasPrefix(hash, "a_") {
		format = ".gif" // it is animated
	}
	u.Picture = "https://cdn.discordapp.com/avatars/" +
		url.PathEscape(u.Subject) + "/" + url.PathEscape(hash) + format
	return nil
}

func discordVendor() Vendor {
	return Vendor{
		Name:     "discord",
		Label:    "Discord",
		Protocol: OAuthTwo,
		Register: "https://discord.com/developers/applications",
		Notes: []string{
			"A logout revokes the user's tokens on all devices, so sessions there end at their " +
				"next refresh; set Endpoints.Revocation to \"\" to keep them.",
			"Set prompt to none in AuthParams to skip the consent page for users who have " +
				"consented before.",
			"Refresh tokens rotate: a refresh may bring another.",
			"Discord's metadata promises the parameter iss in callbacks (RFC 9207); iss is " +
				"checked when it is present. Set ResponseIssuer to https://discord.com to " +
				"require it.",
		},
		Unconfirmed: []string{"Every callback has iss, as the metadata promises."},
		New:         byClient(Discord),
	}
}
