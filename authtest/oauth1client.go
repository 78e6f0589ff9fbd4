package authtest

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"

	"github.com/sallyport-go/sallyport/provider"
)

// OAuth1 returns the configuration of the provider as one of OAuth 1.0a, to adjust before its first
// use. It signs with HMAC-SHA1; the provider takes the other methods as well. RSA-SHA1 needs
// [ClientKey] as its PrivateKey.
func (p *Provider) OAuth1() *provider.OAuth1 {
	base := p.base() + "/oauth1/"
	return &provider.OAuth1{
		ClientID:     ClientID,
		ClientSecret: ClientSecret,
		Endpoints: provider.Endpoints{
			RequestToken:  base + "request_token",
			Authorization: base + "authorize",
			Token:         base + "access_token",
			UserInfo:      base + "profile",
		},
		APIBase: base,
		UserFields: provider.Fields{
			ID:            "id",
			Name:          "name",
			Username:      "screen_name",
			Email:         "email",
			EmailVerified: "email_verified",
			Picture:       "picture",
			Roles:         "roles",
		},
		DisplayName: "authtest", Now: p.time,
		HTTPClient: p.trusted(), InsecureLoopbackHTTP: !p.secure(),
	}
}

// ClientKey returns the RSA key of the client that every Provider knows. It is made when it is
// first asked for, which takes a moment, and stays the same until the process ends.
func ClientKey() *rsa.PrivateKey { return clientKey() }

var clientKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // no randomness, no tests
	}
	return key
})
