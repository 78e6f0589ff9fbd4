package answer

import (
	"net/http"
	"strings"
)

// IsNavigation reports whether the browser is on its way to show the answer as a page of its
// own, so that a redirect to another site makes sense. Fetch Metadata decides where the browser
// sends it; else a GET or HEAD that accepts HTML is one. Scripts, images, frames, WebSockets and
// prefetches are no navigations, nor is any other method: its body would be lost.
func IsNavigation(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	h := r.Header
	if strings.Contains(h.Get("Sec-Purpose"), "prefetch") || h.Get("Upgrade") != "" ||
		IsHTMX(r) || h.Get("X-Turbo-Request-Id") != "" {
		return false
	}
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		dest := h.Get("Sec-Fetch-Dest")
		// A service worker that passes the navigation on with fetch(event.request) keeps the mode,
		// and makes the destination "empty".
		return mode == "navigate" && (dest == "" || dest == "document" || dest == "empty")
	}
	return h.Get("X-Requested-With") == "" && accepts(r, "text/html")
}

// WantsPage reports whether the client is better answered with a page than with JSON. A client that
// does not say gets the page.
func WantsPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Mode") {
	case "navigate":
		return true
	case "":
		return accepts(r, "text/html") || !(accepts(r, "application/json") ||
			accepts(r, "application/problem+json"))
	}
	return false
}

// accepts reports whether the Accept header names the media type itself, not just by a wildcard.
func accepts(r *http.Request, mediaType string) bool {
	for _, line := range r.Header["Accept"] {
		for entry := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(entry, ";")
			if strings.EqualFold(strings.TrimSpace(name), mediaType) && !refused(params) {
				return true
			}
		}
	}
	return false
}

// refused reports whether the parameters of an Accept entry say "not this one": q=0.
func refused(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") {
			return strings.Trim(value, "0.") == ""
		}
	}
	return false
}

// IsHTMX reports whether htmx makes the request. It follows redirects by itself, like every script,
// but opens the page that the response header HX-Redirect names.
func IsHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }
