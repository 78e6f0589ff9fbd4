package rig

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// PlainOAuth2 configures the provider of the rig as one without OpenID Connect.
func PlainOAuth2(change ...func(*provider.OAuth2)) func(*Setup) {
	return func(s *Setup) {
		o := s.OP.OAuth2()
		for _, f := range change {
			f(o)
		}
		s.Other = o
	}
}

// KeepLogin stores the session of each login in *last.
func KeepLogin(last **session.Session) func(*Setup) {
	return func(s *Setup) {
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			*last = s.Session
			return nil
		}
	}
}

// NewPlainCalling is an application with a page /call. The page calls the API of a provider without
// OpenID Connect by a relative URL, and shows the response, followed by the user's roles.
func NewPlainCalling(t *testing.T, change ...func(*provider.OAuth2)) *App {
	t.Helper()
	withRefresh := func(o *provider.OAuth2) {
		o.Scopes = []string{"profile", "email", "offline_access"}
	}
	app := New(t, PlainOAuth2(append([]func(*provider.OAuth2){withRefresh}, change...)...))
	app.Mux.Handle("/call", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		client, err := app.Auth.Client(w, r)
		if err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "user", nil)
		resp, err := client.Do(req)
		if err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
		s, _ := session.FromContext(r.Context())
		io.WriteString(w, "roles "+strings.Join(s.User.Roles, "|"))
	})))
	return app
}
