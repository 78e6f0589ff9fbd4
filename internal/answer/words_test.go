package answer

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/problem"
)

// F52: every outcome has its texts, and every text is used.
func TestWords_F52_AreThoseOfTheTable(t *testing.T) {
	used := map[string]bool{}
	for _, o := range all {
		for _, key := range o.wordings() {
			used[key+".title"], used[key+".text"] = true, true
		}
	}
	for _, key := range otherKeys {
		used[key] = true
	}
	texts := builtIn()[english]
	for key := range used {
		if texts[key] == "" {
			t.Errorf("there is no text %q", key)
		}
	}
	for key := range texts {
		if !used[key] {
			t.Errorf("nothing uses the text %q", key)
		}
	}
}

// otherKeys are those of texts that belong to no outcome.
var otherKeys = []string{
	"choose.title", "choose.text", "not_connected.title",
	"link_not_kept.title", "link_not_kept.text", "not_signed_out.title", "not_signed_out.text",
	"home", "go_to", "sign_in", "sign_in_with", "sign_in_there", "sign_in_again", "try_again",
	"sign_out", "stay_signed_in", "close_window", "continue", "cancel", "reference",
}

// No protocol names, and nothing that only its operators know.
func TestWords_ArePlain(t *testing.T) {
	for lang, texts := range builtIn() {
		for key, text := range texts {
			for _, term := range []string{
				"OAuth", "OpenID", "OIDC", "provider", "session store", "claim", "PKCE",
			} {
				words := strings.ReplaceAll(text, "{provider}", "")
				if strings.Contains(words, term) {
					t.Errorf("%s, %s: the user reads %q", lang, key, term)
				}
			}
		}
	}
}

// Every language has every text, with the same placeholders, and none is left in English.
func TestWords_EveryLanguageIsComplete(t *testing.T) {
	model := builtIn()[english]
	for lang, texts := range builtIn() {
		if missing := lacking(texts); len(missing) > 0 {
			t.Errorf("%s lacks %v", lang, missing)
		}
		for key, text := range texts {
			if err := check(key, text); err != nil {
				t.Errorf("%s: %v", lang, err)
			}
			if !slices.Equal(placeholders(text), placeholders(model[key])) {
				t.Errorf("%s: %s has the placeholders %v", lang, key, placeholders(text))
			}
			if lang != english && strings.Trim(text, ":") == strings.Trim(model[key], ":") {
				t.Errorf("%s: %s is English: %s", lang, key, text)
			}
			if strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
				t.Errorf("%s: %s has odd spaces", lang, key)
			}
		}
	}
}

func TestNewWords_ReportsMistakes(t *testing.T) {
	complete := maps.Clone(builtIn()[english])
	for name, row := range map[string]struct {
		own  map[string]map[string]string
		want string
	}{
		"one text":         {map[string]map[string]string{"en": {"sign_in": "Log in"}}, ""},
		"without the name": {map[string]map[string]string{"en": {"choose.title": "Hello"}}, ""},
		"with the name":    {map[string]map[string]string{"en": {"sign_in": "Enter {app}"}}, ""},
		"other case":       {map[string]map[string]string{"EN": {"sign_in": "Log in"}}, ""},
		"a language":       {map[string]map[string]string{"sv": complete}, ""},
		"unknown key": {map[string]map[string]string{"en": {"signin": "x"}},
			`unknown key "signin"`},
		"empty": {map[string]map[string]string{"en": {"sign_in": " "}},
			`"sign_in" is empty`},
		"no placeholder": {map[string]map[string]string{"en": {"go_to": "Go"}},
			"lacks the placeholder {host}"},
		"odd placeholder": {map[string]map[string]string{"en": {"go_to": "{host}{x}"}},
			"unknown placeholder {x}"},
		"part of one": {map[string]map[string]string{"sv": {"sign_in": "Logga in"}},
			"texts of the new language are missing, such as "},
		"no tag": {map[string]map[string]string{"en_US": {}},
			`Texts["en_US"] is not a language tag`},
	} {
		_, mistakes := NewWords("Acme", row.own)
		err := errors.Join(mistakes...)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: %v, want %q in it", name, err, row.want)
		}
	}
}

func TestWords_OfTheApplication(t *testing.T) {
	w, mistakes := NewWords("Acme", map[string]map[string]string{
		"en": {"sign_in_with": "Enter {app} with {provider}"},
	})
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	if got := w.text("en", "sign_in_with", "{provider}",
		"{app} & Co"); got != "Enter Acme with {app} & Co" {
		t.Errorf("got %q: values are not filled in again", got)
	}
	other, _ := NewWords("Other", nil)
	if got := other.text("en", "sign_in_with", "{provider}", "x"); got != "Sign in with x" {
		t.Errorf("another application reads %q", got)
	}
	e := &problem.Error{Code: "x", Title: "Mine",
		Links: []problem.Link{{Href: "https://a.example/", TextKey: "go_to"}}}
	w.fill("en", e)
	if e.Title != "Mine" || e.Text != "" || e.Links[0].Text != "Go to a.example" {
		t.Errorf("filled in: %+v", e)
	}
}

func TestLanguage(t *testing.T) {
	complete := builtIn()[english]
	w, mistakes := NewWords("Acme", map[string]map[string]string{
		"de": {}, "pt-PT": complete, "ar": complete,
	})
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	for header, want := range map[string]string{
		"":                               "en",
		"de":                             "de",
		"DE-at":                          "de",
		"de-AT-1996,en":                  "de",
		"xx, de;q=0.5":                   "de",
		"en;q=0.4, de;q=0.5":             "de",
		"en;q=0.55, de;q=0.5":            "en",
		"de;q=0":                         "en",
		"pt-BR":                          "pt",
		"de;q=x":                         "en",
		"de;q=":                          "en",
		"*":                              "en",
		"pt-PT":                          "pt-PT",
		"zh":                             "zh-Hans",
		"zh-CN,en;q=0.9":                 "zh-Hans",
		"zh-TW,en;q=0.9":                 "en",
		"zh-Hant-HK, de;q=0.1":           "de",
		"ar-EG":                          "ar",
		"-":                              "en",
		",,;,":                           "en",
		strings.Repeat("x-", 1000):       "en",
		strings.Repeat("xx,", 85) + "de": "en", // longer than what browsers send
	} {
		r := &http.Request{Header: http.Header{}}
		if header != "" {
			r.Header.Set("Accept-Language", header)
		}
		if got := w.Language(r); got != want {
			t.Errorf("%.40q: %s, want %s", header, got, want)
		}
	}
	for lang, want := range map[string]string{
		"en": "ltr", "ar": "rtl", "he-IL": "rtl", "AR": "rtl", "zh-Hans": "ltr", "ar-Latn": "ltr",
	} {
		if got := direction(lang); got != want {
			t.Errorf("direction(%q) = %s, want %s", lang, got, want)
		}
	}
}

// Accept-Language is hostile input: whatever it is, the answer is a language that there is.
func FuzzLanguage(f *testing.F) {
	f.Add("de-AT, en;q=0.5")
	f.Add("zh-Hant;q=1.000,*;q=.")
	w, _ := NewWords("Acme", nil)
	f.Fuzz(func(t *testing.T, header string) {
		lang := w.Language(&http.Request{Header: http.Header{"Accept-Language": {header}}})
		if w.texts[lang] == nil {
			t.Errorf("%q: %q", header, lang)
		}
	})
}
