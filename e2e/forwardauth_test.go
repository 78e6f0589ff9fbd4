package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/snippets"
	"github.com/sallyport-go/sallyport/internal/testcert"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

const forwardAuthGuide = "../docs/forward-auth.md"

// forwardAuthService is the program of the guide.
func forwardAuthService(auth *sallyport.Auth) http.Handler {
	config := middleware.ForwardAuthConfig{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Headers: map[string]func(*session.Session) string{
			"X-Auth-User":  func(s *session.Session) string { return s.User.Subject },
			"X-Auth-Email": func(s *session.Session) string { return s.User.Email },
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", auth.Routes)
	mux.Handle("/forward-auth", auth.ForwardAuth(config))

	config.StatusOnly = true // for nginx
	mux.Handle("/forward-auth/status", auth.ForwardAuth(config))
	return mux
}

func TestForwardAuth_GuideCompiles(t *testing.T) {
	snippets.Compiled(t, forwardAuthGuide, "forwardauth_test.go")
}

// A proxied application is guarded by a proxy.
type proxied struct {
	url  string // of the proxy, with https
	op   *authtest.Provider
	auth string // host and port of the library
	app  string // host and port of the application
	cert string // files
	key  string
	seen chan *http.Request // what arrives at the application
}

// newProxied starts everything but the proxy, which is to listen at the address in url.
func newProxied(t *testing.T) *proxied {
	t.Helper()
	p := &proxied{url: "https://" + freeAddr(t), op: authtest.NewTLSProvider(t),
		seen: make(chan *http.Request, 100)}
	auth, err := sallyport.New(sallyport.Config{
		BaseURL:   p.url,
		Providers: provider.Set{"op": p.op.OIDC()},
		Session:   session.Config{Secret: authtest.Secret},
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(forwardAuthService(auth))
	t.Cleanup(service.Close)
	app := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(app.Close)
	p.auth, p.app = service.Listener.Addr().String(), app.Listener.Addr().String()
	p.cert, p.key = certificateFiles(t)
	return p
}

// serve is the application behind the proxy: it trusts the headers, as a CGI program sees them.
func (p *proxied) serve(w http.ResponseWriter, r *http.Request) {
	p.seen <- r
	users := []string{}
	for name, values := range r.Header {
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), "X-Auth-User") {
			users = append(users, values...)
		}
	}
	if r.URL.Path == "/forbidden" {
		w.WriteHeader(http.StatusForbidden)
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "guarded %s %s for %s %s %s", r.Method, r.RequestURI,
		strings.Join(users, ","), r.Header.Get("X-Auth-Email"), body)
}

// certificateFiles writes the certificate of tests into files.
func certificateFiles(t *testing.T) (cert, key string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	testcert.Start(server)
	defer server.Close()
	pair := server.TLS.Certificates[0]
	raw, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		key:  {Type: "PRIVATE KEY", Bytes: raw},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// startNginx runs nginx with the configuration of the guide.
func (p *proxied) startNginx(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(p.url, "https://"))
	site := snippets.Replace(t, snippets.Blocks(t, forwardAuthGuide, "nginx")[0],
		"listen 443 ssl", "listen 127.0.0.1:"+port+" ssl",
		"app.example.com;", "localhost;",
		"/etc/ssl/app.example.com.pem", p.cert, "/etc/ssl/app.example.com.key", p.key,
		"127.0.0.1:8080", p.auth, "127.0.0.1:3000", p.app,
		"$host;", "$host:$server_port;")
	config := "daemon off; worker_processes 1; error_log stderr; pid " + dir + "/pid;\n" +
		"events {}\nhttp {\naccess_log off;\n"
	for _, temp := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		config += temp + "_temp_path " + dir + "/" + temp + ";\n"
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config+site+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, exec.Command(need(t, "nginx"), "-e", "stderr", "-c", file))
}

// startCaddy runs Caddy with the configuration of the guide.
func (p *proxied) startCaddy(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	config := "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" +
		snippets.Replace(t, snippets.Blocks(t, forwardAuthGuide, "caddyfile")[0],
			"app.example.com {", p.url+" {\n\ttls "+p.cert+" "+p.key,
			"127.0.0.1:8080", p.auth, "127.0.0.1:3000", p.app)
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(need(t, "caddy"), "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	p.run(t, cmd)
}

// run runs a proxy until the test ends, and waits until it accepts connections.
func (p *proxied) run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var log lockedBuffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &log, &log, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // nginx ends its workers
		<-ended
		if t.Failed() {
			t.Logf("%s: %s", filepath.Base(cmd.Path), log.String())
		}
	})
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+strings.Split(p.url, ":")[2])
		if err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v: %s", cmd.Path, err, log.String())
		default:
		}
	}
}

