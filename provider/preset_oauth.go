package provider

// oauthPresets are the vendors that speak OAuth 2.0 or OAuth 1.0a alone, each in a file of its own.
var oauthPresets = []Preset{
	amazonPreset, atlassianPreset, bitbucketPreset, boxPreset, coinbasePreset, digitalOceanPreset, dingTalkPreset, discordPreset,
	dropboxPreset, facebookPreset, figmaPreset, flickrPreset, giteaPreset, forgejoPreset, gitHubPreset,
	gitHubEnterprisePreset, herokuPreset, hubSpotPreset, kakaoPreset, feishuPreset, larkPreset, mailRuPreset, mastodonPreset,
	naverPreset, nextcloudPreset, notionPreset, patreonPreset, payPalPreset, redditPreset, shopifyPreset, spotifyPreset, stravaPreset,
	stripeConnectPreset, tikTokPreset, trelloPreset, tumblrPreset, tumblrOAuth1Preset, vkPreset, weChatPreset,
	weChatOfficialAccountPreset, wikimediaPreset, xPreset, xOAuth1Preset, yandexPreset, zoomPreset,
}

// pkceIgnored is in Unconfirmed of vendors whose documentation does not mention PKCE.
const pkceIgnored = "The PKCE parameters are ignored; other libraries do not send them."

// byClient is Preset.New of a vendor that needs nothing but a client.
func byClient[P Provider](build func(id, secret string) P) func(Values) (Provider, error) {
	return func(v Values) (Provider, error) { return build(v.Client()), nil }
}

// sound returns a provider that could be made from its settings.
func sound(o *OAuth2) (Provider, error) {
	if o.mistake != nil {
		return nil, o.mistake
	}
	return o, nil
}
