package settings

import (
	"slices"

	"github.com/sallyport-go/sallyport/provider"
)

// complainAboutMisplaced notes what is set and is not asked for: settings that do not apply to this
// provider, and unknown ones.
func (e *entry) complainAboutMisplaced(made provider.Provider, title string) {
	var known []string
	for _, s := range slices.Concat(e.own, []Setting{vendorSetting}) {
		known = append(known, s.fromFile()...)
	}
	for _, s := range All() {
		switch {
		case e.has(s, made):
			known = append(known, s.fromFile()...)
		case !slices.Contains(known, s.Key) && !e.short && e.inEnv(s):
			e.Env.Wrong("%s does not apply to %s", e.variable(s.Key), title)
		}
	}
	e.complainAboutMembers(known, title)
}

// complainAboutUnknown is complainAboutMisplaced for a provider of an unknown kind.
func (e *entry) complainAboutUnknown() {
	known := []string{"vendor"}
	for _, s := range All() {
		known = append(known, s.fromFile()...)
	}
	e.read = append(e.read, known...)
	for _, p := range e.Vendors { // perhaps it is that
		for _, s := range p.Settings {
			e.read = append(e.read, s.Name, s.Name+"_file", s.Name+"_env")
		}
	}
	e.complainAboutMembers(known, "it")
}

func (e *entry) complainAboutMembers(known []string, title string) {
	for _, m := range e.members {
		if slices.Contains(e.read, m.name) {
			continue
		}
		place := e.Document.place(m.line, e.name, shown(m.name))
		switch {
		case slices.ContainsFunc(All(), func(s Setting) bool {
			return slices.Contains(s.fromFile(), m.name)
		}):
			e.Env.Wrong("%s does not apply to %s", place, title)
		case isPrefix(m.name):
			e.Env.Wrong("%s must be an object: docs/settings.md lists its members", place)
		default:
			e.Env.Wrong("%s is not known%s", place, nearest(m.name, known))
		}
	}
}
