package answer

import (
	"net/http"
	"slices"
	"strings"
)

// Accept-Language comes from anyone, so no more of it is read than browsers send.
const (
	maxAcceptLanguage = 256
	maxTag            = 35 // RFC 5646 section 4.4.1
)

// Language returns the language for the answer to a request: the one of those there are that
// Accept-Language prefers (RFC 4647 section 3.4), else English.
func (w *Words) Language(r *http.Request) string {
	lines := r.Header["Accept-Language"]
	if len(lines) == 0 {
		return english
	}
	header := lines[0][:min(len(lines[0]), maxAcceptLanguage)]
	best, quality := english, 0
	for entry := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(entry, ";")
		q := qualityOf(params)
		if q <= quality {
			continue
		}
		if lang, ok := w.lookup(strings.TrimSpace(tag)); ok {
			best, quality = lang, q
		}
	}
	return best
}

// lookup finds the language of a tag, or the closest one that is more general: "de" for "de-AT".
func (w *Words) lookup(tag string) (string, bool) {
	if len(tag) > maxTag {
		return "", false
	}
	tag = canonical(tag)
	for tag != "" {
		if lang, ok := w.tags[tag]; ok {
			return lang, true
		}
		tag = tag[:max(strings.LastIndexByte(tag, '-'), 0)]
	}
	return "", false
}

// canonical is a tag in the form of Words.tags. Chinese is written in two scripts, which tags
// mostly leave to the region.
func canonical(tag string) string {
	tag = strings.ToLower(tag)
	language, rest, _ := strings.Cut(tag, "-")
	if language != "zh" {
		return tag
	}
	for part := range strings.SplitSeq(rest, "-") {
		if slices.Contains([]string{"hant", "tw", "hk", "mo"}, part) {
			return "zh-hant"
		}
	}
	return "zh-hans"
}

// qualityOf returns the weight in the parameters of an entry in thousandths (RFC 9110 section
// 12.4.2). One that cannot be read excludes the entry.
func qualityOf(params string) int {
	name, value, ok := strings.Cut(strings.TrimSpace(params), "=")
	if !ok || !strings.EqualFold(name, "q") {
		return 1000
	}
	digits := strings.Replace(value, ".", "", 1) + "0000"
	q := 0
	for _, d := range []byte(digits[:4]) {
		if d < '0' || d > '9' {
			return 0
		}
		q = 10*q + int(d-'0')
	}
	return min(q, 1000)
}

// direction is that in which a language is written.
func direction(lang string) string {
	language, rest, _ := strings.Cut(strings.ToLower(lang), "-")
	rtl := []string{"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}
	if slices.Contains(rtl, language) && !strings.HasPrefix(rest, "latn") {
		return "rtl"
	}
	return "ltr"
}

// inLanguage sets the headers of an answer whose text is in a language.
func inLanguage(h http.Header, lang string) {
	h["Content-Language"] = []string{lang}
	varyByLanguage(h)
}

// varyByLanguage tells caches that the response depends on the language of the user.
func varyByLanguage(h http.Header) {
	if !slices.Contains(h["Vary"], "Accept-Language") {
		h["Vary"] = append(slices.Clip(h["Vary"]), "Accept-Language")
	}
}
