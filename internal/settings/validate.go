package settings

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
)

// validate has the provider check itself, and says it in the words of the settings.
func (e *entry) validate(made provider.Provider) {
	v, ok := made.(provider.Validator)
	if !ok {
		return
	}
	_, err := v.Validate()
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			e.complainAboutField(line, made)
		}
	}
}

// goName is what may be the name of a field in an error of package provider.
var goName = regexp.MustCompile(`[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)?`)

func (e *entry) complainAboutField(line string, made provider.Provider) {
	keyOf := func(name string) string {
		for _, s := range All() {
			if slices.Contains(s.Fields, name) && s.field(made) != nil {
				return s.Key
			}
		}
		return name
	}
	line = strings.ReplaceAll(line, "for development on this machine set InsecureLoopbackHTTP", "that is for development, with a BASE_URL on loopback as well")
	line = strings.ReplaceAll(line, ": provider: ", ": ")
	first := goName.FindString(line)
	s := find(keyOf(first))
	named := s.Key != "" && strings.HasPrefix(line, first)
	if e.standIn && !(named && e.isSet(s)) {
		return
	}
	if !named {
		e.Env.Wrong("%s: %s", e.place(Setting{}), goName.ReplaceAllStringFunc(line, keyOf))
		return
	}
	rest := strings.TrimPrefix(line[len(first):], ": "+first)
	if strings.HasPrefix(rest, " is missing") && (slices.Contains(e.missing, s.Key) || e.isSet(s)) {
		return // or what is written there was wrong, which has been said
	}
	if len(e.own) > 0 && !e.isSet(s) && !strings.HasPrefix(rest, " is missing") { // the vendor's preset has made it of something else
		e.Env.Wrong("%s: %s%s", e.place(Setting{}), s.Key, goName.ReplaceAllStringFunc(rest, keyOf))
		return
	}
	e.Env.Wrong("%s%s", e.place(s), goName.ReplaceAllStringFunc(rest, keyOf))
}
