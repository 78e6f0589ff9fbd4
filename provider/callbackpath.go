package provider

// A CallbackPather chooses the path of its redirect URI.
type CallbackPather interface {
	// CallbackPath returns the path below sallyport.Config.BaseURL, such as "/authorize", or "" for
	// the default. It always returns the same value.
	CallbackPath() string
}

// CallbackPath implements [CallbackPather].
func (o *OIDC) CallbackPath() string { return o.Callback }

// CallbackPath implements [CallbackPather].
func (o *OAuth2) CallbackPath() string { return o.Callback }

// CallbackPath implements [CallbackPather].
func (o *OAuth1) CallbackPath() string { return o.Callback }
