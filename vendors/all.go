package vendors

import (
	"cmp"
	"slices"
	"strings"
)

// All returns the vendors, sorted by label in any case. The caller may change the slice. A program
// that calls All or Named links every vendor; one that calls [Google] links Google.
func All() []Vendor {
	all := slices.Concat(openID(), oauth())
	slices.SortFunc(all, func(a, b Vendor) int {
		return cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label))
	})
	return all
}

// Named returns the vendor of a name, such as "google".
func Named(name string) (Vendor, bool) {
	all := All()
	i := slices.IndexFunc(all, func(v Vendor) bool { return v.Name == name })
	if i < 0 {
		return Vendor{}, false
	}
	return all[i], true
}

// openID returns the vendors that speak OpenID Connect.
func openID() []Vendor {
	return []Vendor{
		googleVendor(), entraVendor(), entraMultiTenantVendor(), entraExternalVendor(),
		azureADB2CVendor(), appleVendor(), gitLabVendor(), gitLabSelfManagedVendor(),
		slackVendor(), twitchVendor(), cognitoVendor(), oktaVendor(),
		auth0Vendor(), keycloakVendor(), authentikVendor(), zitadelVendor(), oryVendor(),
		dexVendor(), salesforceVendor(), yahooVendor(), lineVendor(),
	}
}

// oauth returns the vendors that speak OAuth 2.0 or OAuth 1.0a only.
func oauth() []Vendor {
	return []Vendor{
		amazonVendor(),
		atlassianVendor(),
		bitbucketVendor(),
		boxVendor(),
		coinbaseVendor(),
		digitalOceanVendor(),
		dingTalkVendor(),
		discordVendor(),
		dropboxVendor(),
		facebookVendor(),
		figmaVendor(),
		flickrVendor(),
		giteaVendor(),
		forgejoVendor(),
		gitHubVendor(),
		gitHubEnterpriseVendor(),
		herokuVendor(),
		hubSpotVendor(),
		kakaoVendor(),
		linkedInVendor(),
		feishuVendor(),
		larkVendor(),
		mailRuVendor(),
		mastodonVendor(),
		naverVendor(),
		nextcloudVendor(),
		notionVendor(),
		patreonVendor(),
		payPalVendor(),
		redditVendor(),
		shopifyVendor(),
		spotifyVendor(),
		stravaVendor(),
		stripeConnectVendor(),
		tikTokVendor(),
		trelloVendor(),
		tumblrVendor(),
		tumblrOAuth1Vendor(),
		vkVendor(),
		weChatVendor(),
		weChatOfficialAccountVendor(),
		wikimediaVendor(),
		xVendor(),
		xOAuth1Vendor(),
		yandexVendor(),
		zoomVendor(),
	}
}
