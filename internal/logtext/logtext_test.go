package logtext

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"plain":                        "plain",
		"Größe, 日本":                    "Größe, 日本",
		"one\r\nlevel=ERROR":           "one..level=ERROR",
		"\x1b[31mred\x07":              ".[31mred.",
		"right\u202eleft":              "right.left",
		"bad \xff\xfe":                 "bad ..",
		"<script>alert(1)</script>":    ".script>alert(1)./script>",
		"1 < 2":                        "1 < 2",
		strings.Repeat("é", 21):        strings.Repeat("é", 20) + "…",
		strings.Repeat("é", 20):        strings.Repeat("é", 20),
		strings.Repeat("x", 19) + "<b": strings.Repeat("x", 19) + "<…",
	} {
		longest := 20
		if len(in) > 20 && !strings.HasPrefix(in, "é") && !strings.HasPrefix(in, "x") {
			longest = 100
		}
		if got := Printable(in, longest); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x00b<script>\u202e", uint8(3))
	f.Fuzz(func(t *testing.T, s string, longest uint8) {
		got := Printable(s, int(longest))
		if n := utf8.RuneCountInString(got); n > int(longest)+1 {
			t.Errorf("%d characters, at most %d", n, longest)
		}
		for _, r := range got {
			if !strconv.IsPrint(r) {
				t.Errorf("%q in %q", r, got)
			}
		}
		if tagStart.MatchString(got) {
			t.Errorf("a tag in %q", got)
		}
	})
}
