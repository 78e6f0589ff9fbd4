package vendors

import (
	"errors"
	"maps"
	"slices"

	"github.com/sallyport-go/sallyport/provider"
)

// A Vendor describes one vendor to programs that make providers from settings: what to ask for, how
// to make the provider, and what to know when registering an application. In code, call the
// vendor's own function instead, such as [Google].
type Vendor struct {
	Name     string // in settings, and a good name in a provider.Set: "google"
	Label    string // for people: "Google"
	Protocol Protocol

	// Register is the page at the vendor where applications are registered.
	Register string

	// Settings are what the vendor needs besides a client ID and a client secret.
	Settings []Setting

	// Notes say what is special about the vendor, each in one or two sentences. Unconfirmed are
	// facts that nothing from the vendor confirms yet; all of them can be overridden.
	Notes, Unconfirmed []string

	// New makes the provider from values that Make has checked; call Make.
	New func(Values) (provider.Provider, error)
}

// A Setting is one of the settings that a vendor needs.
type Setting struct {
	Name     string // "tenant"
	Help     string // what to write, with an example
	Required bool
	Secret   bool
}

// Values are settings by name: client_id, client_secret, and those of Vendor.Settings. An empty
// value means that the setting is not set.
type Values map[string]string

// Client returns the ID and the secret that the vendor issued to the application.
func (v Values) Client() (id, secret string) { return v["client_id"], v["client_secret"] }

// Make makes the vendor's provider. It reports all mistakes at once (errors.Join): required
// settings that are missing, unknown settings, and values that the vendor's function rejects. Each
// is a *provider.FieldError with the name of the setting where there is one.
func (v Vendor) Make(values Values) (provider.Provider, error) {
	known := []string{"client_id", "client_secret"}
	var mistakes []error
	if values["client_id"] == "" {
		mistakes = append(mistakes, wrongSetting("client_id", "is not set"))
	}
	for _, setting := range v.Settings {
		known = append(known, setting.Name)
		if setting.Required && values[setting.Name] == "" {
			mistakes = append(mistakes, wrongSetting(setting.Name, "is not set: "+setting.Help))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			mistakes = append(mistakes, wrongSetting(name, "is not a setting of "+v.Label))
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	made, err := v.New(values)
	if err == nil {
		err = mistake(made)
	}
	if err != nil {
		return nil, err
	}
	return made, nil
}

// wrongSetting is a mistake in a setting.
func wrongSetting(name, text string) error {
	return &provider.FieldError{Field: name, Err: errors.New(text)}
}

// mistake is what the constructor of a provider found wrong with its arguments.
func mistake(made provider.Provider) error {
	switch made := made.(type) {
	case *provider.OIDC:
		return made.Err
	case *provider.OAuth2:
		return made.Err
	case *provider.OAuth1:
		return made.Err
	}
	return nil
}
