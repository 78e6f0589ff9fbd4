package sallyport_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The program of the README.
func Example() {
	id, secret := "client", "secret"
	os.Setenv("SESSION_SECRET", "2f7d1c0e9b8a47566f3e2d1c0b9a8877e6d5c4b3a2918070605f4e3d2c1b0a99")
	home := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "Welcome") }
	profile := func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		fmt.Fprint(w, "Hello, ", s.User.Name)
	}

	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "https://app.example.com",
		Session: session.Config{Secret: os.Getenv("SESSION_SECRET")},
		Providers: provider.Set{"work": &provider.OIDC{Issuer: "https://login.example.com",
			ClientID: id, ClientSecret: secret}},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.Handle("GET /profile", auth.RequireAuth(http.HandlerFunc(profile)))
	app := auth.Handler(mux)

	get := func(path string, s *session.Session) {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept", "text/html")
		if s != nil {
			r = authtest.WithSession(r, s)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Printf("%d %s%s\n", w.Code, w.Header().Get("Location"), w.Body)
	}
	get("/", nil)
	get("/profile?tab=1", nil)
	get("/profile", &session.Session{User: session.User{Issuer: "https://login.example.com",
		Subject: "1001", Name: "Alice"}})
	// Output:
	// 200 Welcome
	// 302 /auth/login?return_to=%2Fprofile%3Ftab%3D1
	// 200 Hello, Alice
}

// All configuration errors are reported together.
func ExampleNew_mistakes() {
	_, err := sallyport.New(sallyport.Config{
		BaseURL:   "http://app.example.com",
		Providers: provider.Set{"work": &provider.OIDC{Issuer: "https://login.example.com"}},
		Session: session.Config{
			Secret: "2f7d1c0e9b8a47566f3e2d1c0b9a8877e6d5c4b3a2918070605f4e3d2c1b0a99"},
	})
	fmt.Println(err)
	// Output:
	// sallyport: BaseURL "http://app.example.com" must be https: http is for loopback hosts only
	// sallyport: provider "work": ClientID is missing
}
