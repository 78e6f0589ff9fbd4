package rig

import (
	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// ForwardingHeaders are headers in which clients claim other addresses.
var ForwardingHeaders = [][2]string{
	{"X-Forwarded-Host", "evil.example"},
	{"X-Forwarded-Proto", "http"},
	{"X-Forwarded-For", "6.6.6.6"},
	{"X-Forwarded-Port", "1"},
	{"Forwarded", "host=evil.example;proto=http"},
	{"X-Real-IP", "6.6.6.6"},
	{"X-Original-URL", "/public/"},
	{"X-Forwarded-Uri", "/public/"},
	{"X-Forwarded-Prefix", "/evil"},
}

// MinimalConfig is the smallest public configuration, with a change to its provider.
func MinimalConfig(change func(*provider.OIDC)) sallyport.Config {
	o := &provider.OIDC{Issuer: "https://op.example", ClientID: "client", ClientSecret: "secret"}
	if change != nil {
		change(o)
	}
	return sallyport.Config{
		BaseURL:   "https://app.example.com",
		Providers: provider.Set{"op": o},
		Session:   session.Config{Secret: Secret},
	}
}

// A FormPost provider is one whose callback arrives by form_post.
type FormPost struct{ *provider.OIDC }

// Describe implements provider.Describer.
func (p FormPost) Describe() provider.Description {
	d := p.OIDC.Describe()
	d.ResponseMode = "form_post"
	return d
}

// Second adds a second provider.
func Second(s *Setup) { s.Second = true }

// OAuth1 makes the provider of the rig one of OAuth 1.0a.
func OAuth1(change ...func(*provider.OAuth1)) func(*Setup) {
	return func(s *Setup) {
		o := s.OP.OAuth1()
		for _, f := range change {
			f(o)
		}
		s.Other = o
	}
}
