package answer_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
)

var root = filepath.Join("..", "..")

func TestDocumentIsUpToDate(t *testing.T) {
	got, err := os.ReadFile(filepath.Join(root, "docs", "troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(answer.Document(answer.All())) {
		t.Error("docs/troubleshooting.md is out of date: run go generate ./internal/answer")
	}
}

// F10, F52: the code uses the outcomes of the table, and every outcome is used.
func TestTable_F52_IsComplete(t *testing.T) {
	used := codesIn(t, "handlers", "middleware", "internal/answer", "provider", "session", ".")
	for code := range used {
		base, _, _ := strings.Cut(code, "/")
		if _, known := used[base]; !known {
			used[base] = used[code] // a variant uses its outcome
		}
	}
	known := map[string]bool{}
	for _, o := range answer.All() {
		if known[o.Code] {
			t.Errorf("%s is in the table twice", o.Code)
		}
		known[o.Code] = true
		for _, v := range o.Variants {
			known[o.Code+"/"+v] = true
		}
	}
	for code := range known {
		if used[code] == "" {
			t.Errorf("nothing uses the outcome %q", code)
		}
	}
	for code, where := range used {
		if !known[code] {
			t.Errorf("%s uses the code %q, which is not in the table", where, code)
		}
	}
}

// F10: no outcome is a status that a CDN replaces or a load balancer treats as an outage, except
// for outages.
func TestTable_F10_Statuses(t *testing.T) {
	outages := []string{"provider_unavailable", "store_unavailable", "api_unavailable",
		"hook_timeout"}
	faults := []string{"internal_error", "hook_failed", "provider_misconfigured"} // ours
	for _, o := range answer.All() {
		switch {
		case o.Status == http.StatusServiceUnavailable && slices.Contains(outages, o.Code):
		case o.Status == http.StatusInternalServerError && slices.Contains(faults, o.Code):
		case o.Status == 0 || o.Status == 200 || 400 <= o.Status && o.Status < 500:
		default:
			t.Errorf("%s has the status %d", o.Code, o.Status)
		}
	}
}

func TestTable_SaysWhatToDo(t *testing.T) {
	for _, o := range answer.All() {
		if o.Cause == "" || o.Remedy == "" {
			t.Errorf("%s has no cause or no remedy", o.Code)
		}
	}
}

// F2: the answer is 500 for a panic, whatever it is wrapped in.
func TestFrom_F2_Panics(t *testing.T) {
	err := recovered.Call(func() error { panic("oops") })
	e := answer.From(&problem.Error{Status: 503, Code: "provider_unavailable", Err: err})
	if e.Status != 500 || e.Code != "internal_error" {
		t.Errorf("%d %s", e.Status, e.Code)
	}
}

// codesIn returns the codes that the packages use, and the file of each: literals that are passed
// to a function that takes a code, are the Code or Outcome of a literal, or are a provider.Fault.
func codesIn(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	used := map[string]string{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				for _, code := range codesOf(n) {
					used[code] = file
				}
				return true
			})
		}
	}
	return used
}

// codesOf returns the codes that one node uses.
func codesOf(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		if takesCode(n.Fun) {
			return texts(n.Args)
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Code" || key.Name == "Outcome") {
			return texts([]ast.Expr{n.Value})
		}
	case *ast.ValueSpec:
		if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "Fault" {
			return texts(n.Values)
		}
	}
	return nil
}

// takesCode reports whether the function is one of those that take a code.
func takesCode(f ast.Expr) bool {
	switch f := f.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"failed", "New"}, f.Name)
	case *ast.SelectorExpr:
		in, _ := f.X.(*ast.Ident)
		return slices.Contains([]string{"failed", "failedAt", "decided"}, f.Sel.Name) ||
			in != nil && in.Name == "answer" && f.Sel.Name == "New"
	}
	return false
}

// texts returns the string literals that look like a code.
func texts(exprs []ast.Expr) []string {
	var found []string
	for _, e := range exprs {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && text != "" &&
				!strings.ContainsAny(text, " :%") {
				found = append(found, text)
			}
		}
	}
	return found
}
