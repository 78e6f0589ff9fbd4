package handlers

import (
	"encoding/json"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/answer"
)

// ownPages admits requests that pages of this origin make, and those of programs: any request that
// Sec-Fetch-Site or Origin shows to come from another origin gets 403, whatever its method.
func (h *routes) ownPages(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	answer.Protect(w.Header())
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	if !h.admit(w, r, h.config.Login, methods...) {
		return false
	}
	if h.fromOtherOrigin(r) {
		h.config.Login.FailJSON(w, r, failed("cross_site", nil, h.toHome()))
		return false
	}
	return true
}

// fromOtherOrigin reports whether a header says that a page of another origin makes the request.
func (h *routes) fromOtherOrigin(r *http.Request) bool {
	for _, site := range r.Header["Sec-Fetch-Site"] {
		if site != "same-origin" && site != "none" {
			return true
		}
	}
	for _, origin := range r.Header["Origin"] {
		if origin != h.config.Origin.String() {
			return true
		}
	}
	return false
}

// writeJSON answers a script of the application.
func writeJSON(w http.ResponseWriter, r *http.Request, body any) {
	h := w.Header()
	answer.Protect(h)
	h.Set("Content-Type", "application/json")
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // answered with 500: a claim of the application does not marshal
	}
	if r.Method != http.MethodHead {
		w.Write(text)
	}
}