// do sends a request through the proxy without following redirects.
func (p *proxied) do(t *testing.T, b *http.Client, method, path string,
	headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.url+path,
		strings.NewReader(map[bool]string{true: "a=b"}[method == http.MethodPost]))
	if err != nil {
		t.Fatal(err)
	}
	plain, _, _ := strings.Cut(path, "?")
	req.URL.Opaque = strings.TrimPrefix(p.url, "https:") + plain // as it is written
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header[headers[i]] = []string{headers[i+1]} // in this spelling
	}
	still := *b
	still.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	resp, err := still.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp, authtest.Body(t, resp)
}

// everyProxy runs a test with each proxy.
func everyProxy(t *testing.T, test func(*testing.T, *proxied)) {
	for name, start := range map[string]func(*proxied, *testing.T){
		"nginx": (*proxied).startNginx, "caddy": (*proxied).startCaddy,
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxied(t)
			start(p, t)
			test(t, p)
		})
	}
}

// A user signs in by opening a page of the application, comes back to it, and signs out.
func TestForwardAuth_Login(t *testing.T) {
	everyProxy(t, func(t *testing.T, p *proxied) {
		b := authtest.NewBrowser(t)
		resp := authtest.SignIn(t, b, p.url+"/reports/%C3%A4?a=1&b=%2520", "alice")
		alice := p.op.Users()[0]
		want := "guarded GET /reports/%C3%A4?a=1&b=%2520 for " + alice.Subject + " " + alice.Email
		if got := strings.TrimSpace(authtest.Body(t, resp)); got != want {
			t.Fatalf("the page at %s says %q, want %q", resp.Request.URL, got, want)
		}
		own := []string{"Sec-Fetch-Site", "same-origin", "Origin", p.url,
			"Content-Type", "application/x-www-form-urlencoded"}
		if resp, body := p.do(t, b, "POST", "/form", own...); resp.StatusCode != 200 ||
			!strings.HasSuffix(body, "a=b") {
			t.Errorf("an own form: status %d: %s", resp.StatusCode, body)
		}
		if resp, body := p.do(t, b, "GET", "/forbidden"); resp.StatusCode != 403 ||
			!strings.HasPrefix(body, "guarded") {
			t.Errorf("the application's own 403: status %d: %s", resp.StatusCode, body)
		}
		resp, _ = p.do(t, b, "POST", "/auth/logout", own...)
		if to := resp.Header.Get("Location"); resp.StatusCode != 303 {
			t.Errorf("sign-out: status %d, Location %s", resp.StatusCode, to)
		}
		if resp, body := p.do(t, b, "GET", "/reports/"); resp.StatusCode != 302 {
			t.Errorf("after the sign-out: status %d: %s", resp.StatusCode, body)
		}
	})
}

