package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

// An audience is the group of readers that an exported name is for. Application authors read most
// of the documentation, so names that only the library itself needs must stay out of it.
type audience struct {
	name    string
	budget  int // the limit of the design
	ceiling int // the limit of the tests; lowered step by step to the budget
}

// audiences lists the audiences. "siblings" are the other packages of the library: names for them
// belong under internal/ or in the package that uses them.
var audiences = []audience{
	{"application", 130, 151},
	{"store", 30, 30},
	{"provider", 45, 45},
	{"vendor", 150, 100},
	{"authtest", 50, 50},
	{"siblings", 0, 0},
	{closed, 3, 3},
}

// closed is the audience of functions that take a type of a package below internal/: sallyport.New
// calls them to put the packages together, and applications cannot.
const closed = "sallyport.New"

// counted maps the packages with counted exports to the default audience, for names that
// audiences.txt does not list. "" means that audiences.txt must list every name.
var counted = map[string]string{
	"": "application", "middleware": "application", "handlers": "application",
	"problem": "application", "session": "", "provider": "", "session/storetest": "store",
	"vendors": "vendor", "authtest": "authtest",
}

// redaction lists the methods that hide the secrets of a value. They are not counted.
var redaction = []string{
	"String", "GoString", "Format", "LogValue", "MarshalJSON", "MarshalText",
}

// exports returns the exported names of a package as "Type", "Type.Method" or "Func": types,
// functions, methods, constants and variables. A method that an interface of the package requires
// is listed for the interface only.
func exports(p pkg) []string {
	var names []string
	methods := map[string][]string{} // by their types, interfaces among them
	interfaces := map[string]bool{}
	for _, f := range p.files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if !d.Name.IsExported() {
				} else if d.Recv == nil {
					names = append(names, d.Name.Name)
				} else if exportedReceiver(d) && !slices.Contains(redaction, d.Name.Name) {
					methods[receiver(d)] = append(methods[receiver(d)], d.Name.Name)
				}
			case *ast.GenDecl:
				for _, name := range declared(d) {
					names = append(names, name)
					if owner, method, ok := strings.Cut(name, "."); ok {
						interfaces[owner] = true
						methods[owner] = append(methods[owner], method)
					}
				}
			}
		}
	}
	for owner, all := range methods {
		if interfaces[owner] {
			continue
		}
		for _, m := range all {
			if !isAsked(m, all, methods, interfaces) {
				names = append(names, owner+"."+m)
			}
		}
	}
	slices.Sort(names)
	return names
}

// isAsked reports whether a method belongs to an interface of which its type has all methods.
func isAsked(method string, all []string, methods map[string][]string,
	interfaces map[string]bool) bool {
	for i := range interfaces {
		missing := func(m string) bool { return !slices.Contains(all, m) }
		if slices.Contains(methods[i], method) && !slices.ContainsFunc(methods[i], missing) {
			return true
		}
	}
	return false
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

// receiver returns the name of a method's receiver type.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	name, _ := t.(*ast.Ident)
	return name.Name
}

// byAudience groups the exported names of the packages by audience. table maps names such as
// "session.Codec" to audiences; an unlisted method has the audience of its type. byAudience also
// returns an error text for each name without an audience.
func byAudience(pkgs []pkg, table map[string]string) (map[string][]string, []string) {
	all, broken := map[string][]string{}, []string{}
	for _, p := range pkgs {
		standard, ok := counted[p.path]
		if !ok {
			continue
		}
		takesInternal := closedFuncs(p)
		for _, name := range exports(p) {
			full := shortPath(p.path) + "." + name
			owner, _, _ := strings.Cut(name, ".")
			who := standard
			if takesInternal[name] {
				who = closed
			}
			for _, key := range []string{shortPath(p.path) + "." + owner, full} {
				if listed, ok := table[key]; ok {
					who = listed
				}
			}
			if who == "" {
				broken = append(broken,
					fmt.Sprintf("%s is exported, but internal/arch/audiences.txt does "+
						"not list its audience: unexport it, or add a line", full))
				continue
			}
			all[who] = append(all[who], full)
		}
	}
	return all, broken
}

// closedFuncs returns the exported functions of a package with a parameter whose type is in a
// package below internal/.
func closedFuncs(p pkg) map[string]bool {
	found := map[string]bool{}
	for _, f := range p.files {
		internal := map[string]bool{} // names of imported packages
		for _, spec := range f.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if strings.HasPrefix(imported, module+"/internal/") {
				internal[path.Base(imported)] = true
			}
		}
		for _, d := range f.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || d.Recv != nil || !d.Name.IsExported() {
				continue
			}
			for _, param := range d.Type.Params.List {
				if t, ok := param.Type.(*ast.SelectorExpr); ok {
					from, ok := t.X.(*ast.Ident)
					found[d.Name.Name] = found[d.Name.Name] || ok && internal[from.Name]
				}
			}
		}
	}
	return found
}

// stale returns a sentence for each line of audiences.txt about a name that is not exported.
func stale(pkgs []pkg, table map[string]string) []string {
	known := map[string]bool{}
	for _, p := range pkgs {
		for _, name := range exports(p) {
			known[shortPath(p.path)+"."+name] = true
		}
	}
	var broken []string
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !known[name] {
			broken = append(broken, fmt.Sprintf("audiences.txt lists %s, which is not exported: "+
				"remove the line", name))
		}
	}
	return broken
}

// shortPath returns the package name that qualifies the names of a package.
func shortPath(pkgPath string) string {
	if pkgPath == "" {
		return "sallyport"
	}
	return path.Base(pkgPath)
}

// overCeiling returns an error text for each audience with more names than its ceiling, and for
// each unknown audience.
func overCeiling(all map[string][]string, audiences []audience) []string {
	var broken []string
	known := map[string]bool{}
	for _, a := range audiences {
		known[a.name] = true
		if n := len(all[a.name]); n > a.ceiling {
			broken = append(broken,
				fmt.Sprintf("%d exported names for the audience %q, at most %d: unexport "+
					"some, or raise the limit with a reason in CONTRIBUTING.md", n, a.name,
					a.ceiling))
		}
	}
	for _, who := range slices.Sorted(maps.Keys(all)) {
		if !known[who] {
			broken = append(broken, fmt.Sprintf("audiences.txt has an unknown audience %q for %v",
				who, all[who]))
		}
	}
	return broken
}
