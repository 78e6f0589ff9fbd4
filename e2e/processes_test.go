package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
)

// A cluster is two processes of the example that share a Redis, behind a round-robin proxy.
type cluster struct {
	url       string
	op        *authtest.Provider
	processes [2]*program
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{op: authtest.NewProvider(t)}
	redis := startRedis(t)
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.url = "http://localhost:" + port
	var targets [2]*url.URL
	for i := range c.processes {
		c.processes[i] = start(t, freeAddr(t), "BASE_URL="+c.url, "REDIS_URL="+redis,
			"SESSION_SECRET=5d0c1f7e2b9a48c3e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7",
			"OIDC_ISSUER="+c.op.Issuer(), "OIDC_CLIENT_ID="+authtest.ClientID,
			"OIDC_CLIENT_SECRET="+authtest.ClientSecret,
			"OIDC_SCOPES=openid profile email offline_access")
		if targets[i], err = url.Parse(c.processes[i].url); err != nil {
			t.Fatal(err)
		}
	}
	var turn atomic.Uint32
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = "http", targets[turn.Add(1)%2].Host
		r.Out.Host = r.In.Host // as docs/deploying.md requires
	}}
	server := httptest.NewUnstartedServer(proxy)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return c
}

// everywhere returns the body of a page from each process.
func (c *cluster) everywhere(t *testing.T, b *http.Client, path string) (bodies [2]string) {
	t.Helper()
	for i := range bodies { // the proxy alternates
		bodies[i] = authtest.Body(t, authtest.Open(t, b, c.url+path))
	}
	return bodies
}

func (c *cluster) signedIn(t *testing.T, b *http.Client, name string) (in [2]bool) {
	t.Helper()
	for i, body := range c.everywhere(t, b, "/") {
		if in[i] = strings.Contains(body, "You are signed in as <strong>"+name); !in[i] &&
			!strings.Contains(body, "You are not signed in") {
			t.Errorf("process %d responds:\n%s", i, body)
		}
	}
	return in
}

var (
	both    = [2]bool{true, true}
	neither = [2]bool{}
)

