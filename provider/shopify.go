package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// A Shop is one shop at Shopify.
type Shop struct {
	Name string // "flowers", or "flowers.myshopify.com"

	// AsShop signs in the shop itself instead of one of its staff, with a token that works when nobody is there (access mode
	// "offline"). Everybody who may install the application is the same user then.
	AsShop bool

	// APIVersion is that of the Admin API, from which the profile of a shop comes. Default: "2026-07".
	APIVersion string
}

const shopifyVersion = "2026-07"

// shopName is the form of a name: anything else could make another host of the address.
var shopName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

var shopVersion = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}|unstable)$`)

// Shopify signs the staff of one shop in, for an application that is installed there. Besides the state, the signature that Shopify puts on
// all parameters of the callback is checked, and that they are about this shop. Each shop is a provider of its own, with its
// own users.
func Shopify(shop Shop, key, secret string) *OAuth2 {
	name := strings.TrimSuffix(strings.ToLower(shop.Name), ".myshopify.com")
	host := name + ".myshopify.com"
	version := shop.APIVersion
	if version == "" {
		version = shopifyVersion
	}
	admin := "https://" + host + "/admin"
	o := &OAuth2{
		Issuer: "https://" + host, ClientID: key, ClientSecret: secret, confidential: true, DisplayName: "Shopify",
		Endpoint: oauth2.Endpoint{
			AuthURL: admin + "/oauth/authorize", TokenURL: admin + "/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams,
		},
		Dialect:        Dialect{CommaScopes: true},
		ScopeSeparator: ",",
		APIBase:        admin + "/api/" + version, TokenHeader: "X-Shopify-Access-Token",
	}
	o.CheckCallback = func(callback url.Values) error { return checkShopify(callback, o.ClientSecret, host) }
	switch {
	case !shopName.MatchString(name):
		o.mistake = fmt.Errorf("%q is not the name of a shop, such as flowers or flowers.myshopify.com", printable(shop.Name))
	case !shopVersion.MatchString(version):
		o.mistake = fmt.Errorf("%q is not a version of the Admin API, such as %s", printable(version), shopifyVersion)
	}
	if shop.AsShop {
		o.UserURL, o.UserFields, o.EmailTrust = "shop.json", Fields{ID: "shop.id", Name: "shop.name", Username: "shop.myshopify_domain", Email: "shop.email"}, EmailNeverVerified
		return o
	}
	o.AuthParams = url.Values{"grant_options[]": {"per-user"}}
	o.UserFields = Fields{ID: "associated_user.id", Email: "associated_user.email", EmailVerified: "associated_user.email_verified"}
	o.MapUser = nameOf("associated_user.first_name", "associated_user.last_name")
	return o
}

// checkShopify checks the signature over all parameters but itself, and whose they are.
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
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(shopifyText(callback)))
	switch {
	case !hmac.Equal(given, mac.Sum(nil)):
		return errors.New("hmac is wrong")
	case callback.Get("shop") != host:
		return errors.New("the callback is about another shop")
	}
	return nil
}

// shopifyText is what Shopify signs: the parameters in their order.
func shopifyText(callback url.Values) string {
	var pairs []string
	for name := range callback {
		if name != "hmac" {
			pairs = append(pairs, shopifyName.Replace(name)+"="+shopifyValue.Replace(callback.Get(name)))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// What separates names and values is escaped in them, so that a signature fits one set of parameters only.
var (
	shopifyName  = strings.NewReplacer("%", "%25", "&", "%26", "=", "%3D")
	shopifyValue = strings.NewReplacer("%", "%25", "&", "%26")
)

var shopifyPreset = Preset{
	Name: "shopify", Label: "Shopify", Protocol: OAuthTwo, Register: "https://partners.shopify.com/",
	Settings: []PresetSetting{
		{Name: "shop", Required: true, Help: "name of the shop, such as flowers or flowers.myshopify.com"},
		{Name: "as_shop", Help: "true signs in the shop itself instead of one of its staff"},
		{Name: "api_version", Help: "version of the Admin API; " + shopifyVersion + " if not set"},
	},
	Notes: []string{
		"Each shop is a provider of its own, whose users are others than those of any other shop.",
		"A login of the staff gives a token that ends with their session at Shopify; there are no refresh tokens.",
		"Scopes have commas between them; a login needs none.",
	},
	Unconfirmed: []string{
		"The PKCE parameters are ignored, as is a request without scopes.",
		"The profile of a shop is at shop.json of the version " + shopifyVersion + ".",
		"The member email_verified of the user.",
		"How names and values with odd characters are escaped where the signature is made.",
	},
	New: func(v Values) (Provider, error) {
		id, secret := v.Client()
		shop := Shop{Name: v["shop"], APIVersion: v["api_version"]}
		switch v["as_shop"] {
		case "", "false":
		case "true":
			shop.AsShop = true
		default:
			return nil, errors.New("as_shop is neither true nor false")
		}
		return sound(Shopify(shop, id, secret))
	},
}
