package handlers

import "net/http"

// A way is a way to sign in, as JSON.
type way struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	LoginURL string `json:"login_url"`
}

// providers lists the ways to sign in that the login page offers, for a login page that a script
// makes. Tenants are never listed.
func (h *routes) providers(w http.ResponseWriter, r *http.Request) {
	if !h.ownPages(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	ways := []way{}
	for _, c := range h.choices("", nil) {
		ways = append(ways, way{c.Name, c.Label, c.URL})
	}
	writeJSON(w, r, map[string]any{"providers": ways, "return_param": returnParam})
}
