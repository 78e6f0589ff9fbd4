package requirements

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

func TestTableIsUpToDateAndWithoutGap(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	tests, err := Tests(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Missing(all, tests) {
		t.Errorf("no test shows R%d: %s", r.Number, r.Statement)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "docs", "security-requirements.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(Table(all, tests)) {
		t.Error("docs/security-requirements.md is out of date: run go generate ./internal/requirements")
	}
}

func TestMarksAreFound(t *testing.T) {
	const source = `package x
// TestPlain shows R7 and R8.
func TestPlain(t *testing.T) {
	// R9, R10: inside
}
func TestName_R33_Words(t *testing.T) {}
func TestNone(t *testing.T) { _ = "R99"; var R98 int }
func helper() { /* R97 */ }
// FuzzX: (R1/R2)
func FuzzX(f *testing.F) {}
`
	found, err := Tests(fstest.MapFS{"a/x_test.go": {Data: []byte(source)}, "a/x.go": {Data: []byte("package x // R50")}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]string{7: "TestPlain", 8: "TestPlain", 9: "TestPlain", 10: "TestPlain", 33: "TestName_R33_Words", 1: "FuzzX", 2: "FuzzX"}
	for n, name := range want {
		if len(found[n]) != 1 || found[n][0].Name != name {
			t.Errorf("R%d is shown by %v, want %s", n, found[n], name)
		}
	}
	for n := range found {
		if _, ok := want[n]; !ok {
			t.Errorf("R%d is found where there is no mark: %v", n, found[n])
		}
	}
}

func TestMissingNamesWhatNoTestShows(t *testing.T) {
	all := []Requirement{{Number: 1, Required: true}, {Number: 2, Required: true}, {Number: 3}}
	missing := Missing(all, map[int][]Test{1: {{"f", "T"}}})
	if !slices.Equal(missing, all[1:2]) {
		t.Errorf("missing: %v, want R2 alone", missing)
	}
}
