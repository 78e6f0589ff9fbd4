package authtest_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A whole test of an application: its first page, the login at the provider, and back to the page.
func TestProfile_SignIn(t *testing.T) {
	op := authtest.NewProvider(t)
	server := httptest.NewUnstartedServer(nil)
	defer server.Close()
	auth, err := sallyport.New(sallyport.Config{
		BaseURL:   "http://" + server.Listener.Addr().String(),
		Providers: provider.Set{"op": op.OIDC()},
		Session:   session.Config{Secret: authtest.Secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = auth.Handler(newApp(auth))
	server.Start()

	resp := authtest.SignIn(t, authtest.NewBrowser(t), server.URL+"/profile", "alice")
	if got := authtest.Body(t, resp); got != "Hello, Alice Adams" {
		t.Errorf("the page says %q", got)
	}
}

// newApp is the application under test: one page, for signed-in users.
func newApp(auth *sallyport.Auth) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(
		"/profile",
		auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, _ := session.FromContext(r.Context())
			fmt.Fprintf(w, "Hello, %s", s.User.Name)
		})),
	)
	return mux
}

// A unit test of a handler needs no provider and no login.
func ExampleWithSession() {
	hello := func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		fmt.Fprintf(w, "Hello, %s", s.User.Name)
	}
	w := httptest.NewRecorder()
	hello(w, authtest.WithSession(httptest.NewRequest("GET", "/profile", nil), &session.Session{
		User: session.User{Issuer: "https://login.example.com", Subject: "1001", Name: "Alice"},
	}))
	fmt.Println(w.Body)
	// Output: Hello, Alice
}

// A program runs a provider with users of its own.
func ExampleStart() {
	op, err := authtest.Start(authtest.Options{
		Addr:  "localhost:0",
		Users: []session.User{{Subject: "1", Username: "carol", Name: "Carol Clark"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer op.Close()
	fmt.Println(op.Users()[0].Name)
	// Output: Carol Clark
}
