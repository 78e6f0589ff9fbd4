package middleware

import "net/http"

// The values of Cache-Control for what is behind a guard. They are shared by all responses, so that
// setting one allocates nothing.
var (
	noStore      = []string{"no-store"}
	revalidating = []string{"private, no-cache"}
)

// protect keeps what a handler answers out of caches, so that the back button does not show a page
// after the user has signed out (RFC 9111 section 5.2.2.5). Style sheets, scripts, images and fonts
// may be kept by the browser, which asks again each time. The handler may say otherwise.
func (g *Guard) protect(w http.ResponseWriter, r *http.Request) {
	switch {
	case g.config.NoStore:
		w.Header()["Cache-Control"] = noStore
	case g.config.Cacheable:
	default:
		w.Header()["Cache-Control"] = cacheControl(r)
	}
}

// cacheControl goes by what the browser wants the response for (Fetch Metadata). Older browsers do
// not say.
func cacheControl(r *http.Request) []string {
	if isSubresource(r) {
		return revalidating
	}
	return noStore
}

// isSubresource reports whether the browser asks for a part of a page.
func isSubresource(r *http.Request) bool {
	if dest := r.Header["Sec-Fetch-Dest"]; len(dest) == 1 {
		switch dest[0] {
		case "script", "style", "image", "font":
			return true
		}
	}
	return false
}
