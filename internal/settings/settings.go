// Package settings makes providers from what somebody has written down: in environment variables and in a JSON file. The table of
// settings is in one place; what reads the environment, the file, and what writes the documentation follow from it.
package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// A Source is everything that was written down about providers. Where the environment and the document say something about the
// same setting, the environment counts.
type Source struct {
	Env      *Env
	Document *Document // nil for none
	Names    []string  // of the providers that are in the environment alone, perhaps
	Vendors  []vendors.Vendor
	Loopback bool // the application is on this machine, and may use providers there by plain http

	claimed map[string]string // variables by the provider that they belong to
	made    []*entry          // the providers
}

// Providers makes the providers. Mistakes are added to those of Env; a provider with one is left out.
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

// entries are the providers to make: first those of the document, in its order.
func (s *Source) entries() []*entry {
	var all []*entry
	prefixes := map[string]string{}
	add := func(e *entry, place string) {
		switch other, taken := prefixes[e.prefix()]; {
		case !directory.ValidName(e.name):
			s.Env.Wrong("%s must consist of a-z, 0-9, '-' and '_': it is part of a URL", place)
		case taken:
			s.Env.Wrong("%s has the same settings in the environment as %s: %s...", place, other, e.prefix())
		default:
			prefixes[e.prefix()] = e.name
			all = append(all, e)
		}
	}
	if s.Document != nil {
		for _, m := range s.Document.providers {
			place := s.Document.place(m.line, shown(m.name))
			if members, isObject := m.value.([]member); isObject {
				add(&entry{Source: s, name: m.name, line: m.line, members: flat("", members)}, place)
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
	return all
}

// flat gives members of objects inside keys with a dot.
func flat(path string, members []member) []member {
	var all []member
	for _, m := range members {
		m.name = path + m.name
		if inside, isObject := m.value.([]member); isObject && m.name == "user" {
			all = append(all, flat("user.", inside)...)
		} else {
			all = append(all, m)
		}
	}
	return all
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
			e.Wrong("%s: %q stands twice", variable, item)
		default:
			names = append(names, item)
		}
	}
	return names
}
