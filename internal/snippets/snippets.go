// Package snippets keeps the code in the guides true: tests run the configurations that the guides
// show, and find their Go code in files that compile. Only tests import it.
package snippets

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Blocks returns the fenced blocks of a language in a Markdown file.
func Blocks(t testing.TB, guide, language string) []string {
	t.Helper()
	var blocks []string
	_, rest, found := strings.Cut(read(t, guide), "\n```"+language+"\n")
	for found {
		block, after, _ := strings.Cut(rest, "\n```")
		blocks = append(blocks, block+"\n")
		_, rest, found = strings.Cut(after, "\n```"+language+"\n")
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no block of %s", guide, language)
	}
	return blocks
}

// Compiled fails unless the lines of every Go block of the guide follow each other in one of the
// source files, indented in any way.
func Compiled(t testing.TB, guide string, sources ...string) {
	t.Helper()
	var code [][]string
	for _, source := range sources {
		code = append(code, lines(read(t, source)))
	}
	for _, block := range Blocks(t, guide, "go") {
		wanted := lines(strings.TrimSpace(block))
		if !slices.ContainsFunc(code, func(all []string) bool { return has(all, wanted) }) {
			t.Errorf("%s has code that is in none of %v:\n%s", guide, sources, block)
		}
	}
}

// Replace replaces each old text by the new one that follows it, and fails for a text that is
// missing.
func Replace(t testing.TB, text string, oldnew ...string) string {
	t.Helper()
	for i := 0; i+1 < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("%q is missing from:\n%s", oldnew[i], text)
		}
		text = strings.ReplaceAll(text, oldnew[i], oldnew[i+1])
	}
	return text
}

func read(t testing.TB, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func lines(text string) []string {
	all := strings.Split(text, "\n")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

func has(all, wanted []string) bool {
	for i := range len(all) - len(wanted) + 1 {
		if slices.Equal(all[i:i+len(wanted)], wanted) {
			return true
		}
	}
	return false
}
