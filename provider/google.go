package provider

import "net/url"

// Google is Google, for accounts of every kind.
//
// Google hands out a refresh token when AuthParams has "access_type" set to "offline", and only at the user's first consent
// unless Google is asked for another one (Request.Prompt "consent").
func Google(id, secret string) *OIDC {
	return &OIDC{
		Issuer: "https://accounts.google.com", ClientID: id, ClientSecret: secret,
		DisplayName: "Google", AuthMethod: authPost, AuthParams: url.Values{},
	}
}

var googlePreset = Preset{
	Name: "google", Label: "Google", Protocol: OpenIDConnect,
	Register: "https://console.cloud.google.com/apis/credentials",
	New: func(v Values) (Provider, error) {
		return Google(v.Client()), nil
	},
}
