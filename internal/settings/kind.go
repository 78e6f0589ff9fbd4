package settings

import (
	"slices"

	"github.com/sallyport-go/sallyport/vendors"
)

// deciding are the settings whose presence selects the protocol, in this order.
var deciding = []struct {
	key      string
	protocol vendors.Protocol
}{
	{"issuer", vendors.OpenIDConnect},
	{"request_token_url", vendors.OAuthOne},
	{"authorize_url", vendors.OAuthTwo},
	{"access_token_url", vendors.OAuthTwo},
}

var vendorSetting = Setting{Key: "vendor", Help: "the vendor, if the provider has another name"}

// kind finds the vendor or the protocol of the provider. The name of a vendor selects it, unless an
// address selects a protocol: a vendor that a later version adds does not change providers with
// addresses of their own.
func (e *entry) kind() (*vendors.Vendor, vendors.Protocol, bool) {
	if e.short {
		return nil, vendors.OpenIDConnect, true
	}
	vendorName := e.name
	if e.isSet(vendorSetting) {
		v, ok := e.value(vendorSetting)
		if !ok {
			return nil, "", false
		}
		vendorName = v.text
	}
	i := slices.IndexFunc(e.Vendors, func(p vendors.Vendor) bool { return p.Name == vendorName })
	switch protocol, decided := e.decided(i); {
	case e.isSet(vendorSetting) && i < 0:
		e.Env.Wrong("%s is not a known vendor%s", e.place(vendorSetting),
			nearest(vendorName, e.vendors()))
		return nil, "", false
	case e.isSet(vendorSetting), i >= 0 && !decided:
		return &e.Vendors[i], e.Vendors[i].Protocol, true
	case decided:
		return nil, protocol, true
	}
	ways := "vendor, issuer, request_token_url or authorize_url"
	if e.line == 0 {
		ways = e.variable("vendor") + ", _ISSUER, _REQUEST_TOKEN_URL or _AUTHORIZE_URL"
	}
	e.Env.Wrong("%s: the kind of provider is not set: set %s%s",
		e.place(Setting{}), ways, nearest(e.name, e.vendors()))
	return nil, "", false
}

// decided is the protocol by the addresses that are set, except those that the vendor of the name
// needs itself.
func (e *entry) decided(vendor int) (vendors.Protocol, bool) {
	for _, d := range deciding {
		asked := vendor >= 0 && slices.ContainsFunc(e.Vendors[vendor].Settings,
			func(s vendors.Setting) bool { return s.Name == d.key })
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
