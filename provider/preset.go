package provider

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Preset is what is known about one vendor: how to make its provider from a few settings, and what somebody who registers an
// application there has to know. For each vendor there is also a function of its name, which makes the same provider in code.
type Preset struct {
	Name     string // in settings, and a good name in a Set: "google"
	Label    string // for people: "Google"
	Protocol Protocol

	// Register is the page at the vendor where applications are registered.
	Register string

	// Settings are what the vendor needs beside a client ID and a client secret.
	Settings []PresetSetting

	// Notes say what is special about the vendor, each in one sentence. Unconfirmed are facts that nobody has tried at the
	// vendor yet; all of them can be overridden.
	Notes, Unconfirmed []string

	// New makes the provider. It is called with values that Make has checked; use Make.
	New func(Values) (Provider, error)
}

// A Protocol is the one in which a vendor signs users in.
type Protocol string

// The protocols.
const (
	OpenIDConnect Protocol = "OpenID Connect"
	OAuthTwo      Protocol = "OAuth 2.0"
	OAuthOne      Protocol = "OAuth 1.0a"
)

// A PresetSetting is one of the settings that a vendor needs.
type PresetSetting struct {
	Name     string // "tenant"
	Help     string // what to write, with an example
	Required bool
	Secret   bool
}

// Values are settings by name: client_id, client_secret, and those of Preset.Settings. Empty counts as not set.
type Values map[string]string

// Client returns the ID and the secret that the vendor gave the application.
func (v Values) Client() (id, secret string) { return v["client_id"], v["client_secret"] }

// Make makes the vendor's provider. All mistakes are returned at once (errors.Join): settings that are missing, and those that
// the vendor does not know.
func (p Preset) Make(v Values) (Provider, error) {
	known := []string{"client_id", "client_secret"}
	var mistakes []error
	if v["client_id"] == "" {
		mistakes = append(mistakes, errors.New("client_id is not set"))
	}
	for _, setting := range p.Settings {
		known = append(known, setting.Name)
		if setting.Required && v[setting.Name] == "" {
			mistakes = append(mistakes, fmt.Errorf("%s is not set: %s", setting.Name, setting.Help))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if !slices.Contains(known, name) {
			mistakes = append(mistakes, fmt.Errorf("unknown setting %s for %s", name, p.Label))
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return p.New(v)
}

// Presets returns the vendors that are known by name, sorted by label, whatever its case.
func Presets() []Preset {
	all := slices.Concat(openIDPresets, oauthPresets)
	slices.SortFunc(all, func(a, b Preset) int { return cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	return all
}

// PresetNamed returns the vendor of a name.
func PresetNamed(name string) (Preset, bool) {
	for _, p := range slices.Concat(openIDPresets, oauthPresets) {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}
