package provider

import "strings"

// soundOpenID returns a provider that could be made from its settings.
func soundOpenID(o *OIDC) (Provider, error) {
	if o.mistake != nil {
		return nil, o.mistake
	}
	return o, nil
}

// openIDAt is Preset.New of a product that runs at many addresses.
func openIDAt(build func(at BaseURL, id, secret string) *OIDC) func(Values) (Provider, error) {
	return func(v Values) (Provider, error) {
		id, secret := v.Client()
		return soundOpenID(build(BaseURL(v["base_url"]), id, secret))
	}
}

// listed reads a setting with commas, spaces or both between its parts.
func listed(setting string) []string {
	return strings.FieldsFunc(setting, func(r rune) bool { return r == ',' || r == ' ' })
}

// issuerOf is the issuer of an installation, as the product writes it: without a slash at the end.
func issuerOf(at BaseURL) string { return at.at("") }
