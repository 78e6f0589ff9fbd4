package e2e

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// nginxPaths are the two ways in which nginx forwards requests for a path, as docs/hosts.md has
// them: with the path, and, if proxy_pass has a path of its own, without.
var nginxPaths = map[bool]string{
	false: `location /app/ {
    proxy_pass http://127.0.0.1:8080;
    proxy_set_header Host $http_host;
}`,
	true: `location /app/ {
    proxy_pass http://127.0.0.1:8080/;
    proxy_set_header Host $http_host;
}`,
}

// R167: an application at a path behind nginx, which keeps the path or strips it.
func TestNginx_R167_Path(t *testing.T) {
	guide, err := os.ReadFile("../docs/hosts.md")
	if err != nil {
		t.Fatal(err)
	}
	for strips, location := range nginxPaths {
		if !strings.Contains(string(guide), "```nginx\n"+location+"\n```") {
			t.Errorf("docs/hosts.md does not have: %s", location)
		}
		t.Run(fmt.Sprintf("strips=%v", strips), func(t *testing.T) {
			need(t, "nginx")
			front := freeAddr(t)
			base := "http://" + front + "/app"
			op := authtest.NewProvider(t)
			server := httptest.NewServer(atPath(t, base, strips, op))
			t.Cleanup(server.Close)
			startNginx(t, front, strings.ReplaceAll(location, "127.0.0.1:8080",
				server.Listener.Addr().String()))
			t.Run("sign-in", func(t *testing.T) { signInBehindNginx(t, base) })
			t.Run("return addresses", func(t *testing.T) { returnBehindNginx(t, base) })
		})
	}
}

// atPath is an application at /app with a page that shows the user.
func atPath(t *testing.T, base string, strips bool, op *authtest.Provider) http.Handler {
	t.Helper()
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: base, ProxyStripsPath: strips, Providers: provider.Set{"op": op.OIDC()},
		Session: session.Config{
			Secret: "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6",
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	inner := "/app"
	if strips {
		inner = ""
	}
	mux := http.NewServeMux()
	mux.HandleFunc(inner+"/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<a href="%s">sign in</a>`, auth.LoginURL(""))
	})
	mux.Handle(inner+"/me/", auth.RequireAuth(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			s, _ := session.FromContext(r.Context())
			fmt.Fprintf(w, "Hello, %s", s.User.Name)
		})))
	return auth.Handler(mux)
}

func signInBehindNginx(t *testing.T, base string) {
	b := authtest.NewBrowser(t)
	if home := authtest.Body(t, authtest.Open(t, b, base+"/")); !strings.Contains(home,
		`href="/app/auth/login"`) {
		t.Errorf("the start page: %s", home)
	}
	page := base + "/me/%C3%A4%20b?x=%2F1"
	end := authtest.SignIn(t, b, page, "alice")
	if body := authtest.Body(t, end); end.Request.URL.String() != page ||
		!strings.Contains(body, "Hello, Alice") {
		t.Fatalf("%s: %s", end.Request.URL, body)
	}
	origin := strings.TrimSuffix(base, "/app")
	req, err := http.NewRequest("POST", base+"/auth/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if body := authtest.Body(t, resp); resp.Request.URL.Path != "/app/auth/logged-out" ||
		!strings.Contains(body, `href="/app/"`) {
		t.Errorf("signed out at %s: %s", resp.Request.URL, body)
	}
	if end := authtest.Open(t, b, page); strings.HasPrefix(end.Request.URL.String(), base) {
		t.Errorf("still signed in at %s", end.Request.URL)
	}
}

// returnBehindNginx has hostile addresses judged by what nginx and a browser make of them: users
// never leave the path.
func returnBehindNginx(t *testing.T, base string) {
	b := authtest.NewBrowser(t)
	authtest.SignIn(t, b, base+"/me/", "alice")
	for _, hostile := range []string{"/", "/other", "//evil.example", "/app/../other",
		"/app/%2e%2e/other", "/app/..%2fother", "/app%2fme/", "/app//evil.example", "/application",
		`/app/\evil.example`, "/app/%2fevil.example"} {
		end := authtest.Open(t, b, base+"/auth/login?return_to="+url.QueryEscape(hostile))
		if got := end.Request.URL.String(); got != base+"/" {
			t.Errorf("return_to %q ends at %s", hostile, got)
		}
	}
}
