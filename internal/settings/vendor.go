package settings

import (
	"errors"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// fromVendor makes the vendor's provider from the settings that the vendor needs. With a mistake
// among them it is an empty one, on which the other settings can be tried.
func (e *entry) fromVendor(vendor vendors.Vendor) (made provider.Provider, local bool) {
	before := len(e.Env.Mistakes)
	values := vendors.Values{}
	e.own = []Setting{find("client_id"), find("client_secret")}
	for _, p := range vendor.Settings {
		e.own = append(e.own, Setting{Key: p.Name, Secret: p.Secret, Help: p.Help, vendor: true})
	}
	for _, s := range e.own {
		if !e.isSet(s) {
			continue
		}
		if v, ok := e.value(s); ok {
			values[s.Key] = v.text
			local = local || NearHTTP(v.text)
		}
	}
	failed := len(e.Env.Mistakes) > before
	made, err := vendor.Make(values)
	if err != nil {
		for _, mistake := range Each(err) {
			e.complainAboutKey(mistake, failed)
		}
		e.standIn = true
		return blank(vendor.Protocol), local
	}
	return made, local
}

// complainAboutKey notes a mistake that Vendor.Make has found, unless the setting is known to be
// missing or wrong.
func (e *entry) complainAboutKey(mistake error, failed bool) {
	if wrong, ok := errors.AsType[*provider.FieldError](mistake); ok {
		for _, s := range e.own {
			if s.Key != wrong.Field {
				continue
			}
			if !failed || !e.isSet(s) {
				e.missing = append(e.missing, s.Key)
				e.Env.Wrong("%s %w", e.place(s), wrong.Err)
			}
			return
		}
	}
	e.Env.Wrong("%s: %w", e.place(Setting{}), mistake)
}
