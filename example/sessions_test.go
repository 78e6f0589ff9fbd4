package main

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/session"
)

func inMemory(c *session.Config) {
	c.Store = session.NewServerStore(session.NewMemoryBackend(session.MemoryLimits{}, c.Now))
}

// post presses a button of the application's own pages.
func post(t *testing.T, b *http.Client, base, path string, form url.Values,
	site string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path,
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", site)
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestSessions_ListEndAndEverywhere(t *testing.T) {
	base, _ := startAppWith(t, inMemory)
	here, there, bobs := authtest.NewBrowser(t), authtest.NewBrowser(t), authtest.NewBrowser(t)
	authtest.SignIn(t, there, base+"/profile", "alice")
	authtest.SignIn(t, bobs, base+"/profile", "bob")
	page := authtest.Body(t, authtest.SignIn(t, here, base+"/sessions", "alice"))
	if strings.Count(page, `action="/sessions/end"`) != 1 || !strings.Contains(page, "this one") {
		t.Fatalf("the page:\n%s", page)
	}
	_, rest, _ := strings.Cut(page, `name="handle" value="`)
	handle, _, _ := strings.Cut(rest, `"`)
	signedIn := func(b *http.Client) bool {
		return strings.Contains(authtest.Body(t, authtest.Open(t, b, base+"/")),
			"You are signed in as")
	}
	form := url.Values{"handle": {handle}}
	if resp := post(t, here, base, "/sessions/end", form,
		"cross-site"); resp.StatusCode != http.StatusForbidden || !signedIn(there) {
		t.Errorf("another site: status %d", resp.StatusCode)
	}
	if post(t, bobs, base, "/sessions/end", form, "same-origin"); !signedIn(there) {
		t.Error("bob has ended alice's session")
	}
	if post(t, here, base, "/sessions/end", form, "same-origin"); signedIn(there) ||
		!signedIn(here) {
		t.Errorf("signed in there: %v, here: %v", signedIn(there), signedIn(here))
	}
	authtest.SignIn(t, there, base+"/profile", "alice")
	if post(t, here, base, "/sessions/end-all", nil, "same-origin"); signedIn(there) ||
		signedIn(here) || !signedIn(bobs) {
		t.Errorf("signed in there: %v, here: %v, bob: %v", signedIn(there), signedIn(here),
			signedIn(bobs))
	}
}

func TestSessions_InCookies(t *testing.T) {
	base, _ := startApp(t)
	page := authtest.Body(t, authtest.SignIn(t, authtest.NewBrowser(t), base+"/sessions", "alice"))
	if !strings.Contains(page, "lives in the cookies") ||
		strings.Contains(page, "<form method=\"post\" action=\"/sessions") {
		t.Errorf("the page:\n%s", page)
	}
}

// The stream goes on until the session ends, and says so.
func TestLive(t *testing.T) {
	base, _ := startAppWith(t, inMemory)
	b := authtest.NewBrowser(t)
	if page := authtest.Body(t, authtest.SignIn(t, b, base+"/live",
		"alice")); !strings.Contains(page, "/static/live.js") {
		t.Errorf("the page:\n%s", page)
	}
	resp := authtest.Open(t, b, base+"/live/events")
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); !strings.HasPrefix(line, "data: ") ||
		resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%q, %v", line, err)
	}
	post(t, b, base, "/auth/logout", nil, "same-origin")
	if rest, err := io.ReadAll(lines); err != nil || !strings.Contains(string(rest),
		"event: ended") {
		t.Errorf("it ends with %q, %v", rest, err)
	}
}
