package vendors

import (
	"strings"

	"github.com/sallyport-go/sallyport/provider"
)

// byClient is Vendor.New of a vendor without further settings.
func byClient[P provider.Provider](
	make func(id, secret string) P,
) func(Values) (provider.Provider, error) {
	return func(v Values) (provider.Provider, error) { return make(v.Client()), nil }
}

// pkceIgnored is in Unconfirmed of vendors whose documentation does not mention PKCE.
const pkceIgnored = "The PKCE parameters are ignored; other libraries do not send them."

// listed reads a setting that lists values, separated by commas, spaces or both.
func listed(setting string) []string {
	return strings.FieldsFunc(setting, func(r rune) bool { return r == ',' || r == ' ' })
}

// word reports whether a setting is printable ASCII without spaces and quotation marks, and not
// empty.
func word(setting string) bool {
	return setting != "" && !strings.ContainsFunc(setting, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == '\\'
	})
}
