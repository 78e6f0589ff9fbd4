package sallyport

import (
	"cmp"
	"net/url"

	"github.com/sallyport-go/sallyport/internal/wiring"
)

// originOf returns a base URL without its path.
func originOf(base *url.URL) *url.URL { return &url.URL{Scheme: base.Scheme, Host: base.Host} }

// paths returns where the application is.
func (c Config) paths(base *url.URL) wiring.Paths {
	p := wiring.Paths{
		Base: base.Path, Prefix: base.Path + c.Prefix, Home: base.Path + cmp.Or(c.Home, "/"),
	}
	if c.StepUpPage != "" {
		p.StepUp = base.Path + c.StepUpPage
	}
	p.Callbacks = map[string]string{}
	for name, configured := range c.Providers {
		if callback := callbackOf(configured); callback != "" {
			p.Callbacks[name] = base.Path + callback
		}
	}
	if c.ProxyStripsPath {
		p.Stripped = p.Base
	}
	return p
}
