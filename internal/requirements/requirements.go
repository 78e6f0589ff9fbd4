// Package requirements connects the security requirements and past faults with the tests that show
// them, and tests the library against them.
//
// The lists are requirements.tsv (R1, R2, ...) and faults.tsv (F1, F2, ...). A test shows R33 if
// its name contains "_R33_" or ends with "_R33", or if its doc comment or a comment inside it
// mentions R33. To generate docs/security-requirements.md, run
//
//	go generate ./internal/requirements
//
// A test fails if the file is out of date, or if no test shows an entry of state "required".
package requirements

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:generate go run ./generate

//go:embed requirements.tsv
var requirementList string

//go:embed faults.tsv
var faultList string

// A Requirement is an entry of a list. A fault is stated as the behavior that must hold instead.
type Requirement struct {
	Mark      string // R33 or F12
	Level     string // MUST, MUST NOT, SHOULD; empty for faults
	Required  bool   // a test must show it
	Statement string
}

// All returns the requirements and the faults, each in numerical order.
func All() (requirements, faults []Requirement, err error) {
	if requirements, err = parse(requirementList, "R", 4); err != nil {
		return nil, nil, err
	}
	faults, err = parse(faultList, "F", 3)
	return requirements, faults, err
}

// parse parses a list. Each line has a mark, a level (in lists with four fields), a state and a
// statement.
func parse(list, kind string, fields int) ([]Requirement, error) {
	var all []Requirement
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != fields {
			return nil, fmt.Errorf("requirements: %q has %d fields, want %d", line,
				len(row), fields)
		}
		r := Requirement{Mark: row[0], Statement: row[fields-1]}
		if fields == 4 {
			r.Level = row[1]
		}
		if r.Mark != fmt.Sprint(kind, len(all)+1) {
			return nil, fmt.Errorf("requirements: %s is out of order, want %s%d", r.Mark, kind,
				len(all)+1)
		}
		switch state := row[fields-2]; state {
		case "required":
			r.Required = true
		case "later":
		default:
			return nil, fmt.Errorf("requirements: %s has state %q, want required or later",
				r.Mark, state)
		}
		all = append(all, r)
	}
	return all, nil
}

// A Test is a test that shows requirements.
type Test struct{ File, Name string }

var mark = regexp.MustCompile(`(?:^|[^A-Za-z0-9])([RF][0-9]{1,3})(?:[^A-Za-z0-9]|$)`)

// Tests returns, by mark, the tests under root that show requirements.
func Tests(root fs.FS) (map[string][]Test, error) {
	found := map[string][]Test{}
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		shown, err := marksOf(file, source)
		for name, marks := range shown {
			for _, m := range marks {
				found[m] = append(found[m], Test{file, name})
			}
		}
		return err
	})
	for _, tests := range found {
		slices.SortFunc(tests, func(a, b Test) int {
			return strings.Compare(a.File+a.Name, b.File+b.Name)
		})
	}
	return found, err
}

// marksOf returns, by name, the marks of the tests, fuzz tests and benchmarks in a file.
func marksOf(file string, source []byte) (map[string][]string, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	shown := map[string][]string{}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !isTest(f.Name.Name) {
			continue
		}
		text := strings.ReplaceAll(f.Name.Name, "_", " ") + " " + f.Doc.Text()
		for _, group := range parsed.Comments {
			if f.Pos() <= group.Pos() && group.End() <= f.End() {
				text += " " + group.Text()
			}
		}
		if marks := marksIn(text); len(marks) > 0 {
			shown[f.Name.Name] = marks
		}
	}
	return shown, nil
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") ||
		strings.HasPrefix(name, "Benchmark")
}

// marksIn returns the distinct marks in a text, such as "R5, F6".
func marksIn(text string) []string {
	set := map[string]bool{}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return strings.ContainsRune(" ,;:.()/\n\t", r)
	}) {
		if m := mark.FindStringSubmatch(word); m != nil {
			set[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Missing returns the required entries that no test shows.
func Missing(all []Requirement, tests map[string][]Test) []Requirement {
	return slices.DeleteFunc(slices.Clone(all), func(r Requirement) bool {
		return !r.Required || len(tests[r.Mark]) > 0
	})
}

// Document returns docs/security-requirements.md.
func Document(requirements, faults []Requirement, tests map[string][]Test) []byte {
	var b bytes.Buffer
	b.WriteString("# Security requirements and their tests\n\n" +
		"Generated by `go generate ./internal/requirements`; do not edit. Entries marked " +
		"open have no " +
		"test, because the feature is not implemented yet.\n\n" +
		"| | level | requirement | shown by |\n|---|---|---|---|\n")
	for _, r := range requirements {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Mark, r.Level, cell(r.Statement),
			links(tests[r.Mark]))
	}
	b.WriteString("\n## Past faults and their regression tests\n\n" +
		"Faults found by users, audits and trials. Each entry states the correct behavior.\n\n" +
		"| | correct behavior | shown by |\n|---|---|---|\n")
	for _, f := range faults {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Mark, cell(f.Statement), links(tests[f.Mark]))
	}
	return b.Bytes()
}

// cell escapes text for a table cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func links(tests []Test) string {
	if len(tests) == 0 {
		return "open"
	}
	shown := make([]string, 0, len(tests))
	for _, t := range tests {
		shown = append(shown, fmt.Sprintf("[%s](../%s)", t.Name, path.Clean(t.File)))
	}
	return strings.Join(shown, "<br>")
}
