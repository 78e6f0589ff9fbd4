package main

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// startApp runs the application with its relay, and returns the port.
func startApp(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	relaySecret := rand.Text() + rand.Text()
	relay, err := newRelay(port, relaySecret)
	if err != nil {
		t.Fatal(err)
	}
	op := authtest.NewProvider(t).OIDC()
	app, err := newApp(port, rand.Text()+rand.Text(), relaySecret, op)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = byHost(port, relay, app)
	server.Start()
	t.Cleanup(server.Close)
	return port
}

// R166: customers sign in at their own hosts, by one redirect URI.
func TestSubdomains_R166_SignIn(t *testing.T) {
	port := startApp(t)
	b := authtest.NewBrowser(t)
	for name, title := range customers {
		address := "http://" + name + ".localhost:" + port + "/reports"
		end := authtest.SignIn(t, b, address, "alice")
		if body := authtest.Body(t, end); end.Request.URL.String() != address ||
			!strings.Contains(body, "Reports of "+title) || !strings.Contains(body, "Alice Adams") {
			t.Errorf("%s: %s", end.Request.URL, body)
		}
	}
	end := authtest.Open(t, b, "http://unknown.localhost:"+port+"/reports")
	if end.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("an unknown host: status %d", end.StatusCode)
	}
}
