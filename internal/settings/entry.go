package settings

import (
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// An entry holds the settings of one provider.
type entry struct {
	*Source
	name    string
	short   bool      // the provider of the OIDC_... variables
	line    int       // in the document; 0: it is not there
	members []member  // of its object, with keys such as "user.id"
	read    []string  // the members that have been asked for
	missing []string  // the keys that were complained about because they were not there
	failed  []string  // those that were complained about because of their values
	own     []Setting // those that a vendor asks for
	standIn bool      // they are wrong, and the provider is an empty one
	made    provider.Provider
}

// prefix begins the names of the provider's variables.
func (e *entry) prefix() string {
	if e.short {
		return "OIDC_"
	}
	return "SALLYPORT_" + strings.ToUpper(strings.ReplaceAll(e.name, "-", "_")) + "_"
}

// variable is the setting's name in the environment.
func (e *entry) variable(key string) string {
	return e.prefix() + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// member finds what the document says.
func (e *entry) member(key string) (member, bool) {
	i := slices.IndexFunc(e.members, func(m member) bool { return m.name == key })
	if i < 0 {
		return member{}, false
	}
	e.read = append(e.read, key)
	return e.members[i], true
}

// fromFile are the spellings of a setting in the document.
func (s Setting) fromFile() []string {
	if s.Secret {
		return []string{s.Key, s.Key + "_file", s.Key + "_env"}
	}
	return []string{s.Key}
}

// isSet reports whether the environment or the document has the setting.
func (e *entry) isSet(s Setting) bool {
	return e.inEnv(s) || slices.ContainsFunc(e.members, func(m member) bool {
		return slices.Contains(s.fromFile(), m.name)
	})
}

// inEnv reports whether the environment has the setting. A variable that could belong to two
// providers is a mistake.
func (e *entry) inEnv(s Setting) bool {
	variable := e.variable(s.Key)
	if !e.Env.IsSet(variable) {
		return false
	}
	other, claimed := e.claimed[variable]
	if claimed && other != e.name && !e.Env.Complained(variable) {
		e.Env.Wrong("%s could be about %s or about %s: give one of them another name", variable,
			other, e.name)
	}
	e.claimed[variable] = e.name
	return true
}

// place is the variable or the line of a setting, to begin an error with. Without a key it is the
// provider.
func (e *entry) place(s Setting) string {
	line := e.line
	for _, m := range e.members {
		if slices.Contains(s.fromFile(), m.name) {
			line = m.line
		}
	}
	switch {
	case s.Key == "" && e.short:
		return "OIDC_..."
	case s.Key == "" && e.line == 0:
		return "SALLYPORT_PROVIDERS: " + e.name
	case s.Key == "":
		return e.Document.place(line, e.name)
	case e.line == 0 || e.Env.IsSet(e.variable(s.Key)):
		return e.variable(s.Key)
	}
	return e.Document.place(line, e.name, s.Key)
}

// provider makes the provider, and notes what is wrong with it.
func (e *entry) provider() provider.Provider {
	vendor, protocol, known := e.kind()
	if !known {
		e.complainAboutUnknown()
		return nil
	}
	made, title, local := blank(protocol), "a provider of "+string(protocol), false
	defer func() { e.made = made }()
	if vendor != nil {
		title = vendor.Label
		made, local = e.fromVendor(*vendor)
	} else {
		e.require(protocol)
	}
	for _, s := range All() {
		if e.has(s, made) && e.isSet(s) {
			local = e.apply(s, made) || local
		}
	}
	if local && e.Loopback {
		permitLoopback(made)
	}
	e.complainAboutMisplaced(made, title)
	e.validate(made)
	return made
}

// has reports whether a setting sets a field of the provider. One that the vendor asks for does
// not: it was an argument of the vendor's function.
func (e *entry) has(s Setting, made provider.Provider) bool {
	isOwn := slices.ContainsFunc(e.own, func(own Setting) bool { return own.Key == s.Key })
	return !isOwn && s.pathIn(made) != ""
}

// require notes what is missing.
func (e *entry) require(protocol vendors.Protocol) {
	for _, key := range required[protocol] {
		if s := find(key); !e.isSet(s) {
			e.missing = append(e.missing, key)
			hint := s.hint()
			if e.short && key == "issuer" {
				hint += e.ShortHint
			}
			e.Env.Wrong("%s is not set: %s", e.place(s), hint)
		}
	}
}

// apply puts a setting into the provider. It reports whether it is an address on this machine.
func (e *entry) apply(s Setting, made provider.Provider) (local bool) {
	v, ok := e.value(s)
	if !ok {
		return false
	}
	field := fieldIn(reflect.ValueOf(made), s.pathIn(made))
	if err := v.store(field); err != nil {
		e.failed = append(e.failed, s.Key)
		e.Env.Wrong("%s %w", e.place(s), err)
	}
	return NearHTTP(v.text)
}

// permitLoopback permits plain http, for a provider and an application on this machine.
func permitLoopback(p provider.Provider) {
	switch p := p.(type) {
	case *provider.OIDC:
		p.InsecureLoopbackHTTP = true
	case *provider.OAuth2:
		p.InsecureLoopbackHTTP = true
	case *provider.OAuth1:
		p.InsecureLoopbackHTTP = true
	}
}

// NearHTTP reports whether an address is http on this machine or on one beside it.
func NearHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "http" &&
		(loopback.Host(u.Hostname()) || loopback.Beside(u.Hostname()))
}
