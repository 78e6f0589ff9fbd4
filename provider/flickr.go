package provider

import "net/url"

// Flickr signs users in at Flickr. Who they are comes along with the access token; there are no addresses and no pictures.
func Flickr(key, secret string) *OAuth1 {
	return &OAuth1{
		Issuer: "https://www.flickr.com", ClientID: key, ClientSecret: secret, DisplayName: "Flickr",
		OtherOrigins:    []string{"https://api.flickr.com"},
		RequestTokenURL: "https://www.flickr.com/services/oauth/request_token",
		AuthorizeURL:    "https://www.flickr.com/services/oauth/authorize",
		AccessTokenURL:  "https://www.flickr.com/services/oauth/access_token",
		AuthorizeParams: url.Values{"perms": {"read"}},
		UserFields:      Fields{ID: "user_nsid", Name: "fullname|username", Username: "username"},
		APIBase:         "https://api.flickr.com/services/",
	}
}

var flickrPreset = Preset{
	Name: "flickr", Label: "Flickr", Protocol: OAuthOne, Register: "https://www.flickr.com/services/apps/",
	Notes: []string{"Tokens do not expire, and are not revoked at logout."},
	New:   byClient(Flickr),
}
