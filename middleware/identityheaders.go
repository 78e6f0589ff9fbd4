package middleware

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// identityHeaders are the response headers that say who the user is.
type identityHeaders struct {
	values   map[string]func(*session.Session) string // by canonical name
	variants map[string]bool                          // the names, as servers may confuse them
}

// notIdentity are headers with a meaning of their own in a response, or to the proxy.
var notIdentity = []string{
	"cache-control", "connection", "content-encoding", "content-length", "content-type", "cookie",
	"date", "host", "keep-alive", "location", "set-cookie", "te", "trailer", "transfer-encoding",
	"upgrade", "vary", "www-authenticate",
}

func newIdentityHeaders(values map[string]func(*session.Session) string,
	original originalHeaders) (identityHeaders, error) {
	h := identityHeaders{map[string]func(*session.Session) string{}, map[string]bool{}}
	taken := slices.Clone(notIdentity)
	for _, name := range original.names() {
		taken = append(taken, folded(name))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !fieldName.MatchString(name) || slices.Contains(taken, folded(name)):
			return h, fmt.Errorf("middleware: ForwardAuthConfig.Headers: %q cannot be the name of "+
				"an identity header: use one such as X-Auth-User", name)
		case h.variants[folded(name)]:
			return h, fmt.Errorf("middleware: ForwardAuthConfig.Headers: %q is a duplicate", name)
		case values[name] == nil:
			return h, fmt.Errorf("middleware: ForwardAuthConfig.Headers: %q has no value", name)
		}
		h.values[http.CanonicalHeaderKey(name)] = values[name]
		h.variants[folded(name)] = true
	}
	return h, nil
}

// folded is the same for names that servers confuse: CGI and its successors, such as PHP, have one
// variable, HTTP_X_USER, for X-User, x-user, X_User and X.User.
func folded(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			return c
		case 'A' <= c && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '-'
	}, name)
}

// absent returns an error if the client of the proxy has sent one of the headers: the application
// behind the proxy might see that one (R127).
func (h identityHeaders) absent(request http.Header) error {
	for name := range request {
		if h.variants[folded(name)] {
			return fmt.Errorf("middleware: a client sent the identity header %q, "+
				"and the proxy did not remove it: see docs/forward-auth.md", name)
		}
	}
	return nil
}

// set sets all headers, empty ones as well: proxies replace what a client has sent only by headers
// that are there.
func (h identityHeaders) set(response http.Header, s *session.Session) {
	for name, value := range h.values {
		response[name] = []string{headerSafe(value(s))}
	}
}

// headerSafe percent-encodes what must not or cannot reliably be in a header: control characters,
// bytes outside of ASCII, spaces at the ends, and "%", so that it can be decoded.
func headerSafe(value string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		inner := 0 < i && i < len(value)-1
		if '!' <= c && c <= '~' && c != '%' || c == ' ' && inner {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
