package arch

import (
	"bytes"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// widest is the maximum number of columns of a line of Go or Markdown. A tab has four.
const widest = 100

// generatedDocs are written by go generate. Their lines follow the data.
var generatedDocs = regexp.MustCompile(`^docs/(providers|settings|troubleshooting|security-requirements)\.md$`)

func TestLinesFit(t *testing.T) {
	var wide []string
	for ending, long := range map[string]func([]byte) map[int]string{
		".go": longCode, ".md": longProse,
	} {
		walk(t, ending, func(file string) {
			if generatedDocs.MatchString(file) {
				return
			}
			content, err := os.ReadFile(filepath.Join(top, file))
			if err != nil {
				t.Fatal(err)
			}
			for line, text := range long(content) {
				wide = append(wide, fmt.Sprintf("%s:%d: %s", file, line, text))
			}
		})
	}
	if len(wide) > 0 {
		slices.Sort(wide)
		t.Errorf("%d lines have more than %d columns: wrap them:\n%s", len(wide), widest,
			strings.Join(wide, "\n"))
	}
}

// longCode returns the lines of Go, by number, that are too wide, except those of raw strings.
func longCode(source []byte) map[int]string {
	long := longLines(source)
	if len(long) == 0 {
		return nil
	}
	files := token.NewFileSet()
	f := files.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(f, source, nil, 0)
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			return long
		}
		if kind == token.STRING && strings.HasPrefix(text, "`") {
			first := f.Line(pos)
			for line := range 1 + strings.Count(text, "\n") {
				delete(long, first+line)
			}
		}
	}
}

// longProse returns the lines of Markdown, by number, that are too wide. Tables, templates of
// tables and code blocks cannot be wrapped.
func longProse(source []byte) map[int]string {
	long := longLines(source)
	code := false
	for i, line := range strings.Split(string(source), "\n") {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if code = code != fence; code || fence || tableRow.MatchString(line) {
			delete(long, i+1)
		}
	}
	return long
}

var tableRow = regexp.MustCompile(`^ *(\||\{\{)`)

// unbreakable is a word that fills most of a line, such as a URL or the base string of a signature.
var unbreakable = regexp.MustCompile(`\S{60}`)

// longLines returns the lines, by number, that are too wide and could be wrapped.
func longLines(source []byte) map[int]string {
	long := map[int]string{}
	for i, line := range bytes.Split(source, []byte("\n")) {
		width := utf8.RuneCount(line) + 3*bytes.Count(line, []byte("\t"))
		if width > widest && !unbreakable.Match(line) {
			long[i+1] = string(line)
		}
	}
	return long
}

func TestLongLinesAreFound(t *testing.T) {
	x := strings.Repeat("x ", 55)
	code := longCode([]byte("package x\n\n// " + x + "\n\t\t\tf(a, " + x + ")\nvar s = `" + x + x +
		"\n" + x + "`\n// https://x.example/" + strings.Repeat("x", 90) + "\n"))
	if len(code) != 2 || code[3] == "" || code[4] == "" {
		t.Errorf("long lines of code: %v", code)
	}
	prose := longProse([]byte("a " + x + "\n| " + x + "\n```\n" + x + "\n```\n" + x))
	if len(prose) != 2 || prose[1] == "" || prose[6] == "" {
		t.Errorf("long lines of prose: %v", prose)
	}
}
