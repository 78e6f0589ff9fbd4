// Package arch checks the architecture of the module in tests: the allowed imports, the required
// documentation, and constructs that the library does not use. Each rule gives its reason.
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

// A rule lists what a package must not import, and why.
type rule struct {
	pkg    string   // relative to the module; "" is the root package
	forbid []string // import path prefixes; "./" is the root of the module
	why    string
}

// library lists the packages that applications link. They must not import test code.
var library = []string{
	"", "session", "session/redisstore", "provider", "vendors", "problem", "handlers", "middleware",
	"internal/answer", "internal/authparams", "adapters/gin",
	"internal/backoff", "internal/bounded", "internal/cookies", "internal/directory",
	"internal/engine", "internal/logtext", "internal/loopback", "internal/oauth1",
	"internal/recovered", "internal/relay", "internal/settings", "internal/testsecret",
	"internal/typednil", "internal/wiring",
}

// A nested module has its own go.mod, for dependencies that only some applications need.
type nested struct {
	dir       string
	testsOnly bool     // never imported, so the rules for packages do not apply
	approved  []string // direct dependencies, besides the root module
}

// modules lists the nested modules.
var modules = []nested{
	{"e2e", true, []string{"github.com/zitadel/oidc/v3", "github.com/chromedp/chromedp",
		"github.com/chromedp/cdproto", "github.com/rs/cors", "honnef.co/go/tools"}},
	{"e2e/routers", true, []string{"github.com/go-chi/chi/v5", "github.com/gorilla/mux",
		"github.com/labstack/echo/v4", "github.com/gin-gonic/gin",
		"github.com/julienschmidt/httprouter", "github.com/danielgtaylor/huma/v2",
		"connectrpc.com/connect", "github.com/a-h/templ", "google.golang.org/protobuf",
		module + "/adapters/gin"}},
	{"adapters/gin", false, []string{"github.com/gin-gonic/gin"}},
	{"example", false, []string{module + "/session/redisstore"}},
	{"session/redisstore", false, []string{"github.com/redis/go-redis/v9",
		"github.com/alicebob/miniredis/v2"}},
}

const exampleRule = "applications, which examples stand for, cannot import internal packages"

var rules = []rule{
	{"session", []string{"./provider", "./handlers", "./middleware", "./problem",
		"golang.org/x/oauth2", "github.com/coreos/go-oidc", "github.com/go-jose"},
		"session stores and seals state; OAuth and routes belong elsewhere"},
	{"session/redisstore", []string{"./provider", "./handlers", "./middleware", "./problem"},
		"a store handles sessions, not logins"},
	{"provider", []string{"./handlers", "./middleware", "./problem", "./internal/answer",
		"github.com/gorilla", "html/template"},
		"provider obtains identities; cookies and routes belong elsewhere"},
	{"provider", []string{"./vendors", "./internal/settings"}, "protocols do not know vendors"},
	{"vendors", []string{"./handlers", "./middleware", "./problem", "./internal", "golang.org",
		"github.com/go-jose", "github.com/coreos", "github.com/gorilla"},
		"vendors use only the public API of provider, which proves that it is enough to add one"},
	{"problem", []string{"./"}, "an error is data; internal/answer writes it"},
	{"middleware", []string{"./handlers"}, "guards refer to the login by URL only"},
	{"handlers", []string{"./middleware"}, "the login routes must not depend on the guards"},
	{"internal/logtext", []string{"./"}, "it inspects text only"},
	{"internal/engine", []string{"./"}, "package session imports it"},
	{"internal/authparams", []string{"./"}, "rules about names need no imports"},
	{"internal/cookies", []string{"./"}, "cookies are written for sessions and logins alike"},
	{"internal/backoff", []string{"./"}, "it only counts and adds"},
	{"internal/bounded", []string{"./"}, "a cache must not depend on what it stores"},
	{"internal/recovered", []string{"./"}, "every package imports it"},
	{"example", []string{"./internal"}, exampleRule},
	{"example/fromfile", []string{"./internal"}, exampleRule},
	{"example/ownlogins", []string{"./internal"}, exampleRule},
	{"example/tenants", []string{"./internal"}, exampleRule},
	{"example/spa", []string{"./internal"}, exampleRule},
	{"example/subdomains", []string{"./internal"}, exampleRule},
	{"internal/testsecret", []string{"./"}, "a constant needs no imports"},
	{"internal/typednil", []string{"./"}, "it inspects values of any type"},
	{"internal/answer", []string{"./provider", "./handlers", "./middleware"},
		"responses must not depend on the package that failed"},
	{"internal/directory", []string{"./handlers", "./middleware", "./problem", "./vendors"},
		"finding a provider does not depend on what it is needed for"},
	{"internal/wiring", []string{"./handlers", "./middleware"},
		"the constructors of both take its types"},
	{"internal/oauth1", []string{"./session", "./provider", "./problem", "./handlers",
		"./middleware"}, "signing must not depend on the authorization flow"},
	{"internal/settings", []string{"./session", "./problem", "./handlers", "./middleware",
		"net/http/httptest"}, "settings create providers only"},
	{"authtest", []string{"./handlers", "./middleware", "./problem", "./internal/oauth1"},
		"a test provider must not share code with the code under test"},
}

