package provider

// Quirks are protections that a provider does not support. They are facts about the provider,
// unlike the Insecure... fields, which are choices. Set them in code, never from settings that a
// tenant supplied. Each is logged once.
//
// PKCE or the nonce must bind an authorization code to its login, so setting both is a mistake (RFC
// 9700 section 2.1.1). Configure a provider with neither as an [OAuth2]: an ID token without a
// nonce proves no more than the access token from the same response.
type Quirks struct {
	// NoPKCE: the provider rejects requests with PKCE parameters (RFC 7636). The client then needs
	// a secret, so that a stolen code is useless.
	NoPKCE bool

	// NoNonce: ID tokens have no nonce (OpenID Connect Core section 2). A nonce that is present
	// must still match. ResponseType must be "code".
	NoNonce bool
}

// check returns the mistake in the quirks, if any.
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

// checkQuirks also rejects settings that, with a quirk, leave a login without a binding.
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

// checkQuirks also rejects NoNonce, which does not apply.
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
