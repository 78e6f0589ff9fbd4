package rig

import (
	"io"
	"net/http"
	"testing"
)

// Offline asks for refresh tokens, which the provider of the rig rotates and whose reuse ends the
// login.
func Offline(s *Setup) {
	s.OIDC.Scopes = []string{"openid", "profile", "email", "offline_access"}
}

// NewCalling is an application with a page that calls the provider's API as the user: /call answers
// the user's name.
func NewCalling(t *testing.T, change ...func(*Setup)) *App {
	t.Helper()
	app := New(t, append([]func(*Setup){Offline}, change...)...)
	app.Mux.Handle("/call", app.Auth.RequireAuth(APIPage(app)))
	return app
}

// APIPage is a handler that calls the provider's API as the user, and answers what it answers.
func APIPage(app *App) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, err := app.Auth.Client(w, r)
		if err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		req, _ := http.NewRequestWithContext(
			r.Context(), r.Method, app.OP.Issuer()+"/userinfo", nil,
		)
		resp, err := client.Do(req)
		if err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		w.WriteHeader(resp.StatusCode)
		w.Write(body)
	})
}

// Call opens /call as a script and returns the status.
func Call(t *testing.T, app *App, b *http.Client, method string) int {
	t.Helper()
	return app.Do(
		t, b, method, "/call", nil, "Sec-Fetch-Mode", "cors", "Accept", "application/json",
	).StatusCode
}

// Refreshes counts the refresh requests that the provider has seen.
func Refreshes(app *App) (n int) {
	for _, r := range app.OP.Requests("token") {
		if r.Form.Get("grant_type") == "refresh_token" {
			n++
		}
	}
	return n
}
