package arch

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

//go:embed audiences.txt
var audienceTable string

// readAudiences parses lines such as "session.Codec store".
func readAudiences(t *testing.T) map[string]string {
	t.Helper()
	table := map[string]string{}
	for line := range strings.Lines(audienceTable) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) != 2 || table[fields[0]] != "" {
			t.Fatalf("audiences.txt: %q is a duplicate, or not a name and its audience", line)
		}
		table[fields[0]] = fields[1]
	}
	return table
}

// Every exported name has an audience, and no audience has more names than its ceiling.
func TestExportsStayWithinBudgets(t *testing.T) {
	all, broken := byAudience(parsePackages(t), readAudiences(t))
	report(t, broken)
	report(t, stale(parsePackages(t), readAudiences(t)))
	report(t, overCeiling(all, audiences))
	for _, a := range audiences {
		t.Logf("%-12s %3d names, budget %3d, ceiling %3d%s",
			a.name, len(all[a.name]), a.budget, a.ceiling, excess(len(all[a.name])-a.budget))
		for _, name := range all[a.name] {
			t.Logf("  %s", name)
		}
	}
}

func excess(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(": %d too many", n)
}

// The checks of exports can fail, and ignore what is not counted.
func TestExports_CanFail(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x

import "github.com/sallyport-go/sallyport/internal/wiring"

const A, b = 1, 2

type Getter interface{ Get() }

type T struct{ Field int }

func (*T) Get() {}

type Backend interface{ Get(); Put() }

func (*T) Put2() {}

type U struct{}

func (U) Put() {} // without Get: not a Backend

func (T) Method() {}

func (T) String() string { return "" }

func (t) Hidden() {}

func F() {}

func New(wiring.Login) {}
`, 0)
	if err != nil {
		t.Fatal(err)
	}
	bad := []pkg{{path: "session", files: map[string]*ast.File{"x.go": parsed}}}
	want := []string{
		"A", "Backend", "Backend.Get", "Backend.Put", "F", "Getter", "Getter.Get", "New", "T",
		"T.Method", "T.Put2", "U", "U.Put",
	}
	if got := exports(bad[0]); !slices.Equal(got, want) {
		t.Errorf("the exports are %v, want %v", got, want)
	}
	table := map[string]string{
		"session.A": "store", "session.Getter": "store", "session.T": "siblings",
		"session.U":        "siblings",
		"session.T.Method": "cats", "session.Backend": "store",
	}
	all, broken := byAudience(bad, table)
	if len(broken) != 1 || !strings.Contains(broken[0], "session.F") {
		t.Errorf("a name without an audience: %v", broken)
	}
	if got := all[closed]; !slices.Equal(got, []string{"session.New"}) {
		t.Errorf("functions that applications cannot call: %v", got)
	}
	table["session.Gone"] = "store"
	if got := stale(bad, table); len(got) != 1 || !strings.Contains(got[0], "session.Gone") {
		t.Errorf("the name that is gone: %v", got)
	}
	got := overCeiling(all, []audience{{"store", 0, 5}, {"siblings", 0, 4}, {closed, 0, 1}})
	if len(got) != 2 {
		t.Errorf("an audience above its ceiling and an unknown audience: %v", got)
	}
}
