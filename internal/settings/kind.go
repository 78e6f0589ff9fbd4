package settings

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/vendors"
)

// deciding are the settings whose presence selects the protocol, in this order.
var deciding = []struct {
	key      string
	protocol vendors.Protocol
}{
	{"issuer", vendors.OpenIDConnect},
	{"request_token_endpoint", vendors.OAuthOne},
	{"authorization_endpoint", vendors.OAuthTwo},
	{"token_endpoint", vendors.OAuthTwo},
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
	ways := "vendor, issuer, request_token_endpoint or authorization_endpoint"
	if e.line == 0 {
		ways = e.variable("vendor") +
			", _ISSUER, _REQUEST_TOKEN_ENDPOINT or _AUTHORIZATION_ENDPOINT"
	}
	e.Env.Wrong("%s: the kind of provider is not set: set %s%s",
		e.place(Setting{}), ways, nearest(e.name, e.vendors()))
	return nil, "", false
}

// decided is the protocol by the addresses that are set, except those that belong to the vendor of
// the name.
func (e *entry) decided(vendor int) (vendors.Protocol, bool) {
	for _, d := range deciding {
		if e.isSet(find(d.key)) && (vendor < 0 || !e.belongs(d.key, e.Vendors[vendor])) {
			return d.protocol, true
		}
	}
	return "", false
}

// belongs reports whether an address configures a vendor: the vendor requires it, or it replaces an
// endpoint in the metadata of the vendor. A provider without metadata has user.id as well.
func (e *entry) belongs(key string, v vendors.Vendor) bool {
	replaces := v.Protocol == vendors.OpenIDConnect && strings.HasSuffix(key, "_endpoint") &&
		!e.isSet(find("user.id"))
	return replaces || slices.ContainsFunc(v.Settings, func(s vendors.Setting) bool {
		return s.Name == key
	})
}

func (e *entry) vendors() []string {
	var names []string
	for _, p := range e.Vendors {
		names = append(names, p.Name)
	}
	return names
}
