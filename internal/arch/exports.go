package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

// An audience is who an exported name is for. Application authors read most of the documentation,
// so what only another package of the library needs is not theirs to see.
type audience struct {
	name    string
	budget  int // what the design allows
	ceiling int // what the tests allow; lowered to the budget as the names become fewer
}

// The audiences. "siblings" are the other packages of the library: what they need belongs below
// internal/, or into the package that needs it.
var audiences = []audience{
	{"application", 130, 160},
	{"store", 30, 34},
	{"provider", 45, 60},
	{"vendor", 150, 150},
	{"authtest", 50, 90},
	{"siblings", 0, 90},
}

// counted are the packages whose exports are counted, with the audience of a name that
// audiences.txt does not list. Without one, every name must be listed.
var counted = map[string]string{
	"": "application", "middleware": "application", "handlers": "application",
	"problem": "application", "session": "", "provider": "", "session/storetest": "store",
	"vendors": "vendor", "authtest": "authtest",
}

// redaction are the methods by which a value hides its secrets. They say nothing of their own.
var redaction = []string{
	"String", "GoString", "Format", "LogValue", "MarshalJSON", "MarshalText",
}

// exports returns the exported names of a package as "Type", "Type.Method" or "Func": types,
// functions, methods, constants and variables. A method that an interface of the package asks for is
// listed with the interface alone.
func exports(p pkg) []string {
	var names, methods []string
	asked := map[string]bool{}
	for _, f := range p.files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if !d.Name.IsExported() {
				} else if d.Recv == nil {
					names = append(names, d.Name.Name)
				} else if exportedReceiver(d) && !slices.Contains(redaction, d.Name.Name) {
					methods = append(methods, receiver(d)+"."+d.Name.Name)
				}
			case *ast.GenDecl:
				for _, name := range declared(d) {
					names = append(names, name)
					if _, method, ok := strings.Cut(name, "."); ok {
						asked[method] = true
					}
				}
			}
		}
	}
	for _, m := range methods {
		if _, method, _ := strings.Cut(m, "."); !asked[method] {
			names = append(names, m)
		}
	}
	slices.Sort(names)
	return names
}

// declared returns the exported names of types, constants and variables, and the methods of
// interfaces.
func declared(d *ast.GenDecl) []string {
	var names []string
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			names = append(names, s.Name.Name)
			if i, ok := s.Type.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					for _, n := range m.Names {
						names = append(names, s.Name.Name+"."+n.Name)
					}
				}
			}
		case *ast.ValueSpec:
			for _, n := range s.Names {
				if n.IsExported() {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}

// receiver is the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	name, _ := t.(*ast.Ident)
	return name.Name
}

// byAudience sorts the exported names of the packages by who they are for. table gives the
// audience of "session.Codec"; a method has that of its type, unless it is listed itself. It also
// returns a sentence for each name without an audience.
func byAudience(pkgs []pkg, table map[string]string) (map[string][]string, []string) {
	all, broken := map[string][]string{}, []string{}
	for _, p := range pkgs {
		standard, ok := counted[p.path]
		if !ok {
			continue
		}
		for _, name := range exports(p) {
			full := shortPath(p.path) + "." + name
			owner, _, _ := strings.Cut(name, ".")
			who := standard
			for _, key := range []string{shortPath(p.path) + "." + owner, full} {
				if listed, ok := table[key]; ok {
					who = listed
				}
			}
			if who == "" {
				broken = append(broken, fmt.Sprintf("%s is exported, but internal/arch/audiences.txt does "+
					"not say for whom: do not export it, or add a line with its audience", full))
				continue
			}
			all[who] = append(all[who], full)
		}
	}
	return all, broken
}

// shortPath is what names of a package are prefixed with.
func shortPath(pkgPath string) string {
	if pkgPath == "" {
		return "sallyport"
	}
	return path.Base(pkgPath)
}

// overCeiling returns a sentence for each audience that has more names than its ceiling, or that
// does not exist.
func overCeiling(all map[string][]string, audiences []audience) []string {
	var broken []string
	known := map[string]bool{}
	for _, a := range audiences {
		known[a.name] = true
		if n := len(all[a.name]); n > a.ceiling {
			broken = append(broken, fmt.Sprintf("%d exported names for the audience %q, at most %d: do not "+
				"export what it can do without, or give a reason for more in CONTRIBUTING.md", n, a.name, a.ceiling))
		}
	}
	for _, who := range slices.Sorted(maps.Keys(all)) {
		if !known[who] {
			broken = append(broken, fmt.Sprintf("audiences.txt has an unknown audience %q for %v", who, all[who]))
		}
	}
	return broken
}