// A login in one process is valid in the other. A logout in either, of any kind, takes effect in
// both with the next request.
func TestProcesses_ShareSessions(t *testing.T) {
	c := startCluster(t)
	alice, phone, bob := authtest.NewBrowser(t), authtest.NewBrowser(t), authtest.NewBrowser(t)
	for b, name := range map[*http.Client]string{alice: "alice", phone: "alice", bob: "bob"} {
		if resp := authtest.SignIn(t, b, c.url+"/profile",
			name); resp.Request.URL.Path != "/profile" {
			t.Fatalf("the sign-in ends at %s with status %d: %s", resp.Request.URL, resp.StatusCode,
				authtest.Body(t, resp))
		}
	}
	if c.signedIn(t, alice, "Alice") != both || c.signedIn(t, phone, "Alice") != both ||
		c.signedIn(t, bob, "Bob") != both {
		t.Fatalf("alice %v, her phone %v, bob %v", c.signedIn(t, alice, "Alice"),
			c.signedIn(t, phone, "Alice"), c.signedIn(t, bob, "Bob"))
	}
	for i, page := range c.everywhere(t, alice, "/sessions") {
		if strings.Count(page, "<li>\n<div>") != 2 {
			t.Errorf("process %d lists:\n%s", i, page)
		}
	}

	// In the list of sessions.
	page := authtest.Body(t, authtest.Open(t, alice, c.url+"/sessions"))
	_, rest, _ := strings.Cut(page, `name="handle" value="`)
	handle, _, _ := strings.Cut(rest, `"`)
	c.post(t, alice, "/sessions/end", url.Values{"handle": {handle}})
	if got := c.signedIn(t, phone, "Alice"); got != neither {
		t.Errorf("the phone's session after it was ended: %v", got)
	}

	// By back-channel logout, which reaches only one process.
	authtest.SignIn(t, phone, c.url+"/profile", "alice")
	token := c.op.Sign(map[string]any{
		"iss": c.op.Issuer(), "aud": authtest.ClientID, "iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Minute).Unix(),
		"jti": "one", "sub": "1001",
		"events": map[string]any{
			"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	})
	resp, err := http.PostForm(c.url+"/auth/backchannel/oidc", url.Values{"logout_token": {token}})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("back-channel logout: %v, %v", resp, err)
	}
	resp.Body.Close()
	if a, p, b := c.signedIn(t, alice, "Alice"), c.signedIn(t, phone, "Alice"),
		c.signedIn(t, bob, "Bob"); a != neither || p != neither || b != both {
		t.Errorf("after the back-channel logout of alice: alice %v, her phone %v, bob %v", a, p, b)
	}

	// By the user.
	c.post(t, bob, "/auth/logout", nil)
	if got := c.signedIn(t, bob, "Bob"); got != neither {
		t.Errorf("after signing out: bob %v", got)
	}
}

func (c *cluster) post(t *testing.T, b *http.Client, path string, form url.Values) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+path,
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", c.url)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	authtest.Body(t, resp)
}

// R106: a thousand requests with an expired token, across both processes, cause one refresh. The
// provider revokes the login if a refresh token is used twice.
func TestProcesses_R106_OneRefresh(t *testing.T) {
	c := startCluster(t)
	b := authtest.NewBrowser(t)
	c.op.SetTokenLifetime(time.Second)
	authtest.SignIn(t, b, c.url+"/sessions", "alice")
	before := c.op.Count("token")
	refreshing, release := c.holdRefresh()
	c.op.SetTokenLifetime(time.Hour)
	const requests = 1000
	odd, answers := map[string]int{}, make(chan string, 1)
	note := func(answer string) {
		if answer != "" {
			odd[answer]++
		}
	}
	send := func() { answers <- c.profile(t, b) }
	for refreshed := false; !refreshed; {
		go send()
		select {
		case answer := <-answers: // the token has not expired yet
			note(answer)
		case <-refreshing:
			refreshed = true
		}
	}
	slots := make(chan struct{}, 200) // limits concurrent connections
	for range requests - 1 {
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			send()
		}()
	}
	close(release)
	for range requests {
		note(<-answers)
	}
	if len(odd) > 0 {
		t.Errorf("unexpected responses: %v", odd)
	}
	// New tokens are stored before Hooks.Refresh runs (F15), so concurrent requests may not show
	// the hook's changes yet. Later requests do.
	if page := authtest.Body(t, authtest.Open(t, b, c.url+"/profile")); !strings.Contains(page,
		"was last refreshed on") {
		t.Error("the page does not show the change by Hooks.Refresh")
	}
	if n := c.op.Count("token") - before; n != 1 {
		t.Errorf("%d token requests, want one", n)
	}
	if got := c.signedIn(t, b, "Alice"); got != both {
		t.Errorf("signed in after the requests: %v", got)
	}
}

// holdRefresh makes the provider's token endpoint wait for release, after it has told refreshing.
func (c *cluster) holdRefresh() (refreshing chan bool, release chan struct{}) {
	refreshing, release = make(chan bool, 100), make(chan struct{})
	c.op.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
			if endpoint == "token" {
				refreshing <- true
				<-release
			}
			return false
		}
	})
	return refreshing, release
}

// profile opens the page that calls the provider's API with the user's token, and returns a
// description of any failure.
func (c *cluster) profile(t *testing.T, b *http.Client) string {
	resp, err := b.Get(c.url + "/profile")
	if err != nil {
		return err.Error()
	}
	body := authtest.Body(t, resp)
	switch {
	case resp.StatusCode != http.StatusOK || resp.Request.URL.Path != "/profile":
		return fmt.Sprintf("status %d at %s", resp.StatusCode, resp.Request.URL.Path)
	case !strings.Contains(body, "1001"):
		return "a page without the API response"
	}
	return ""
}
