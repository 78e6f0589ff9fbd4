package middleware

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/problem"
)

var (
	errProxyPath = errors.New("middleware: the path has dot segments, empty segments, encoded " +
		"slashes, backslashes or control characters, which servers read differently")
	errProxyMethod = errors.New("middleware: Proxy does not forward CONNECT and TRACE")
)

// locate finds the path of the request at the API.
func (p *proxy) locate(x *exchange) *problem.Error {
	x.raw, x.path = x.r.URL.EscapedPath(), x.r.URL.Path
	switch {
	case x.r.Method == http.MethodConnect || x.r.Method == http.MethodTrace:
		return failed("method_not_allowed", "", errProxyMethod)
	case checkPath(x.raw, x.path) != nil || x.r.URL.Opaque != "":
		return failed("bad_request", "", errProxyPath)
	}
	prefix := p.config.StripPrefix
	if prefix == "" {
		return nil
	}
	// Both forms of the path are cut, which must agree: "/%61pi" is not the prefix "/api".
	raw, ok := strings.CutPrefix(x.raw, prefix)
	if path, also := strings.CutPrefix(x.path, prefix); !ok || !also ||
		raw != "" && raw[0] != '/' {
		return answer.New("not_found")
	} else {
		x.raw, x.path = raw, path
	}
	return nil
}

// checkPath rejects a path that the API, or a server before it, may read as another one. raw is its
// escaped form. A path that decodes to such a path when it is decoded twice is rejected as well.
func checkPath(raw, path string) error {
	lower := strings.ToLower(raw)
	for _, encoded := range []string{"%2f", "%5c", "%00", "%252f", "%255c", "%252e", `\`} {
		if strings.Contains(lower, encoded) {
			return errProxyPath
		}
	}
	if !utf8.ValidString(path) {
		return errProxyPath
	}
	for _, c := range path {
		if c < ' ' || c == 0x7f || c == '\\' {
			return errProxyPath
		}
	}
	rest, rooted := strings.CutPrefix(path, "/")
	if !rooted {
		return errProxyPath
	}
	segments := strings.Split(rest, "/")
	for i, segment := range segments {
		segment, _, parameters := strings.Cut(segment, ";") // "..;x" is ".." for some servers
		last := i == len(segments)-1
		if segment == "." || segment == ".." || segment == "" && (!last || parameters) {
			return errProxyPath
		}
	}
	return nil
}
