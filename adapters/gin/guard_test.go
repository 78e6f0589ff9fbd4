package sallyportgin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport"
	sallyportgin "github.com/sallyport-go/sallyport/adapters/gin"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// newAuth returns an Auth without a provider that would answer.
func newAuth(t *testing.T) *sallyport.Auth {
	t.Helper()
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "http://localhost:8080",
		Session: session.Config{Secret: authtest.Secret},
		Providers: provider.Set{"work": &provider.OIDC{Issuer: "https://login.example.com",
			ClientID: "client", ClientSecret: "secret"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return auth
}

var alice = &session.Session{User: session.User{Issuer: "i", Subject: "1", Name: "Alice"}}

// R124: neither the handler nor a later one runs for a request that the guard rejects, and what ran
// before sees that the chain has ended.
func TestGuard_R124(t *testing.T) {
	gin.SetMode(gin.TestMode)
	auth, router := newAuth(t), gin.New()
	var ran []string
	router.Use(func(c *gin.Context) {
		c.Next()
		if c.IsAborted() {
			ran = append(ran, "aborted")
		}
	})
	note := func(name string) gin.HandlerFunc {
		return func(c *gin.Context) { ran = append(ran, name) }
	}
	group := router.Group("/account", note("before"), sallyportgin.Guard(auth.RequireAuth),
		sallyportgin.Guard(auth.Require(func(s *session.Session) error { return nil })),
		note("after"))
	group.Any("/:page", func(c *gin.Context) {
		s, ok := session.FromContext(c.Request.Context())
		if !ok {
			t.Fatal("the handler has no session")
		}
		c.String(http.StatusTeapot, "%s reads %s", s.User.Name, c.Param("page"))
	})
	handler := auth.Handler(router)
	for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "DELETE"} {
		ran = nil
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, "/account/profile", nil))
		if got := strings.Join(ran, " "); w.Code != http.StatusUnauthorized ||
			got != "before aborted" || strings.Contains(w.Body.String(), "reads") {
			t.Errorf("%s, not signed in: status %d, ran %s: %s", method, w.Code, got, w.Body)
		}
		ran = nil
		w = httptest.NewRecorder()
		handler.ServeHTTP(w, authtest.WithSession(
			httptest.NewRequest(method, "http://localhost:8080/account/profile", nil), alice))
		if got := strings.Join(ran, " "); w.Code != http.StatusTeapot || got != "before after" ||
			method == "GET" && w.Body.String() != "Alice reads profile" {
			t.Errorf("%s, signed in: status %d, ran %s: %s", method, w.Code, got, w.Body)
		}
	}
}
