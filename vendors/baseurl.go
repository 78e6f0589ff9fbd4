package vendors

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
)

// A BaseURL is the address of an installation that the vendor does not run itself, such as
// "https://git.example.com" or "https://example.com/git". A slash at the end makes no difference.
type BaseURL string

// at is the address of a path, which begins with a slash. Without a path it is the issuer of an
// OpenID Connect installation, as most products write it: without a slash at the end.
func (b BaseURL) at(path string) string { return strings.TrimRight(string(b), "/") + path }

// issuer is the namespace of the installation's users. It is the same for every spelling of the
// host.
func (b BaseURL) issuer() string {
	u, err := url.Parse(b.at(""))
	if err != nil {
		return ""
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return u.String()
}

// check returns what is wrong with it. Whether http is allowed is checked with the endpoints.
func (b BaseURL) check() error {
	u, err := url.Parse(string(b))
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return errors.New("the base URL must be a URL such as https://git.example.com")
	case u.User != nil || strings.ContainsAny(string(b), "?#"):
		return fmt.Errorf("the base URL at %s must have no user, query and fragment", u.Host)
	}
	return nil
}

// baseURLSetting asks for the address of an installation.
func baseURLSetting(example string) Setting {
	return Setting{
		Name:     "base_url",
		Required: true,
		Help:     "the address of the installation, such as " + example,
	}
}

// byBaseURL is Vendor.New of a product that runs at many addresses.
func byBaseURL[P provider.Provider](
	make func(at BaseURL, id, secret string) P,
) func(Values) (provider.Provider, error) {
	return func(v Values) (provider.Provider, error) {
		id, secret := v.Client()
		return make(BaseURL(v["base_url"]), id, secret), nil
	}
}
