package provider

// Yahoo signs users in at Yahoo.
func Yahoo(id, secret string) *OIDC {
	return &OIDC{
		Issuer: "https://api.login.yahoo.com", ClientID: id, ClientSecret: secret, DisplayName: "Yahoo", AuthMethod: authBasic,
		Endpoints: Endpoints{Revocation: "https://api.login.yahoo.com/oauth2/revoke"}, // its metadata has it under a name of its own
	}
}

var yahooPreset = Preset{
	Name: "yahoo", Label: "Yahoo", Protocol: OpenIDConnect, Register: "https://developer.yahoo.com/apps/",
	Notes:       []string{"There is no logout at Yahoo: only the session here ends."},
	Unconfirmed: []string{"The PKCE parameters are understood, or ignored."},
	New:         byClient(Yahoo),
}
