package settings

import (
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// fromPreset makes the vendor's provider from the settings that the vendor asks for. With a mistake among them it is one that
// the others can be tried on.
func (e *entry) fromPreset(vendor vendors.Vendor) (made provider.Provider, local bool) {
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
		for line := range strings.Lines(err.Error()) {
			e.complainAboutKey(strings.TrimSpace(line), failed)
		}
		e.standIn = true
		return blank(vendor.Protocol), local
	}
	return made, local
}

// complainAboutKey notes what Preset.Make says. It begins with the key, and may be that a value is missing that is wrong.
func (e *entry) complainAboutKey(line string, failed bool) {
	for _, s := range e.own {
		if rest, ok := strings.CutPrefix(line, s.Key+" "); ok {
			if !failed || !e.isSet(s) {
				e.missing = append(e.missing, s.Key)
				e.Env.Wrong("%s %s", e.place(s), rest)
			}
			return
		}
	}
	e.Env.Wrong("%s: %s", e.place(Setting{}), line)
}
