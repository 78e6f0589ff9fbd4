package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// An OAuth 2.0 provider that package vendors does not support needs the URLs of its endpoints, and
// the path of the user's ID in its profile. With APIBase, requests of the client can have relative
// URLs.
func ExampleOAuth2() {
	secret := "secret"

	intranet := &provider.OAuth2{
		ClientID: "reports", ClientSecret: secret,
		Endpoints: provider.Endpoints{
			Authorization: "https://intranet.example.com/oauth/authorize",
			Token:         "https://intranet.example.com/oauth/token",
			UserInfo:      "me",
		},
		APIBase:    "https://intranet.example.com/api/",
		UserFields: provider.Fields{ID: "data.id", Name: "data.name"},
	}

	_, err := intranet.Validate() // sallyport.New does this
	fmt.Println(intranet, err)

	// In a handler the client is auth.Client(w, r).
	api := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.URL, strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "))
	}))
	defer api.Close()
	intranet.APIBase, intranet.HTTPClient = api.URL+"/api/", api.Client()
	client := intranet.Client(context.Background(), session.Tokens{AccessToken: "of the user"})
	resp, err := client.Get("projects?page=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	// Output:
	// provider.OAuth2(https://intranet.example.com) <nil>
	// /api/projects?page=2 true
}
