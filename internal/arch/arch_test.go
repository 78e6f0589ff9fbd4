package arch

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const top = "../.."

// parsePackages parses the packages of the repository, except tests and modules that only hold
// tests.
func parsePackages(t *testing.T) []pkg {
	t.Helper()
	byPath := map[string]*pkg{}
	files := token.NewFileSet()
	walk(t, ".go", func(file string) {
		dir := filepath.ToSlash(filepath.Dir(file))
		if dir == "." {
			dir = ""
		}
		if strings.HasSuffix(file, "_test.go") || testsOnly(dir) {
			return
		}
		parsed, err := parser.ParseFile(files, filepath.Join(top, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		p := byPath[dir]
		if p == nil {
			p = &pkg{path: dir, files: map[string]*ast.File{}}
			byPath[dir] = p
		}
		p.files[filepath.Base(file)] = parsed
		for _, spec := range parsed.Imports {
			p.imports = append(p.imports, strings.Trim(spec.Path.Value, `"`))
		}
	})
	var pkgs []pkg
	for _, p := range byPath {
		pkgs = append(pkgs, *p)
	}
	return pkgs
}

// walk calls f with the path, relative to the root, of each file of the repository whose name has
// the ending.
func walk(t *testing.T, ending string, f func(file string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(top), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "artifacts") {
			return fs.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(file, ending) {
			f(file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func report(t *testing.T, broken []string) {
	t.Helper()
	for _, sentence := range broken {
		t.Error(sentence)
	}
}

func TestImportsRunOneWay(t *testing.T) {
	report(t, forbiddenImports(parsePackages(t), allRules()))
}

func TestEveryPackageHasOneDoc(t *testing.T) { report(t, packageDocs(parsePackages(t))) }

func TestEveryExportedNameIsDocumented(t *testing.T) { report(t, undocumented(parsePackages(t))) }

// F2
func TestGoroutinesRecover_F2(t *testing.T) { report(t, bareGoroutines(parsePackages(t))) }

func TestNoInit(t *testing.T) { report(t, initFuncs(parsePackages(t))) }

// testsOnly reports whether a directory belongs to a nested module that is never imported.
func testsOnly(dir string) bool {
	return slices.ContainsFunc(modules, func(m nested) bool {
		return m.testsOnly && (dir == m.dir || strings.HasPrefix(dir, m.dir+"/"))
	})
}

// R159
func TestDependenciesAreApproved_R159(t *testing.T) {
	reasons, err := os.ReadFile(filepath.Join(top, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	root := nested{dir: ".", approved: []string{
		"github.com/coreos/go-oidc/v3", "golang.org/x/oauth2", "github.com/gorilla/sessions",
		"github.com/gorilla/securecookie",
		"github.com/go-jose/go-jose/v4", "golang.org/x/sync",
	}}
	for _, m := range append([]nested{root}, modules...) {
		for _, dependency := range direct(t, filepath.Join(top, m.dir, "go.mod")) {
			if dependency == module {
				continue
			}
			if !slices.Contains(m.approved, dependency) {
				t.Errorf("the module in %s depends on %s, which is not approved: "+
					"move a heavy dependency to a nested module", m.dir, dependency)
			}
			if !strings.HasPrefix(dependency, module) && !bytes.Contains(reasons,
				[]byte("| "+dependency+" |")) {
				t.Errorf("CONTRIBUTING.md gives no reason for the dependency %s", dependency)
			}
		}
	}
}

// Every nested module is listed here, in go.work and in the CI script.
func TestNestedModulesAreListed(t *testing.T) {
	var found []string
	walk(t, "go.mod", func(file string) {
		if dir := filepath.ToSlash(filepath.Dir(file)); dir != "." {
			found = append(found, dir)
		}
	})
	for _, m := range modules {
		if !slices.Contains(found, m.dir) {
			t.Errorf("%s has no go.mod", m.dir)
		}
	}
	for _, where := range []string{"go.work", ".ci/run"} {
		content, err := os.ReadFile(filepath.Join(top, where))
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range found {
			if !slices.ContainsFunc(modules, func(m nested) bool { return m.dir == dir }) {
				t.Errorf("%s is missing from the list of nested modules", dir)
			}
			if !bytes.Contains(content, []byte("./"+dir)) {
				t.Errorf("%s does not mention ./%s", where, dir)
			}
		}
	}
}

// direct returns the direct dependencies in a go.mod.
func direct(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		line := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "require ")
		fields := strings.Fields(line)
		if len(fields) == 2 && strings.Contains(fields[0], ".") &&
			strings.HasPrefix(fields[1], "v") {
			modules = append(modules, fields[0])
		}
	}
	return modules
}

func TestFilesHoldOneIdea(t *testing.T) {
	const longest = 320
	vague := []string{"util.go", "utils.go", "common.go", "helpers.go", "helper.go", "types.go",
		"misc.go"}
	walk(t, ".go", func(file string) {
		if slices.Contains(vague, filepath.Base(file)) {
			t.Errorf("%s: the name does not describe the content", file)
		}
		content, err := os.ReadFile(filepath.Join(top, file))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(content, []byte("\n")); n > longest && !strings.HasSuffix(file,
			"_test.go") {
			t.Errorf("%s has %d lines, at most %d: split it by idea", file, n, longest)
		}
	})
}

func TestNoMachinePaths(t *testing.T) {
	machine := regexp.MustCompile(`(^|[^a-zA-Z0-9_.])/(work|farm|root)/[a-z.]`)
	for _, ending := range []string{".go", ".md", ".html", ".css", ".mod", ".json", ".tsv"} {
		walk(t, ending, func(file string) {
			content, err := os.ReadFile(filepath.Join(top, file))
			if err != nil {
				t.Fatal(err)
			}
			if machine.Match(content) {
				t.Errorf("%s contains a path of one developer's machine", file)
			}
		})
	}
}

// The checks above can fail.
func TestChecksCanFail(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x

func Exported() {}

type T struct{}

// not the name
func (T) Method() {}

var V = 1

func init() {}

func bare() {
	go bare()
	time.AfterFunc(0, bare)
	flight.DoChan("", func() (any, error) { return nil, nil })
	flight.DoChan("", func() (any, error) { return recovered.Get(f) })
}
`, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	bad := []pkg{{path: "session", imports: []string{module + "/provider/x", "testing"},
		files: map[string]*ast.File{"x.go": parsed}}}
	for name, check := range map[string]struct{ got, want int }{
		"imports":  {len(forbiddenImports(bad, allRules())), 2},
		"docs":     {len(packageDocs(bad)), 1},
		"exported": {len(undocumented(bad)), 4},
		"init":     {len(initFuncs(bad)), 1},
		"bare":     {len(bareGoroutines(bad)), 3},
	} {
		if check.got != check.want {
			t.Errorf("%s: %d errors, want %d", name, check.got, check.want)
		}
	}
}
