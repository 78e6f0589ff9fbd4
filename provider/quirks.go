package provider

// Quirks are protections that a provider is known not to support, so that nothing better is possible
// with it: facts about the provider, unlike the Insecure... fields, which are choices. Set them in
// code, never from what a tenant has written down. Each is logged once.
//
// Something must bind an authorization code to its login, so both at once are a mistake (RFC 9700
// section 2.1.1). A provider with neither is an [OAuth2]: an ID token without a nonce proves no more
// than the access token that came with it.
type Quirks struct {
	// NoPKCE says that the provider rejects requests with the parameters of PKCE (RFC 7636). The client
	// needs a secret then, without which a stolen code is of no use.
	NoPKCE bool

	// NoNonce says that ID tokens never have a nonce (OpenID Connect Core section 2). One that is there
	// must be that of the login all the same. ResponseType must be "code" then.
	NoNonce bool
}

// check returns what is wrong with the quirks.
func (q Quirks) check(secret bool) error {
	switch {
	case q.NoPKCE && q.NoNonce:
		return wrongField("Quirks.NoPKCE", "and NoNonce exclude each other: "+
			"describe a provider with neither as an OAuth2")
	case q.NoPKCE && !secret:
		return wrongField("Quirks.NoPKCE", "needs a client secret or key: "+
			"without one, anyone could redeem a stolen code")
	}
	return nil
}

// checkQuirks also rejects what leaves a login without a binding in another way.
func (o *OIDC) checkQuirks() error {
	switch {
	case o.Quirks.NoNonce && o.InsecureNoPKCE:
		return wrongField("Quirks.NoNonce", "and InsecureNoPKCE exclude each other")
	case o.Quirks.NoNonce && o.responseType() != responseCode:
		return wrongField("Quirks.NoNonce", "needs ResponseType code: "+
			"an ID token from the browser must have a nonce")
	}
	return o.Quirks.check(o.hasSecret() || o.ClientKey != nil)
}

// checkQuirks also rejects what does not apply.
func (o *OAuth2) checkQuirks() error {
	if o.Quirks.NoNonce {
		return wrongField("Quirks.NoNonce", "does not apply: OAuth 2.0 has no nonce")
	}
	return o.Quirks.check(o.ClientSecret != "")
}

// report logs each quirk once.
func (q Quirks) report(n *notes) {
	for _, quirk := range []struct {
		name    string
		present bool
	}{{"NoPKCE", q.NoPKCE}, {"NoNonce", q.NoNonce}} {
		if !quirk.present {
			continue
		}
		if logger := n.news("Quirks." + quirk.name); logger != nil {
			logger.Warn("sallyport: a provider lacks a protection", "quirk", quirk.name)
		}
	}
}
