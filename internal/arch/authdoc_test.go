package arch

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// go doc sallyport.Auth names every method that an application calls, also those of the guards,
// which are embedded.
func TestAuthDocNamesEveryMethod(t *testing.T) {
	pkgs, table := parsePackages(t), readAudiences(t)
	doc := typeDoc(pkgs, "", "Auth")
	if doc == "" {
		t.Fatal("there is no documentation of sallyport.Auth")
	}
	all, _ := byAudience(pkgs, table)
	for _, name := range all["application"] {
		method, ok := strings.CutPrefix(name, "sallyport.Auth.")
		if !ok {
			method, ok = strings.CutPrefix(name, "middleware.Guard.")
		}
		lines := strings.Split(doc, "\n")
		named := func(line string) bool { return slices.Contains(strings.Fields(line), method) }
		if ok && !slices.ContainsFunc(lines, named) {
			t.Errorf("the documentation of sallyport.Auth does not name %s", method)
		}
	}
}

// typeDoc is the comment of a type.
func typeDoc(pkgs []pkg, path, name string) string {
	for _, p := range pkgs {
		if p.path != path {
			continue
		}
		for _, f := range p.files {
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, s := range g.Specs {
					if s, ok := s.(*ast.TypeSpec); ok && s.Name.Name == name {
						return g.Doc.Text() + s.Doc.Text()
					}
				}
			}
		}
	}
	return ""
}
