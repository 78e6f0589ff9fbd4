package session_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/sallyport-go/sallyport/session"
)

// Server-side sessions can be listed and ended from outside their browser.
func ExampleNewServerStore() {
	config := session.Config{
		Secret: "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0",
		Store:  session.NewServerStore(session.NewMemoryBackend(session.MemoryLimits{}, nil)),
	}
	base, _ := url.Parse("https://app.example.com")
	// sallyport.New does this
	manager, err := session.NewManager(config, session.Site{BaseURL: base})
	if err != nil {
		fmt.Println(err)
		return
	}
	alice := session.User{Issuer: "https://login.example.com", Subject: "1001"}
	for _, browser := range []string{"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
		"Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", browser)
		if err := manager.Start(httptest.NewRecorder(), r, &session.Session{Provider: "work",
			User: alice}); err != nil {
			fmt.Println(err)
		}
	}
	ctx, of := context.Background(), &session.Session{Provider: "work", User: alice}
	entries, err := manager.List(ctx, of)
	fmt.Println(len(entries), err)
	fmt.Println(manager.EndAll(ctx, of))
	entries, err = manager.List(ctx, of)
	fmt.Println(len(entries), err)
	// Output:
	// 2 <nil>
	// <nil>
	// 0 <nil>
}
