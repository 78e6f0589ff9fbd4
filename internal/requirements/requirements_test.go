package requirements

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

func TestTableIsUpToDateAndComplete(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	all, faults, err := All()
	if err != nil {
		t.Fatal(err)
	}
	tests, err := Tests(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Missing(slices.Concat(all, faults), tests) {
		t.Errorf("no test shows %s: %s", r.Mark, r.Statement)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "docs", "security-requirements.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(Document(all, faults, tests)) {
		t.Error("docs/security-requirements.md is out of date: run go generate " +
			"./internal/requirements")
	}
}

func TestMarksAreFound(t *testing.T) {
	const source = `package x
// TestPlain shows R7, F8 and R8.
func TestPlain(t *testing.T) {
	// R9, R10: inside
}
func TestName_R33_Words(t *testing.T) {}
func TestName_F12(t *testing.T) {}
func TestNone(t *testing.T) { _ = "R99"; var R98 int }
func helper() { /* R97 */ }
// FuzzX: (R1/R2)
func FuzzX(f *testing.F) {}
`
	found, err := Tests(fstest.MapFS{"a/x_test.go": {Data: []byte(source)},
		"a/x.go": {Data: []byte("package x // R50")}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"R7": "TestPlain", "R8": "TestPlain", "F8": "TestPlain", "R9": "TestPlain",
		"R10": "TestPlain",
		"R33": "TestName_R33_Words", "F12": "TestName_F12", "R1": "FuzzX", "R2": "FuzzX",
	}
	for mark, name := range want {
		if len(found[mark]) != 1 || found[mark][0].Name != name {
			t.Errorf("%s is shown by %v, want %s", mark, found[mark], name)
		}
	}
	for mark := range found {
		if _, ok := want[mark]; !ok {
			t.Errorf("%s is not a mark, but found in %v", mark, found[mark])
		}
	}
}

func TestMissing(t *testing.T) {
	all := []Requirement{{Mark: "R1", Required: true}, {Mark: "F2", Required: true}, {Mark: "R3"}}
	missing := Missing(all, map[string][]Test{"R1": {{"f", "T"}}})
	if !slices.Equal(missing, all[1:2]) {
		t.Errorf("missing: %v, want only F2", missing)
	}
}
