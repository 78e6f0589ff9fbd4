package sallyport_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

func organizationOf(r *http.Request) (string, bool) {
	org, _, ok := strings.Cut(r.Host, ".app.example.com")
	return org, ok
}

func acceptedTerms(context.Context, string) bool { return false }

// A login with parameters of its own, a registered redirect URI, and a page for new users.
func ExampleAuth_LoginURLWith() {
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "https://app.example.com",
		Session: session.Config{
			Secret: "2f7d1c0e9b8a47566f3e2d1c0b9a8877e6d5c4b3a2918070605f4e3d2c1b0a99"},
		Providers: provider.Set{"work": &provider.OIDC{Issuer: "https://login.example.com",
			ClientID: "client", ClientSecret: "secret", Callback: "/authorize",
			Static: true, Endpoints: provider.Endpoints{
				Authorization: "https://login.example.com/authorize",
				Token:         "https://login.example.com/token",
				JWKS:          "https://login.example.com/jwks",
			}}},
		LoginParams: []string{"screen_hint", "login_hint"},
		Hooks: handlers.Hooks{
			Begin: func(r *http.Request, f *provider.Flow) error {
				if org, ok := organizationOf(r); ok {
					f.Request.Params = url.Values{"organization": {org}}
				}
				return nil
			},
			Login: func(r *http.Request, l *handlers.Login) error {
				if !acceptedTerms(r.Context(), l.User.Key()) {
					l.ReturnTo = "/terms"
				}
				return nil
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /terms", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, auth.ReturnTo(r.FormValue("return_to")), http.StatusSeeOther)
	})
	fmt.Println(auth.RedirectURIs()["work"].Redirect)

	signUp, err := auth.LoginURLWith(provider.Request{
		Provider: "work",
		Params:   url.Values{"screen_hint": {"signup"}},
	}, "/welcome")
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "https://app.example.com"+signUp, nil)
	auth.Handler(mux).ServeHTTP(w, r)
	location, _ := w.Result().Location()
	fmt.Println(location.Query().Get("screen_hint"), location.Query().Get("redirect_uri"))

	_, err = auth.LoginURLWith(provider.Request{Params: url.Values{"state": {"x"}}}, "")
	fmt.Println(err)
	// Output:
	// https://app.example.com/authorize
	// signup https://app.example.com/authorize
	// handlers: Request.Params: "state" is set by the library
}
