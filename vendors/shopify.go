package vendors

import (
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
)

// A Shop is one shop at Shopify.
type Shop struct {
	Name string // "flowers", or "flowers.myshopify.com"

	// AsShop signs in the shop itself instead of one of its staff (access mode "offline").
	// Everyone who may install the application is then the same user. The token is for work
	// without the user; it expires after an hour and is refreshed.
	AsShop bool

	// APIVersion is the version of the Admin API, which returns the profile of a shop. Default:
	// "2026-07".
	APIVersion string
}

const shopifyVersion = "2026-07"

// Shopify signs in the staff of one shop that has installed the application. Besides the state, it
// checks the shop and Shopify's signature of the callback. Each shop is a provider of its own, with
// its own users.
func Shopify(shop Shop, key, secret string) *provider.OAuth2 {
	name := strings.TrimSuffix(strings.ToLower(shop.Name), ".myshopify.com")
	host := name + ".myshopify.com"
	version := shop.APIVersion
	if version == "" {
		version = shopifyVersion
	}
	admin := "https://" + host + "/admin"
	o := &provider.OAuth2{
		Issuer:         "https://" + host,
		ClientID:       key,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "Shopify",
		Endpoints: provider.Endpoints{
			Authorization: admin + "/oauth/authorize",
			Token:         admin + "/oauth/access_token",
		},
		AuthMethod:     "client_secret_post",
		Dialect:        provider.Dialect{CommaScopes: true},
		ScopeSeparator: ",",
		APIBase:        admin + "/api/" + version,
		TokenHeader:    "X-Shopify-Access-Token",
	}
	o.CheckCallback = func(callback url.Values) error {
		return checkShopify(callback, o.ClientSecret, host)
	}
	o.Err = errors.Join(checkShop(name, version), checkHMACKey(secret))
	if shop.AsShop {
		o.Endpoints.UserInfo, o.EmailTrust = "shop.json", provider.EmailNeverVerified
		o.UserFields = provider.Fields{
			ID:       "shop.id",
			Name:     "shop.name",
			Username: "shop.myshopify_domain",
			Email:    "shop.email",
		}
		o.Dialect.EditRequest = expiringToken
		return o
	}
	o.AuthParams = url.Values{"grant_options[]": {"per-user"}}
	o.UserFields = provider.Fields{
		ID:            "associated_user.id",
		Email:         "associated_user.email",
		EmailVerified: "associated_user.email_verified",
	}
	o.MapUser = nameOf("associated_user.first_name", "associated_user.last_name")
	return o
}

// checkShop rejects names in another form, which could change the host of the address.
func checkShop(name, version string) error {
	switch {
	case !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`).MatchString(name):
		return fmt.Errorf("%q is not the name of a shop, such as flowers or "+
			"flowers.myshopify.com", name)
	case !regexp.MustCompile(`^([0-9]{4}-[0-9]{2}|unstable)$`).MatchString(version):
		return fmt.Errorf("%q is not a version of the Admin API, such as %s", version,
			shopifyVersion)
	}
	return nil
}

// expiringToken asks for a token that expires and comes with a refresh token. Shopify's APIs reject
// other offline tokens of public applications.
func expiringToken(params url.Values) {
	if params.Get("grant_type") == "authorization_code" {
		params.Set("expiring", "1")
	}
}

// checkShopify checks the signature of all other parameters, and the shop.
func checkShopify(callback url.Values, secret, host string) error {
	if secret == "" {
		return errors.New("there is no secret to check hmac with")
	}
	given, err := hex.DecodeString(callback.Get("hmac"))
	if err != nil || len(given) == 0 {
		return errors.New("hmac is missing, or not hexadecimal")
	}
	for _, values := range callback {
		if len(values) != 1 {
			return errors.New("a parameter is repeated")
		}
	}
	switch {
	case !hmac.Equal(given, hmacSHA256(secret, shopifyText(callback))):
		return errors.New("hmac is wrong")
	case callback.Get("shop") != host:
		return errors.New("the callback is about another shop")
	}
	return nil
}

// shopifyText is what Shopify signs: the sorted parameters. Separators within names and values are
// escaped, so that a signature fits one set of parameters only.
func shopifyText(callback url.Values) string {
	escapedName := strings.NewReplacer("%", "%25", "&", "%26", "=", "%3D")
	escapedValue := strings.NewReplacer("%", "%25", "&", "%26")
	var pairs []string
	for name := range callback {
		if name != "hmac" {
			value := escapedValue.Replace(callback.Get(name))
			pairs = append(pairs, escapedName.Replace(name)+"="+value)
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func shopifyVendor() Vendor {
	return Vendor{
		Name:     "shopify",
		Label:    "Shopify",
		Protocol: OAuthTwo,
		Register: "https://partners.shopify.com/",
		Settings: []Setting{
			{
				Name:     "shop",
				Required: true,
				Help:     "name of the shop, such as flowers or flowers.myshopify.com",
			},
			{Name: "as_shop", Help: "true signs in the shop itself instead of one of its staff"},
			{
				Name: "api_version",
				Help: "version of the Admin API; " + shopifyVersion + " if not set",
			},
		},
		Notes: []string{
			"Each shop is a provider of its own; its users differ from those of every other shop.",
			"The token of a staff member ends when they sign out at Shopify, or after 24 hours. " +
				"It comes without a refresh token.",
			"With as_shop, the token expires after an hour. Refresh tokens rotate: each is valid " +
				"for one refresh. From 2027-01-01, Shopify's APIs reject offline tokens of " +
				"public applications that do not expire.",
			"With as_shop, the profile comes from the REST Admin API, which is legacy; Shopify " +
				"requires new public applications to use GraphQL for everything else.",
			"Scopes are separated by commas; a login needs none.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are ignored, as is a request without scopes.",
			"The profile of a shop is at shop.json of the version " + shopifyVersion +
				"; one project reports that it is.",
			"How special characters in names and values are escaped for the signature.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			shop := Shop{Name: v["shop"], APIVersion: v["api_version"]}
			switch v["as_shop"] {
			case "", "false":
			case "true":
				shop.AsShop = true
			default:
				return nil, wrongSetting("as_shop", "is neither true nor false")
			}
			return Shopify(shop, id, secret), nil
		},
	}
}