// allRules returns the rules, including those for every library package.
func allRules() []rule {
	var all []rule
	for _, pkg := range library {
		all = append(all, rule{pkg, []string{"./authtest", "./example", "./internal/rig",
			"./internal/ratio", "./internal/snippets", "./internal/testcert", "testing"},
			"test code must not be linked into applications"})
	}
	return append(all, rules...)
}

// A pkg is a parsed package.
type pkg struct {
	path    string // relative to the module
	imports []string
	files   map[string]*ast.File // without tests
}

// forbiddenImports returns an error text for each import that breaks a rule.
func forbiddenImports(pkgs []pkg, rules []rule) []string {
	var broken []string
	for _, r := range rules {
		for _, p := range pkgs {
			if p.path != r.pkg {
				continue
			}
			for _, imported := range p.imports {
				if matches(imported, r.forbid) {
					broken = append(broken, fmt.Sprintf("package %q imports %s: %s", p.path,
						imported, r.why))
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

// packageDocs returns an error text for each package without exactly one package comment.
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
			broken = append(broken, fmt.Sprintf("package %q has %d package comments, want one",
				p.path, docs))
		}
	}
	return broken
}

// undocumented returns an error text for each exported name without a doc comment that begins with
// it.
func undocumented(pkgs []pkg) []string {
	var broken []string
	for _, p := range pkgs {
		for name, f := range p.files {
			for _, d := range f.Decls {
				for _, missing := range undocumentedIn(d) {
					broken = append(broken,
						fmt.Sprintf("%s: exported %s needs a comment that begins with its name",
							path.Join(p.path, name), missing))
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
		if rest, ok := strings.CutPrefix(text, article+name); ok &&
			(rest == "" || !token.IsIdentifier(rest[:1])) {
			return true
		}
	}
	return false
}

// initFuncs returns an error text for each init function.
func initFuncs(pkgs []pkg) []string {
	var broken []string
	for _, p := range pkgs {
		for name, f := range p.files {
			for _, d := range f.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					broken = append(broken,
						fmt.Sprintf("%s: func init: importing a package must not run code",
							path.Join(p.path, name)))
				}
			}
		}
	}
	return broken
}

// bareGoroutines returns an error text for each goroutine that does not recover panics. Goroutines
// start with a go statement, time.AfterFunc or singleflight.Group.DoChan.
func bareGoroutines(pkgs []pkg) []string {
	var broken []string
	for _, p := range pkgs {
		if !slices.Contains(library, p.path) || p.path == "internal/recovered" {
			continue
		}
		for name, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				if what := startsBare(n); what != "" {
					broken = append(broken,
						fmt.Sprintf("%s: %s: a panic would end the process; use internal/recovered",
							path.Join(p.path, name), what))
				}
				return true
			})
		}
	}
	return broken
}

// startsBare names the construct if n starts a goroutine without recovery, or returns "".
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

// recoversFirst reports whether f is a function literal that only calls internal/recovered.
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
