package main

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
)

// startApp runs the application.
func startApp(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	app, err := newApp(base, rand.Text()+rand.Text(), time.Hour, authtest.NewProvider(t).OIDC())
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	return base
}

// send sends a request as a script of the page does.
func send(t *testing.T, b *http.Client, method, address, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Mode", "cors")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Accept", "*/*")
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, authtest.Body(t, resp)
}

func TestPagesAndAPI(t *testing.T) {
	base, b := startApp(t), authtest.NewBrowser(t)
	for _, path := range []string{"/", "/app.js", "/style.css", "/auth/client.js"} {
		if status, body := send(t, b, "GET", base+path, ""); status != 200 || body == "" {
			t.Errorf("%s: status %d", path, status)
		}
	}
	if status, body := send(t, b, "GET", base+"/api/notes", ""); status != 401 ||
		!strings.Contains(body, `"login_url":"`+base+`/auth/login"`) {
		t.Errorf("notes without a session: status %d: %s", status, body)
	}
	authtest.SignIn(t, b, base+"/auth/login", "alice")
	if _, body := send(t, b, "GET", base+"/auth/session", ""); !strings.Contains(body,
		`"claims":{"provider":"work"}`) || !strings.Contains(body, "Alice Adams") {
		t.Errorf("the session: %s", body)
	}
	for body, want := range map[string]int{`"milk"`: 201, `""`: 400, `{`: 400,
		`"` + strings.Repeat("x", 1001) + `"`: 400} {
		if status, _ := send(t, b, "POST", base+"/api/notes", body); status != want {
			t.Errorf("%.20s: status %d, want %d", body, status, want)
		}
	}
	if status, body := send(t, b, "GET", base+"/api/notes", ""); status != 200 ||
		body != "[\"milk\"]\n" {
		t.Errorf("status %d: %s", status, body)
	}
	bob := authtest.NewBrowser(t)
	authtest.SignIn(t, bob, base+"/auth/login", "bob")
	if _, body := send(t, bob, "GET", base+"/api/notes", ""); body != "null\n" {
		t.Errorf("bob sees %s", body)
	}
}
