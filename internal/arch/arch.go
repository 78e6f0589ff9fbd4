// Package arch holds the rules on how the house is built, as tests: which package may import which,
// what every package must document, what must not be there at all. Each rule says why.
package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

const module = "github.com/sallyport-go/sallyport"

// A rule says what the packages at and below Package must not import.
type rule struct {
	pkg    string   // relative to the module; "" is the root package
	forbid []string // path prefixes; those of the module begin with "./"
	why    string
}

// The library packages; examples, tests and tools are free to import them.
var library = []string{
	"", "session", "session/redisstore", "provider", "vendors", "problem", "handlers", "middleware", "internal/answer",
	"internal/bounded", "internal/loopback", "internal/oauth1", "internal/page", "internal/recovered", "internal/settings", "internal/typednil",
}

// A nested module has a go.mod of its own, for dependencies that not everybody wants.
type nested struct {
	dir       string
	testsOnly bool // no package of it is imported: the rules on packages do not matter
	approved  []string
}

// The nested modules and what they may depend on directly, besides the root module.
var modules = []nested{
	{"e2e", true, []string{"github.com/zitadel/oidc/v3", "github.com/chromedp/chromedp", "github.com/chromedp/cdproto", "honnef.co/go/tools"}},
	{"example", false, []string{module + "/session/redisstore"}},
	{"session/redisstore", false, []string{"github.com/redis/go-redis/v9", "github.com/alicebob/miniredis/v2"}},
}

const exampleRule = "an example shows what applications can write, which cannot import internal packages"

var rules = []rule{
	{"session", []string{"./provider", "./handlers", "./middleware", "./problem", "golang.org/x/oauth2", "github.com/coreos/go-oidc", "github.com/go-jose"},
		"session is what is remembered and how it is sealed; it knows no OAuth and no routes"},
	{"session/redisstore", []string{"./provider", "./handlers", "./middleware", "./problem"}, "a store knows sessions, not how they come about"},
	{"provider", []string{"./handlers", "./middleware", "./problem", "./internal/page", "github.com/gorilla", "html/template"},
		"provider obtains identities; it keeps no cookies and serves no HTTP"},
	{"provider", []string{"./vendors", "./internal/settings"}, "a protocol does not know who speaks it"},
	{"vendors", []string{"./handlers", "./middleware", "./problem", "./internal", "github.com/go-jose", "github.com/coreos/go-oidc"},
		"vendors use only what provider exports: this proves that the public API is enough to add one"},
	{"problem", []string{"./provider", "./handlers", "./middleware"}, "how failures are answered does not depend on what failed"},
	{"middleware", []string{"./handlers"}, "the guards know the login by its URL only"},
	{"handlers", []string{"./middleware"}, "the routes of a login do not depend on what they guard"},
	{"internal/bounded", []string{"./"}, "a cache knows nothing of what it keeps"},
	{"internal/recovered", []string{"./"}, "everybody recovers, so it knows nobody"},
	{"example", []string{"./internal"}, exampleRule},
	{"example/fromfile", []string{"./internal"}, exampleRule},
	{"example/tenants", []string{"./internal"}, exampleRule},
	{"internal/typednil", []string{"./"}, "it knows values, not what they are for"},
	{"internal/answer", []string{"./"}, "the table of outcomes is words only"},
	{"internal/page", []string{"./session", "./provider", "./problem", "./handlers", "./middleware"}, "a page is layout only"},
	{"internal/oauth1", []string{"./session", "./provider", "./problem", "./handlers", "./middleware"}, "signing knows nothing of the flow"},
	{"internal/settings", []string{"./session", "./problem", "./handlers", "./middleware", "net/http/httptest"}, "what is written down makes providers, and nothing else"},
	{"authtest", []string{"./handlers", "./middleware", "./problem", "./internal/oauth1"}, "a provider for tests must not share code with what it tests"},
}

// allRules are the rules, and what holds for every library package.
func allRules() []rule {
	var all []rule
	for _, pkg := range library {
		all = append(all, rule{pkg, []string{"./authtest", "./example", "./internal/rig", "testing"}, "test code must not be linked into applications"})
	}
	return append(all, rules...)
}

// A pkg is what the rules look at.
type pkg struct {
	path    string // relative to the module
	imports []string
	files   map[string]*ast.File // without tests
}

