package e2e

import (
	"bufio"
	"bytes"
	"flag"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// example is the path of the example's binary.
var example string

func TestMain(m *testing.M) {
	if flag.Parse(); testing.Short() {
		return // Chromium, Redis and other providers take their time
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "sallyport-e2e-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		example = filepath.Join(dir, "example")
		build := exec.Command("go", "build", "-o", example,
			"github.com/sallyport-go/sallyport/example")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return 1
		}
		return m.Run()
	}())
}

// A program is a running process of the example.
type program struct {
	url    string
	users  string // its output about the test provider and its users
	stderr *lockedBuffer
}

// A lockedBuffer collects the output of a process. It is safe for concurrent use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns the output so far.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs the example at an address with settings, until the test ends.
func start(t *testing.T, addr string, env ...string) *program {
	t.Helper()
	p := &program{url: "http://" + addr, stderr: &lockedBuffer{}}
	cmd := exec.Command(example)
	cmd.Env = append([]string{"LISTEN_ADDR=" + addr}, env...)
	cmd.Stderr = p.stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the example ended with %v: %s", err, p.stderr)
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		p.users += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "To use a real provider") ||
			strings.Contains(lines.Text(), "Redirect URI to register") {
			go func() { // drain the pipe
				for lines.Scan() {
				}
			}()
			return p
		}
	}
	t.Fatalf("the example did not start: %s", p.stderr)
	return nil
}

// signInAtZitadel opens a page of the application and signs in on zitadel's page.
func signInAtZitadel(t *testing.T, b *http.Client, address string) *http.Response {
	t.Helper()
	page := authtest.Open(t, b, address)
	if !strings.Contains(authtest.Body(t, page), `name="password"`) {
		t.Fatalf("ended at %s with status %d: %s", page.Request.URL, page.StatusCode,
			authtest.Body(t, page))
	}
	return authtest.Submit(t, b, page, url.Values{"username": {zitadelUser},
		"password": {zitadelPassword}})
}

func TestZitadel_SignInAndOut(t *testing.T) {
	addr := freeAddr(t)
	op := newZitadel(t, "http://"+addr)
	app := start(t, addr, "OIDC_ISSUER="+op.issuer())
	b := authtest.NewBrowser(t)
	resp := signInAtZitadel(t, b, app.url+"/profile?tab=claims&x=a%20b")
	if got := resp.Request.URL.RequestURI(); got != "/profile?tab=claims&x=a%20b" {
		t.Errorf("ended at %s", got)
	}
	body := authtest.Body(t, resp)
	for _, want := range []string{zitadelName, "test-user@zitadel.ch", op.issuer()} {
		if !strings.Contains(body, want) {
			t.Errorf("the profile does not show %q:\n%s", want, body)
		}
	}
	out := authtest.Submit(t, b, resp, nil)
	if out.Request.URL.Path != "/auth/logged-out" || !strings.Contains(authtest.Body(t, out),
		"You are signed out") {
		t.Errorf("signing out ended at %s: %s", out.Request.URL, authtest.Body(t, out))
	}
	if again := authtest.Open(t, b, app.url+"/profile"); !strings.Contains(authtest.Body(t, again),
		`name="password"`) {
		t.Errorf("after signing out, /profile ends at %s", again.Request.URL)
	}
}

// The application recovers without a restart if the provider is down when it starts.
func TestZitadel_ProviderStartsLate(t *testing.T) {
	addr := freeAddr(t)
	op := newZitadel(t, "http://"+addr)
	op.stop()
	app := start(t, addr, "OIDC_ISSUER="+op.issuer())
	b := authtest.NewBrowser(t)
	resp := authtest.Open(t, b, app.url+"/profile")
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("while the provider is down: status %d, Retry-After %q", resp.StatusCode,
			resp.Header.Get("Retry-After"))
	}
	if home := authtest.Open(t, b, app.url+"/"); home.StatusCode != http.StatusOK {
		t.Errorf("the public page: status %d", home.StatusCode)
	}
	op.start(t)
	if got := signInAtZitadel(t, b, app.url+"/profile").Request.URL.Path; got != "/profile" {
		t.Errorf("after the provider started, the sign-in ends at %s", got)
	}
}

func TestExample_BadSettings(t *testing.T) {
	for name, row := range map[string]struct {
		env  []string
		want []string
	}{
		"bad values": {[]string{"OIDC_ISSUER=ftp://x", "OIDC_CLIENT_ID=c",
			"SESSION_SECRET=short", "BASE_URL=http://public.example"},
			[]string{"OIDC_ISSUER", "ecret", "BaseURL"}},
		"missing values": {[]string{"OIDC_ISSUER=https://op.example", "LISTEN_ADDR=0.0.0.0:80"},
			[]string{"BASE_URL", "SESSION_SECRET", "OIDC_CLIENT_ID"}},
		"bad address": {[]string{"LISTEN_ADDR=nonsense"}, []string{"LISTEN_ADDR"}},
		"public demo": {[]string{"BASE_URL=https://public.example"},
			[]string{"OIDC_ISSUER", "BASE_URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(example)
			cmd.Env = row.env
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			cmd.Run() // fails; the exit code is checked below
			if got := cmd.ProcessState.ExitCode(); got != 2 {
				t.Errorf("exit status %d, want 2", got)
			}
			for _, want := range row.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("the message does not mention %s:\n%s", want, stderr.String())
				}
			}
		})
	}
}
