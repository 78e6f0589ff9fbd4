package provider

// openIDPresets are the vendors that speak OpenID Connect, each in a file of its own.
var openIDPresets = []Preset{
	googlePreset, entraPreset, entraMultiTenantPreset, entraExternalPreset, azureADB2CPreset, applePreset, gitLabPreset, gitLabSelfManagedPreset,
	linkedInPreset, slackPreset, twitchPreset, cognitoPreset, oktaPreset, auth0Preset, keycloakPreset, authentikPreset, zitadelPreset,
	oryPreset, dexPreset, salesforcePreset, yahooPreset, linePreset,
}
