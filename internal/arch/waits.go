package arch

import (
	"go/ast"
	"go/token"
	"slices"
)

// waiting lists the functions that wait for the real clock, or set a deadline on it, by package.
var waiting = map[string][]string{
	"time":    {"Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	"context": {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

// connDeadlines lists the methods that set a deadline of a connection on the real clock.
var connDeadlines = []string{"SetDeadline", "SetReadDeadline", "SetWriteDeadline"}

// realWaits returns the positions in a file of tests at which a test waits for the real clock. A
// function that calls synctest.Test has a clock of its own.
func realWaits(file *ast.File) (found []token.Pos) {
	for _, d := range file.Decls {
		if !callsAny(d, func(c *ast.CallExpr) bool { return isCall(c, "synctest", "Test") }) {
			callsAny(d, func(c *ast.CallExpr) bool {
				if waits(c) {
					found = append(found, c.Pos())
				}
				return false
			})
		}
	}
	return found
}

// callsAny reports whether is holds for a call below a node.
func callsAny(below ast.Node, is func(*ast.CallExpr) bool) (any bool) {
	ast.Inspect(below, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok && is(c) {
			any = true
		}
		return !any
	})
	return any
}

// isCall reports whether a call is of one of the functions of a package.
func isCall(c *ast.CallExpr, pkg string, names ...string) bool {
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(names, f.Sel.Name) {
		return false
	}
	x, ok := f.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// waits reports whether a call waits or sets a deadline, or compares with one:
// time.Now().Before(deadline).
func waits(c *ast.CallExpr) bool {
	for pkg, names := range waiting {
		if isCall(c, pkg, names...) {
			return !isZero(c.Args[len(c.Args)-1])
		}
	}
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	now, compared := f.X.(*ast.CallExpr)
	return slices.Contains(connDeadlines, f.Sel.Name) || compared && isCall(now, "time", "Now") &&
		(f.Sel.Name == "Before" || f.Sel.Name == "After")
}

// isZero reports whether an expression is 0: a deadline that has passed takes no time.
func isZero(e ast.Expr) bool {
	literal, ok := e.(*ast.BasicLit)
	return ok && literal.Value == "0"
}
