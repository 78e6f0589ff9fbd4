package answer

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sallyport-go/sallyport/problem"
)

// english is the language for those who ask for none that there is, and the one whose keys and
// placeholders the others must have.
const english = "en"

// Words are the texts of all languages. They are safe for concurrent use.
type Words struct {
	app   string
	tags  map[string]string            // the tag of each language, by its canonical form
	texts map[string]map[string]string // by tag and key
}

//go:embed texts/*.json
var files embed.FS

// builtIn reads the texts of the library, once.
var builtIn = sync.OnceValue(func() map[string]map[string]string {
	names, _ := files.ReadDir("texts") // embedded: it is there
	all := make(map[string]map[string]string, len(names))
	for _, entry := range names {
		content, _ := files.ReadFile(path.Join("texts", entry.Name()))
		var texts map[string]string
		if err := json.Unmarshal(content, &texts); err != nil {
			// a test reads them all
			panic(fmt.Sprintf("internal/answer: %s: %v", entry.Name(), err))
		}
		all[strings.TrimSuffix(entry.Name(), ".json")] = texts
	}
	return all
})

// NewWords returns the texts of the library, with the name of the application for {app}, and with
// the texts that own changes or adds, by language and key. It also returns what is wrong with own.
func NewWords(app string, own map[string]map[string]string) (*Words, []error) {
	w := &Words{app: app, tags: map[string]string{}, texts: maps.Clone(builtIn())}
	for lang := range w.texts {
		w.tags[canonical(lang)] = lang
	}
	var mistakes []error
	for _, lang := range slices.Sorted(maps.Keys(own)) {
		mistakes = append(mistakes, w.add(lang, own[lang])...)
	}
	return w, mistakes
}

// add replaces texts of the library with those of the application, or adds a language.
func (w *Words) add(tag string, own map[string]string) []error {
	if !validTag.MatchString(tag) || len(tag) > maxTag {
		return []error{wrongTexts(tag, " is not a language tag such as \"sv\" or \"pt-BR\"")}
	}
	lang, known := w.tags[canonical(tag)]
	if !known {
		lang = tag
		w.tags[canonical(tag)] = lang
	}
	texts := maps.Clone(w.texts[lang])
	if texts == nil {
		texts = map[string]string{}
	}
	w.texts[lang] = texts
	var mistakes []error
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if err := check(key, own[key]); err != nil {
			mistakes = append(mistakes, wrongTexts(tag, ": %w", err))
		}
		texts[key] = own[key]
	}
	if missing := lacking(texts); len(missing) > 0 {
		mistakes = append(mistakes,
			wrongTexts(tag, ": %d texts of the new language are missing, such as %s",
				len(missing), strings.Join(missing[:min(len(missing), 5)], ", ")))
	}
	return mistakes
}

// wrongTexts is an error in the texts of one language.
func wrongTexts(tag, format string, args ...any) error {
	return fmt.Errorf("%s[%q]"+format, append([]any{"Texts", tag}, args...)...)
}

// validTag is the form of a language tag (RFC 5646 section 2.1), as far as it is used.
var validTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// lacking returns the keys for which there is no text.
func lacking(texts map[string]string) []string {
	var missing []string
	for key := range builtIn()[english] {
		if texts[key] == "" {
			missing = append(missing, key)
		}
	}
	slices.Sort(missing)
	return missing
}

// check returns what is wrong with a text of the application.
func check(key, text string) error {
	model, known := builtIn()[english][key]
	if !known {
		return fmt.Errorf("unknown key %q", key)
	}
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%q is empty", key)
	}
	needed, found := placeholders(model), placeholders(text)
	for _, p := range needed {
		if p != appName && !slices.Contains(found, p) {
			return fmt.Errorf("%q lacks the placeholder %s", key, p)
		}
	}
	for _, p := range found {
		if p != appName && !slices.Contains(needed, p) {
			return fmt.Errorf("%q has the unknown placeholder %s", key, p)
		}
	}
	return nil
}

// appName is the placeholder that every text may have, or leave out.
const appName = "{app}"

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// placeholders returns those of a text.
func placeholders(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))))
}

// text returns a text with its placeholders filled in: pairs of placeholder and value.
func (w *Words) text(lang, key string, values ...string) string {
	text, ok := w.texts[lang][key]
	if !ok || !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer(append(values, appName, w.app)...).Replace(text)
}

// fill puts in the words that e names by their keys.
func (w *Words) fill(lang string, e *problem.Error) {
	e.Lang = lang
	if e.Title == "" {
		e.Title = w.text(lang, e.TitleKey)
	}
	if e.Text == "" {
		e.Text = w.text(lang, e.TextKey)
	}
	e.Links = slices.Clone(e.Links)
	for i, link := range e.Links {
		if link.Text == "" {
			e.Links[i].Text = w.text(lang, link.TextKey, "{host}", hostOf(link.Href))
		}
	}
}

// Bodies returns the application/problem+json of e in every language.
func (w *Words) Bodies(e *problem.Error) map[string][]byte {
	bodies := make(map[string][]byte, len(w.texts))
	for lang := range w.texts {
		worded := *e
		w.fill(lang, &worded)
		bodies[lang], _ = json.Marshal(&worded) // strings and an int always marshal
	}
	return bodies
}

// hostOf returns the host of an address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
