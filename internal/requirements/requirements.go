// Package requirements keeps the security requirements, the known faults, and the tests that show
// them together.
//
// The lists are requirements.tsv (R1, R2, ...) and faults.tsv (F1, F2, ...). A test shows R33 when its
// name contains "_R33_" (or ends with "_R33") or when its comment, or a comment inside of it, mentions
// R33; the same with F12. Running
//
//	go generate ./internal/requirements
//
// writes docs/security-requirements.md; a test fails when that is out of date or when no test shows an
// entry of state "required".
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

// A Requirement is one line of a list: what must hold, or what was once wrong, stated as it must be.
type Requirement struct {
	Mark      string // R33 or F12
	Level     string // MUST, MUST NOT, SHOULD; empty for faults
	Required  bool   // must be shown by a test now
	Statement string
}

// All returns the requirements and the faults in the order of their numbers.
func All() (requirements, faults []Requirement, err error) {
	if requirements, err = parse(requirementList, "R", 4); err != nil {
		return nil, nil, err
	}
	faults, err = parse(faultList, "F", 3)
	return requirements, faults, err
}

// parse reads a list. Its lines have a mark, a level if there are four fields, a state and a statement.
func parse(list, kind string, fields int) ([]Requirement, error) {
	var all []Requirement
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != fields {
			return nil, fmt.Errorf("requirements: %q has %d fields, not %d", line, len(row), fields)
		}
		r := Requirement{Mark: row[0], Statement: row[fields-1]}
		if fields == 4 {
			r.Level = row[1]
		}
		if r.Mark != fmt.Sprint(kind, len(all)+1) {
			return nil, fmt.Errorf("requirements: %s is not the next number", r.Mark)
		}
		switch state := row[fields-2]; state {
		case "required":
			r.Required = true
		case "later":
		default:
			return nil, fmt.Errorf("requirements: %s has the state %q, not required or later", r.Mark, state)
		}
		all = append(all, r)
	}
	return all, nil
}

// A Test is a test that shows requirements.
type Test struct{ File, Name string }

var mark = regexp.MustCompile(`(?:^|[^A-Za-z0-9])([RF][0-9]{1,3})(?:[^A-Za-z0-9]|$)`)

// Tests finds the tests below root that show requirements, by mark.
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
		slices.SortFunc(tests, func(a, b Test) int { return strings.Compare(a.File+a.Name, b.File+b.Name) })
	}
	return found, err
}

// marksOf returns the requirements that the tests, fuzz tests and benchmarks of a file show.
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
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Benchmark")
}

// marksIn returns the marks in a text, each once. Marks may stand side by side: "R5, F6".
func marksIn(text string) []string {
	set := map[string]bool{}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" ,;:.()/\n\t", r) }) {
		if m := mark.FindStringSubmatch(word); m != nil {
			set[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Missing returns the required ones that no test shows.
func Missing(all []Requirement, tests map[string][]Test) []Requirement {
	return slices.DeleteFunc(slices.Clone(all), func(r Requirement) bool {
		return !r.Required || len(tests[r.Mark]) > 0
	})
}

// Document returns docs/security-requirements.md.
func Document(requirements, faults []Requirement, tests map[string][]Test) []byte {
	var b bytes.Buffer
	b.WriteString("# Security requirements and the tests that show them\n\n" +
		"Generated by `go generate ./internal/requirements`; do not edit. An entry without a test " +
		"belongs to work that is still open.\n\n" +
		"| | level | requirement | shown by |\n|---|---|---|---|\n")
	for _, r := range requirements {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Mark, r.Level, cell(r.Statement), links(tests[r.Mark]))
	}
	b.WriteString("\n## Faults and the tests that keep them away\n\n" +
		"What was once wrong, found by users, audits and trials. Each entry states what holds now.\n\n" +
		"| | what holds | shown by |\n|---|---|---|\n")
	for _, f := range faults {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Mark, cell(f.Statement), links(tests[f.Mark]))
	}
	return b.Bytes()
}

// cell writes text into a cell of a table.
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
