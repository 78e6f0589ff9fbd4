package settings

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// Misspelled notes unknown variables that seem to be meant for the application: those of its
// providers, those that look like another variable, and those of a provider that is not named. more
// are the variables that are neither about providers nor general; set are those that are known to
// be set, and all says that there are no others. Otherwise they cannot be listed, so likely
// misspellings are looked up.
func (s *Source) Misspelled(more, set []string, all bool) {
	m := misspelled{Source: s, general: more, asked: map[string]bool{}, told: map[string]bool{}}
	for _, s := range general {
		m.general = append(m.general, s.Key)
	}
	for _, name := range m.general {
		m.asked[name], m.asked[name+"_FILE"] = true, true
	}
	for _, e := range s.made {
		for _, key := range e.keys() {
			m.asked[e.variable(key)], m.asked[e.variable(key)+"_FILE"] = true, true
		}
	}
	for _, name := range slices.Sorted(slices.Values(set)) {
		m.judge(name)
	}
	if !all {
		m.lookUp()
	}
}

type misspelled struct {
	*Source
	general     []string
	asked, told map[string]bool
}

// keys are the settings that the provider has.
func (e *entry) keys() []string {
	var keys []string
	if !e.short {
		keys = append(keys, vendorSetting.Key)
	}
	for _, s := range e.own {
		keys = append(keys, s.Key)
	}
	for _, s := range All() {
		if e.made == nil || e.has(s, e.made) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

func (e *entry) isSecret(key string) bool {
	return slices.ContainsFunc(slices.Concat(e.own, All()), func(s Setting) bool {
		return s.Key == key && s.Secret
	})
}

// judge decides about a variable that is set.
func (m *misspelled) judge(name string) {
	key, about := "", (*entry)(nil)
	for _, e := range m.made {
		if rest, ok := strings.CutPrefix(name, e.prefix()); ok &&
			(about == nil || len(rest) < len(key)) {
			key, about = rest, e
		}
	}
	switch {
	case about != nil && about.short:
		m.judgeShort(name, key, about)
		return
	case about != nil:
		m.unknown(name, nearestVariable(about, key))
		return
	}
	if owner := m.stranger(name); owner != "" {
		m.wrong(name, "%s is set, but no provider is named %s: add it to SALLYPORT_PROVIDERS, "+
			"or remove the variable", name, owner)
		return
	}
	best, least := "", 3
	for _, meant := range m.general {
		if d := distance(strings.TrimSuffix(name, "_FILE"), meant, least); d < least &&
			!m.Env.IsSet(meant) {
			best, least = meant, d
		}
	}
	if best != "" {
		m.unknown(name, best)
	}
}

// judgeShort decides about an OIDC_... variable. Other programs have some as well, so only a slip
// is a mistake.
func (m *misspelled) judgeShort(name, key string, e *entry) {
	best, least := "", min(3, len(key)/2)
	for _, k := range e.keys() {
		for _, meant := range []string{e.variable(k), e.variable(k) + "_FILE"} {
			d := distance(key, strings.TrimPrefix(meant, e.prefix()), least)
			if d < least && !m.Env.IsSet(e.variable(k)) {
				best, least = meant, d
			}
		}
	}
	if best != "" {
		m.unknown(name, best)
	}
}

// nearestVariable is the variable of a provider that is similar to another, or "".
func nearestVariable(e *entry, key string) string {
	known := e.keys()
	for _, k := range e.keys() {
		known = append(known, k+"_file")
	}
	_, meant, _ := strings.Cut(nearest(strings.ToLower(key), known), "; did you mean ")
	if meant = strings.TrimSuffix(meant, "?"); meant == "" {
		return ""
	}
	return e.variable(meant)
}

// stranger returns the name of the provider that a variable is about, if it is not configured.
func (m *misspelled) stranger(name string) string {
	rest, ours := strings.CutPrefix(name, "SALLYPORT_")
	if !ours {
		return ""
	}
	for _, s := range All() {
		suffix := "_" + strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_"))
		if owner, found := strings.CutSuffix(strings.TrimSuffix(rest, "_FILE"), suffix); found &&
			owner != "" {
			return strings.ToLower(owner)
		}
	}
	return ""
}

// lookUp asks for variables that nothing lists: likely misspellings of those that are not set, and
// settings of providers that may have been forgotten in SALLYPORT_PROVIDERS.
func (m *misspelled) lookUp() {
	for _, meant := range m.general {
		m.guess("", meant)
		m.guess("", meant+"_FILE")
	}
	for _, e := range m.made {
		for _, key := range e.keys() {
			rest := strings.TrimPrefix(e.variable(key), e.prefix())
			m.guess(e.prefix(), rest)
			if e.isSecret(key) { // those are kept in files
				m.guess(e.prefix(), rest+"_FILE")
			}
		}
		for _, foreign := range slices.Sorted(maps.Keys(elsewhere)) {
			if e.short {
				break
			}
			if name := e.variable(foreign); m.isSet(name) {
				m.unknown(name, nearestVariable(e, foreign))
			}
		}
	}
	names := []string{"oidc", "login", "sso", "idp", "op"}
	for _, p := range m.Vendors {
		names = append(names, p.Name)
	}
	for _, name := range names {
		e := &entry{Source: m.Source, name: name}
		for _, s := range All() {
			if variable := e.variable(s.Key); m.isSet(variable) {
				m.judge(variable)
			}
		}
	}
}

// guess looks for variables that differ from one that is not set in one letter behind the prefix.
func (m *misspelled) guess(prefix, rest string) {
	meant := prefix + rest
	if m.Env.IsSet(strings.TrimSuffix(meant, "_FILE")) {
		return
	}
	for near := range slips(rest) {
		if m.isSet(prefix + near) {
			m.unknown(prefix+near, meant)
		}
	}
}

func (m *misspelled) isSet(name string) bool {
	value, _ := m.Env.Lookup(name)
	return value != ""
}

func (m *misspelled) unknown(name, meant string) {
	if meant != "" {
		m.wrong(name, "%s is not known; did you mean %s?", name, meant)
		return
	}
	m.wrong(name, "%s is not known: docs/settings.md lists the settings", name)
}

// wrong notes a mistake about a variable, once.
func (m *misspelled) wrong(name, format string, args ...any) {
	if !m.asked[name] && !m.told[name] && !m.Env.Complained(name) {
		m.told[name] = true
		m.Env.Wrong(format, args...)
	}
}

// slips are the names that differ from a variable's in one letter, or in two that are swapped.
func slips(name string) iter.Seq[string] {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	return func(yield func(string) bool) {
		for i := range len(name) + 1 {
			for _, c := range letters {
				if !yield(name[:i]+string(c)+name[i:]) || i < len(name) &&
					!yield(name[:i]+string(c)+name[i+1:]) {
					return
				}
			}
			if i < len(name) && !yield(name[:i]+name[i+1:]) {
				return
			}
			if i+1 < len(name) && !yield(name[:i]+name[i+1:i+2]+name[i:i+1]+name[i+2:]) {
				return
			}
		}
	}
}
