package sallyport

import "github.com/sallyport-go/sallyport/provider"

// silentProvider returns the name of the provider of silent logins, or "".
func (c Config) silentProvider() string {
	name := c.DefaultProvider
	if name == "" && len(c.Providers) == 1 {
		for name = range c.Providers {
			break
		}
	}
	if !c.SilentLogin {
		return ""
	}
	return name
}

// checkSilentLogin requires one provider that can answer without showing anything.
func (c Config) checkSilentLogin() error {
	if !c.SilentLogin {
		return nil
	}
	name := c.silentProvider()
	if name == "" {
		return wrongField("SilentLogin", "needs DefaultProvider, or one provider only")
	}
	switch c.Providers[name].(type) {
	case *provider.OAuth2, *provider.OAuth1:
		return wrongField("SilentLogin",
			"needs OpenID Connect: provider %q would show its login page", name)
	}
	return nil
}
