package session_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/vendors"
)

// Server-side sessions can be listed and ended from outside their browser.
func ExampleNewServerStore() {
	google := vendors.Google("client ID", "client secret")
	auth, err := sallyport.New(sallyport.Config{
		BaseURL:   "https://app.example.com",
		Providers: provider.Set{"google": google},
		Session: session.Config{
			Secret: "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0",
			Store:  session.NewServerStore(session.NewMemoryBackend(session.MemoryLimits{}, nil)),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	alice := session.Session{
		Provider: "google", Registration: google.Registration(),
		User: session.User{Issuer: "https://accounts.google.com", Subject: "1001"},
	}
	for _, browser := range []string{"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
		"Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", browser)
		// The login routes do this.
		if err := auth.Sessions.Start(httptest.NewRecorder(), r, alice.Clone()); err != nil {
			fmt.Println(err)
		}
	}
	ctx := context.Background()
	entries, err := auth.Sessions.List(ctx, &alice)
	fmt.Println(len(entries), err)
	fmt.Println(auth.Sessions.EndAll(ctx, &alice))
	entries, err = auth.Sessions.List(ctx, &alice)
	fmt.Println(len(entries), err)
	// Output:
	// 2 <nil>
	// <nil>
	// 0 <nil>
}
