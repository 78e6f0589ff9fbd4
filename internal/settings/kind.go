package settings

import (
	"slices"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// deciding are the settings that say by their presence what kind of provider it is, in this order.
var deciding = []struct {
	key      string
	protocol provider.Protocol
}{
	{"issuer", provider.OpenIDConnect},
	{"request_token_url", provider.OAuthOne},
	{"authorize_url", provider.OAuthTwo},
	{"access_token_url", provider.OAuthTwo},
}

var presetSetting = Setting{Key: "preset", Help: "the vendor, if the provider has another name"}

// kind finds out what kind of provider is meant. A name of a vendor means that vendor, unless there is an address that says
// otherwise: so a vendor that becomes known later on changes nothing for those who have written its addresses themselves.
func (e *entry) kind() (*vendors.Vendor, provider.Protocol, bool) {
	if e.short {
		return nil, provider.OpenIDConnect, true
	}
	vendorName := e.name
	if e.isSet(presetSetting) {
		v, ok := e.value(presetSetting)
		if !ok {
			return nil, "", false
		}
		vendorName = v.text
	}
	i := slices.IndexFunc(e.Vendors, func(p vendors.Vendor) bool { return p.Name == vendorName })
	switch protocol, decided := e.decided(i); {
	case e.isSet(presetSetting) && i < 0:
		e.Env.Wrong("%s is not a vendor that is known%s", e.place(presetSetting), nearest(vendorName, e.vendors()))
		return nil, "", false
	case e.isSet(presetSetting), i >= 0 && !decided:
		return &e.Vendors[i], e.Vendors[i].Protocol, true
	case decided:
		return nil, protocol, true
	}
	ways := "preset, issuer, request_token_url or authorize_url"
	if e.line == 0 {
		ways = e.variable("preset") + ", _ISSUER, _REQUEST_TOKEN_URL or _AUTHORIZE_URL"
	}
	e.Env.Wrong("%s: nothing says what kind of provider this is: set %s%s", e.place(Setting{}), ways, nearest(e.name, e.vendors()))
	return nil, "", false
}

// decided is the protocol by the addresses that are set. Those that a vendor of the name asks for itself do not count.
func (e *entry) decided(vendor int) (provider.Protocol, bool) {
	for _, d := range deciding {
		asked := vendor >= 0 && slices.ContainsFunc(e.Vendors[vendor].Settings, func(s vendors.Setting) bool { return s.Name == d.key })
		if !asked && e.isSet(find(d.key)) {
			return d.protocol, true
		}
	}
	return "", false
}

func (e *entry) vendors() []string {
	var names []string
	for _, p := range e.Vendors {
		names = append(names, p.Name)
	}
	return names
}
