package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Flickr signs users in at Flickr. The profile comes with the access token and has no email address
// and no picture.
func Flickr(key, secret string) *provider.OAuth1 {
	return &provider.OAuth1{
		Issuer:       "https://www.flickr.com",
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Flickr",
		OtherOrigins: []string{"https://api.flickr.com"},
		Endpoints: provider.Endpoints{
			RequestToken:  "https://www.flickr.com/services/oauth/request_token",
			Authorization: "https://www.flickr.com/services/oauth/authorize",
			Token:         "https://www.flickr.com/services/oauth/access_token",
		},
		AuthParams: url.Values{"perms": {"read"}},
		UserFields: provider.Fields{
			ID:       "user_nsid",
			Name:     "fullname|username",
			Username: "username",
		},
		APIBase: "https://api.flickr.com/services/",
	}
}

func flickrVendor() Vendor {
	return Vendor{
		Name:     "flickr",
		Label:    "Flickr",
		Protocol: OAuthOne,
		Register: "https://www.flickr.com/services/apps/",
		Notes:    []string{"Tokens do not expire, and are not revoked at logout."},
		New:      byClient(Flickr),
	}
}
