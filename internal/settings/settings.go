// Package settings makes providers from environment variables and from a JSON file. The tables of
// settings name the Go fields: what reads the environment and the file, what names the variable or
// line of a mistake, and what writes docs/settings.md follow from them.
package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// A Source is everything that was set about providers. The environment overrides the document.
type Source struct {
	Env      *Env
	Document *Document // nil for none
	Names    []string  // of providers that may be in the environment only
	Vendors  []vendors.Vendor
	Loopback bool // the application is on this machine, and may use providers there by plain http

	// Short makes a provider named "oidc" of the variables OIDC_ISSUER, OIDC_CLIENT_ID and so on.
	// ShortHint ends the error if OIDC_ISSUER is missing.
	Short     bool
	ShortHint string

	claimed map[string]string // variables by the provider that they belong to
	made    []*entry          // the providers
}

// Providers makes the providers. Mistakes are added to those of Env; a provider with one is left
// out.
func (s *Source) Providers() provider.Set {
	s.claimed = map[string]string{}
	set := provider.Set{}
	for _, e := range s.entries() {
		before := len(s.Env.Mistakes)
		s.made = append(s.made, e)
		made := e.provider()
		if len(s.Env.Mistakes) == before {
			set[e.name] = made
		}
	}
	return set
}

// Order returns the names of the providers that were made without a mistake, those of the document
// first.
func (s *Source) Order(made provider.Set) []string {
	var names []string
	for _, e := range s.made {
		if made[e.name] != nil {
			names = append(names, e.name)
		}
	}
	return names
}

// entries are the providers to make: first those of the document, in its order.
func (s *Source) entries() []*entry {
	var all []*entry
	prefixes := map[string]string{}
	add := func(e *entry, place string) {
		switch other, taken := prefixes[e.prefix()]; {
		case !directory.ValidName(e.name):
			s.Env.Wrong("%s must consist of a-z, 0-9, '-' and '_': it is part of a URL", place)
		case taken:
			s.Env.Wrong("%s has the same settings in the environment as %s: %s...", place, other,
				e.prefix())
		default:
			prefixes[e.prefix()] = e.name
			all = append(all, e)
		}
	}
	if s.Document != nil {
		for _, m := range s.Document.providers {
			place := s.Document.place(m.line, shown(m.name))
			if members, isObject := m.value.([]member); isObject {
				add(&entry{Source: s, name: m.name, line: m.line,
					members: flat("", members)}, place)
			} else {
				s.Env.Wrong("%s must be an object with the provider's settings", place)
			}
		}
	}
	for _, name := range s.Names {
		if !slices.ContainsFunc(all, func(e *entry) bool { return e.name == name }) {
			add(&entry{Source: s, name: name}, fmt.Sprintf("SALLYPORT_PROVIDERS: %q", name))
		}
	}
	if s.Short {
		if _, taken := prefixes[(&entry{name: "oidc"}).prefix()]; taken {
			s.Env.Wrong("OIDC_ISSUER: another provider is named oidc: give it another name, or " +
				"remove the OIDC_... variables")
		} else {
			all = append(all, &entry{Source: s, name: "oidc", short: true})
		}
	}
	return all
}

// ShortIsSet reports whether the environment has one of the OIDC_... variables.
func (s *Source) ShortIsSet() bool {
	e := &entry{Source: s, name: "oidc", short: true}
	return slices.ContainsFunc(All(), func(s Setting) bool {
		return s.For(vendors.OpenIDConnect) && e.Env.IsSet(e.variable(s.Key))
	})
}

// Variable is the setting in the environment behind a field of a provider, or "".
func (s *Source) Variable(name, field string) string {
	for _, e := range s.made {
		if e.name != name || e.made == nil {
			continue
		}
		if found, ok := forField(field, e.made); ok {
			return e.variable(found.Key)
		}
	}
	return ""
}

// flat gives members of objects inside keys with a dot, such as user.id.
func flat(path string, members []member) []member {
	var all []member
	for _, m := range members {
		m.name = path + m.name
		if inside, isObject := m.value.([]member); isObject && path == "" && isPrefix(m.name) {
			all = append(all, flat(m.name+".", inside)...)
		} else {
			all = append(all, m)
		}
	}
	return all
}

// isPrefix reports whether there are settings inside an object of that name.
func isPrefix(name string) bool {
	return slices.ContainsFunc(All(), func(s Setting) bool {
		return strings.HasPrefix(s.Key, name+".")
	})
}

// Names reads a list of names with commas between them. It may have spaces, but no name twice.
func (e *Env) Names(variable string) []string {
	text := e.Optional(variable)
	if text == "" {
		return nil
	}
	var names []string
	for item := range strings.SplitSeq(text, ",") {
		switch item = strings.TrimSpace(item); {
		case item == "":
			e.Wrong("%s must be names with commas between them, such as google,github", variable)
		case slices.Contains(names, item):
			e.Wrong("%s: %q is a duplicate", variable, item)
		default:
			names = append(names, item)
		}
	}
	return names
}
