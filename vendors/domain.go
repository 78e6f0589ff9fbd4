package vendors

import (
	"fmt"
	"net/url"
)

// A Domain is the host name that a vendor gave an organization, such as "example.okta.com", without
// a scheme or a path.
type Domain string

// at is the address of a path, which is empty or begins with a slash.
func (d Domain) at(path string) string { return "https://" + string(d) + path }

func (d Domain) check() error {
	u, err := url.Parse(d.at("/"))
	if err != nil || d == "" || u.Host != string(d) || u.Hostname() == "" ||
		u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not a host name such as example.okta.com", string(d))
	}
	return nil
}

// domainSetting asks for an organization's host name.
func domainSetting(example string) Setting {
	return Setting{
		Name: "domain", Required: true,
		Help: "the host name of your organization there, such as " + example,
	}
}