// R124, R125: nothing reaches the application without a session.
func TestForwardAuth_R124_NotSignedIn(t *testing.T) {
	everyProxy(t, func(t *testing.T, p *proxied) {
		b := authtest.NewBrowser(t)
		script := []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin"}
		resp, body := p.do(t, b, "GET", "/data", script...)
		if resp.StatusCode != 401 || !strings.Contains(body, `"login_url":"`+p.url+`/auth/login"`) {
			t.Errorf("a script: status %d: %s", resp.StatusCode, body)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
			if resp, body := p.do(t, b, method, "/data"); resp.StatusCode != 401 {
				t.Errorf("%s: status %d: %s", method, resp.StatusCode, body)
			}
		}
		for _, c := range p.hostile() {
			resp, body := p.do(t, b, "GET", c.path, c.headers...)
			to, err := url.Parse(resp.Header.Get("Location"))
			if resp.StatusCode == 200 || strings.Contains(body, "guarded") || err != nil ||
				to.Host != "" && "https://"+to.Host != p.url || len(resp.Cookies()) != 0 {
				t.Errorf("%s %v: status %d, Location %s: %s", c.path, c.headers, resp.StatusCode,
					to, body)
			}
			// Caddy encodes a backslash.
			if got := to.Query().Get("return_to"); got != "" && got != c.path &&
				got != strings.ReplaceAll(c.path, `\`, "%5C") {
				t.Errorf("%s %v: returns to %s", c.path, c.headers, got)
			}
		}
		if len(p.seen) != 0 {
			t.Errorf("the application has seen %s", (<-p.seen).URL)
		}
	})
}

type hostileRequest struct {
	path    string
	headers []string
}

// hostile are requests that try to be taken for others.
func (p *proxied) hostile() []hostileRequest {
	var all []hostileRequest
	for _, path := range []string{"/", "//evil.example/", "/%2f%2fevil.example/", "/auth/../data",
		"/auth/%2e%2e/data", "/auth%2f..%2fdata", "/x/../auth/../data", "/%0d%0aSet-Cookie:a=b",
		"/data;/auth/", "/data?/auth/", "/data?x=%0d%0aLocation:%20https://evil.example/",
		"/_forward_auth", "/forward-auth", "/forward-auth/status", `/\evil.example/`,
		"/data%00", "/auth%00/../data"} {
		all = append(all, hostileRequest{path: path})
	}
	for _, h := range [][]string{
		{"X-Forwarded-Uri", "/auth/"}, {"X-Forwarded-Uri", "//evil.example"},
		{"X-Forwarded-Method", "OPTIONS"}, {"X-Forwarded-Host", "evil.example"},
		{"X-Original-Uri", "/auth/"}, {"X-Original-Url", "/auth/"}, {"X_Forwarded_Uri", "/auth/"},
		{"X_FORWARDED_URI", "//evil.example"}, {"X-Forwarded-For", "127.0.0.1"},
		{"Forwarded", "for=127.0.0.1;host=evil.example"}, {"X-Http-Method-Override", "OPTIONS"},
		{"User-Agent", "GoogleHC/1.0"}, {"X-Auth-User", "admin"}, {"X_Auth_User", "admin"},
	} {
		all = append(all, hostileRequest{"/data", h})
	}
	return all
}

// R127: the application sees the user that the library names, whatever the client sends.
func TestForwardAuth_R127_SpoofedIdentity(t *testing.T) {
	everyProxy(t, func(t *testing.T, p *proxied) {
		b := authtest.NewBrowser(t)
		authtest.SignIn(t, b, p.url+"/", "alice")
		alice := p.op.Users()[0].Subject
		for _, name := range []string{"X-Auth-User", "x-auth-user", "X_Auth_User", "X-AUTH_USER",
			"x_auth-user", "X-Auth-Email", "X_AUTH_EMAIL"} {
			_, body := p.do(t, b, "GET", "/who", name, "admin")
			if !strings.HasPrefix(body, "guarded GET /who for "+alice+" alice@") ||
				strings.Contains(body, "admin") {
				t.Errorf("%s: %s", name, body)
			}
		}
	})
}

// Other sites cannot act for the user, and the proxy tells what they do.
func TestForwardAuth_R129_CrossSite(t *testing.T) {
	everyProxy(t, func(t *testing.T, p *proxied) {
		b := authtest.NewBrowser(t)
		authtest.SignIn(t, b, p.url+"/", "alice")
		for len(p.seen) > 0 {
			<-p.seen
		}
		for name, headers := range map[string][]string{
			"a form":  {"Sec-Fetch-Site", "cross-site"},
			"as GET":  {"Sec-Fetch-Site", "cross-site", "X-Forwarded-Method", "GET"},
			"browser": {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site"},
		} {
			headers = append(headers, "Origin", "https://evil.example")
			if resp, body := p.do(t, b, "POST", "/form", headers...); resp.StatusCode != 403 ||
				!strings.Contains(body, "another site") {
				t.Errorf("%s: status %d: %s", name, resp.StatusCode, body)
			}
		}
		socket := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-Websocket-Key",
			"x", "Sec-Websocket-Version", "13", "Sec-Fetch-Mode", "websocket", "Sec-Fetch-Site",
			"cross-site", "Origin", "https://evil.example"}
		if resp, body := p.do(t, b, "GET", "/socket", socket...); resp.StatusCode != 403 {
			t.Errorf("a WebSocket: status %d: %s", resp.StatusCode, body)
		}
		if len(p.seen) != 0 {
			t.Errorf("the application has seen %s", (<-p.seen).URL)
		}
	})
}

// The configurations for Traefik and in the text name the same headers and addresses as those that
// are tested.
func TestForwardAuth_Traefik(t *testing.T) {
	config := snippets.Blocks(t, forwardAuthGuide, "yaml")[0]
	for _, want := range []string{"X-Auth-User: \"\"", "X-Auth-Email: \"\"",
		"authResponseHeaders: [X-Auth-User, X-Auth-Email]",
		"address: http://127.0.0.1:8080/forward-auth\n",
		"middlewares: [no-identity, signed-in]"} {
		if !bytes.Contains([]byte(config), []byte(want)) {
			t.Errorf("the configuration for Traefik does not have %q", want)
		}
	}
}