// forbiddenImports returns a sentence for each import that breaks a rule.
func forbiddenImports(pkgs []pkg, rules []rule) []string {
	var broken []string
	for _, r := range rules {
		for _, p := range pkgs {
			if p.path != r.pkg {
				continue
			}
			for _, imported := range p.imports {
				if matches(imported, r.forbid) {
					broken = append(broken, fmt.Sprintf("package %q imports %s: %s", p.path, imported, r.why))
				}
			}
		}
	}
	return broken
}

func matches(imported string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		if own, ok := strings.CutPrefix(prefix, "./"); ok {
			prefix = module + "/" + own
		}
		return imported == prefix || strings.HasPrefix(imported, prefix+"/")
	})
}

// packageDocs returns a sentence for each package that has not exactly one package comment.
func packageDocs(pkgs []pkg) []string {
	var broken []string
	for _, p := range pkgs {
		docs := 0
		for _, f := range p.files {
			if f.Doc != nil {
				docs++
			}
		}
		if docs != 1 {
			broken = append(broken, fmt.Sprintf("package %q has %d package comments, want one", p.path, docs))
		}
	}
	return broken
}

// undocumented returns a sentence for each exported name without a comment that begins with it.
func undocumented(pkgs []pkg) []string {
	var broken []string
	for _, p := range pkgs {
		for name, f := range p.files {
			for _, d := range f.Decls {
				for _, missing := range undocumentedIn(d) {
					broken = append(broken, fmt.Sprintf("%s: exported %s needs a comment that begins with its name", path.Join(p.path, name), missing))
				}
			}
		}
	}
	slices.Sort(broken)
	return broken
}

func undocumentedIn(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) && !begins(d.Doc, d.Name.Name) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		return undocumentedSpecs(d)
	}
	return nil
}

func undocumentedSpecs(d *ast.GenDecl) []string {
	var missing []string
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && !begins(s.Doc, s.Name.Name) && !begins(d.Doc, s.Name.Name) {
				missing = append(missing, s.Name.Name)
			}
		case *ast.ValueSpec: // a group may share one comment
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && d.Doc == nil {
					missing = append(missing, name.Name)
				}
			}
		}
	}
	return missing
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	name, ok := t.(*ast.Ident)
	return ok && name.IsExported()
}

func begins(doc *ast.CommentGroup, name string) bool {
	text := strings.TrimSpace(doc.Text())
	for _, article := range []string{"", "A ", "An ", "The ", "Deprecated: "} {
		if rest, ok := strings.CutPrefix(text, article+name); ok && (rest == "" || !token.IsIdentifier(rest[:1])) {
			return true
		}
	}
	return false
}

// initFuncs returns a sentence for each init function.
func initFuncs(pkgs []pkg) []string {
	var broken []string
	for _, p := range pkgs {
		for name, f := range p.files {
			for _, d := range f.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					broken = append(broken, fmt.Sprintf("%s: func init: work is done when it is asked for", path.Join(p.path, name)))
				}
			}
		}
	}
	return broken
}

// bareGoroutines returns a sentence for each goroutine that is started without recovery: by a go
// statement, or by a singleflight.Group, which panics in a goroutine of its own.
func bareGoroutines(pkgs []pkg) []string {
	var broken []string
	for _, p := range pkgs {
		if !slices.Contains(library, p.path) || p.path == "internal/recovered" {
			continue
		}
		for name, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				if what := startsBare(n); what != "" {
					broken = append(broken, fmt.Sprintf("%s: %s: a panic would end the process; use internal/recovered",
						path.Join(p.path, name), what))
				}
				return true
			})
		}
	}
	return broken
}

// startsBare names what starts a goroutine in which a panic is not recovered.
func startsBare(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go statement"
	case *ast.CallExpr:
		called, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || len(n.Args) == 0 {
			return ""
		}
		switch name := called.Sel.Name; name {
		case "AfterFunc":
			return name
		case "DoChan":
			if !recoversFirst(n.Args[len(n.Args)-1]) {
				return name + " of a function that does not recover"
			}
		}
	}
	return ""
}

// recoversFirst reports whether a function literal does nothing but call into internal/recovered.
func recoversFirst(f ast.Expr) bool {
	literal, ok := f.(*ast.FuncLit)
	if !ok || len(literal.Body.List) != 1 {
		return false
	}
	result, ok := literal.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(result.Results) != 1 {
		return false
	}
	call, ok := result.Results[0].(*ast.CallExpr)
	if !ok {
		return false
	}
	called, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := called.X.(*ast.Ident)
	return ok && from.Name == "recovered"
}
