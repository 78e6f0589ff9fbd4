package provider

// Zitadel signs users in at an instance of ZITADEL, such as "https://example.zitadel.cloud".
func Zitadel(at BaseURL, id, secret string) *OIDC {
	return &OIDC{Issuer: issuerOf(at), ClientID: id, ClientSecret: secret, DisplayName: "ZITADEL", mistake: at.check()}
}

var zitadelPreset = Preset{
	Name: "zitadel", Label: "ZITADEL", Protocol: OpenIDConnect, Register: "https://zitadel.com/docs/guides/manage/console/applications",
	Settings: []PresetSetting{baseURLSetting("https://example.zitadel.cloud")},
	Notes: []string{
		"A refresh token comes with the scope offline_access.",
		"Roles are the names of the members of an object, which MapUser has to read.",
	},
	Unconfirmed: []string{"The roles are in the claim urn:zitadel:iam:org:project:roles."},
	New:         openIDAt(Zitadel),
}
