package vendors

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"strings"
	"testing"
)

// The first row is the example of Shopify's documentation.
func TestShopify_Signature(t *testing.T) {
	const example = "code=0907a61c0c8d55e99db179b68161bc00" +
		"&hmac=700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf" +
		"&shop=some-shop.myshopify.com&state=0.6784241404160823&timestamp=1337178173"
	signWith := func(secret, text string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(text))
		return "&hmac=" + hex.EncodeToString(mac.Sum(nil))
	}
	sign := func(text string) string { return signWith("hush", text) }
	const shop = "shop=some-shop.myshopify.com"
	callback, _ := url.ParseQuery(shop + signWith("", shop))
	if checkShopify(callback, "", "some-shop.myshopify.com") == nil {
		t.Error("accepted without a secret")
	}
	for name, row := range map[string]struct{ callback, want string }{
		"as documented": {example, ""},
		"in capitals":   {strings.Replace(example, "700e2dadb", "700E2DADB", 1), ""},
		"another order": {
			"timestamp=1337178173&" + strings.TrimSuffix(example, "&timestamp=1337178173"),
			"",
		},
		"another code":     {strings.Replace(example, "0907", "0908", 1), "hmac is wrong"},
		"a parameter more": {example + "&x=", "hmac is wrong"},
		"a parameter less": {
			strings.TrimSuffix(example, "&timestamp=1337178173"),
			"hmac is wrong",
		},
		"two made one": {
			strings.Replace(example, "&state=", "%26state=", 1),
			"hmac is wrong",
		},
		"another shop": {
			strings.Replace(example, "some-shop", "other-shop", 1),
			"hmac is wrong",
		},
		"another shop, signed": {
			"shop=other.myshopify.com" + sign("shop=other.myshopify.com"),
			"another shop",
		},
		"no shop, signed": {"a=b" + sign("a=b"), "another shop"},
		"odd characters, signed": {
			"shop=some-shop.myshopify.com&%26%3D%25=%26%3D%25" +
				sign("%26%3D%25=%26=%25&shop=some-shop.myshopify.com"),
			"",
		},
		"cut":             {strings.Replace(example, "8fc4bf", "", 1), "hmac is wrong"},
		"none":            {"shop=some-shop.myshopify.com", "hmac is missing"},
		"empty":           {"hmac=&shop=some-shop.myshopify.com", "hmac is missing"},
		"not hexadecimal": {"hmac=xyz&shop=some-shop.myshopify.com", "hmac is missing"},
		"two":             {example + "&hmac=00", "repeated"},
		"two shops":       {example + "&shop=other.myshopify.com", "repeated"},
	} {
		callback, err := url.ParseQuery(row.callback)
		if err != nil {
			t.Fatal(err)
		}
		err = checkShopify(callback, "hush", "some-shop.myshopify.com")
		if (err == nil) != (row.want == "") ||
			err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want %q", name, err, row.want)
		}
	}
}

// No two callbacks have the same signature.
func FuzzShopify(f *testing.F) {
	f.Add("a=b&c=d", "a=b%26c=d")
	f.Add("a=b%25", "a=b%2525")
	f.Add("a%3Db=c", "a=b%3Dc")
	f.Add("=", "")
	f.Add("a=&b", "a&b=")
	f.Fuzz(func(t *testing.T, first, second string) {
		one, err1 := url.ParseQuery(first)
		two, err2 := url.ParseQuery(second)
		if err1 != nil || err2 != nil || one.Has("hmac") || two.Has("hmac") {
			return
		}
		for _, callback := range []url.Values{one, two} {
			for _, values := range callback {
				if len(values) != 1 { // refused
					return
				}
			}
			if checkShopify(callback, "hush", callback.Get("shop")) == nil {
				t.Fatal("accepted without a signature")
			}
		}
		same := maps.EqualFunc(one, two, func(a, b []string) bool { return a[0] == b[0] })
		if (shopifyText(one) == shopifyText(two)) != same {
			t.Errorf("%q and %q", one, two)
		}
	})
}
