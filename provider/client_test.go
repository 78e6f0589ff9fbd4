package provider

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// The access token goes to the API in the header, follows redirects on its origin, and never leaves it.
func TestClient_TokenStaysOnItsOrigin(t *testing.T) {
	var leaked atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Add(1) }))
	defer evil.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken" || r.URL.RawQuery != "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	mux.Handle("/moved", http.RedirectHandler("/api", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler(evil.URL, http.StatusTemporaryRedirect))
	api := httptest.NewServer(mux)
	defer api.Close()
	client := (&OIDC{}).Client(t.Context(), session.Tokens{AccessToken: "t0ken"})
	for _, path := range []string{"/api", "/moved"} {
		resp, err := client.Get(api.URL + path)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %v, %v", path, resp, err)
		}
	}
	if _, err := client.Get(api.URL + "/away"); err == nil || leaked.Load() != 0 {
		t.Errorf("a redirect to another origin: error %v, %d requests arrived there", err, leaked.Load())
	}
}
