package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/settings"
)

func TestDocument_Mistakes(t *testing.T) {
	for content, want := range map[string]string{
		"":                                 "1: the file is empty",
		" \n ":                             "the file is empty",
		"[]":                               "1: the file must hold one object",
		`"hunter2"`:                        "1: the file must hold one object",
		"{\n":                              "the file ends too early",
		"{\n\"a\": {\"b\": \"hunter2":      "the file ends too early",
		"{\n} {":                           "2: there is something after the end",
		"{}\nhunter2":                      "2: there is something after the end",
		"{\n// a comment hunter2\n}":       "2: JSON has no comments",
		"{\n\"a\": {} # hunter2\n}":        "2: JSON has no comments",
		"{\n\"a\": {},\n}":                 "3: a comma before the closing bracket is too much",
		"{\n\"a\": {}\n\"b\": {}}":         "3: a comma is missing",
		"{\n'a': {}}":                      "2: JSON has double quotation marks",
		"{\n\n\"a\": \"hunter2\n\"}":       "3: a text must end on its line",
		"{\n\"a\": hunter2}":               "2: this is not JSON",
		"\xef\xbb\xbf{}":                   "1: the file begins with a byte order mark",
		"{\n\"a\": \"\xff\"}":              "2: the file is not UTF-8",
		"{\n\"a\": {\"x\": 1,\n\"x\": 2}}": "3: a.x is a duplicate",
		"{\n\"a\": {}, \"a\": {}, \"b\": {\"c\": [{\"d\": 1, " +
			"\"d\": 2}]}}": "2: a is a duplicate\nf.json:2: b.c.d is a duplicate",
		strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}",
			20): "1: this is nested too deep",
		strings.Repeat(`[`, 1000000): "1: this is not JSON",
	} {
		_, err := settings.Parse("f.json", []byte(content))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(),
			"f.json:") || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%.80q: %v", content, err)
		}
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int) string {
		path := filepath.Join(dir, name)
		content := append([]byte("{}"), []byte(strings.Repeat(" ", size-2))...)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if _, err := settings.ReadFile(write("largest", 256<<10)); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{
		write("larger", 256<<10+1):  "too large",
		filepath.Join(dir, "none"):  "no such file",
		dir:                         "cannot be read",
		filepath.Join(dir, "a\x00"): "cannot be opened",
	} {
		if _, err := settings.ReadFile(path); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), path) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// Whatever a file holds, it is read or rejected in lines that begin with a place and show no
// secret.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		`{"acme": {"client_id": "c", "tenant": "x", "client_secret": "hunter2-hunter2"}}`,
		"{\n\"one\": {\"request_token_endpoint\": \"https://a.example\", " +
			"\"user\": {\"id\": \"a|b\"}, \"auth_params\": {\"a\": \"b\"}}}",
		`{"op": {"issuer": "https://op.example", "scopes": ["a"], "insecure_no_pkce": false, "user": []}}`,
		`{"a": {"a": 1, "a": 2}, "a": 3}`, "{\"\\u0000\\n\": {}}",
		"{\"x\": {\"vendor\": \"acme\", \"user\": {\"user\": {}}}}", "{} {}", "{//", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := settings.Parse("f.json", content)
		e := &settings.Env{Lookup: func(string) (string, bool) { return "", false }}
		if err != nil {
			e.Mistakes = append(e.Mistakes, err)
		}
		s := &settings.Source{Env: e, Document: d, Vendors: few}
		for name, p := range s.Providers() {
			if !directory.ValidName(name) || p == nil {
				t.Errorf("a provider %q, %v", name, p)
			}
		}
		for _, err := range e.Mistakes {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "f.json:") ||
					strings.Contains(line, "hunter2-hunter2") {
					t.Errorf("the mistake %q", line)
				}
			}
		}
	})
}
