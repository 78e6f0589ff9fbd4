package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// serveApp starts an application that signs users in at a provider and responds with the signed-in
// user.
func serveApp(t *testing.T, addr string, p *zitadelOP) {
	t.Helper()
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "http://" + addr,
		Providers: provider.Set{"oidc": &provider.OIDC{
			Issuer: p.issuer(), ClientID: "web", ClientSecret: "secret", InsecureLoopbackHTTP: true,
		}},
		Session: session.Config{
			Secret:      "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6",
			Revocations: session.NewMemoryRevocations(nil),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: auth.Handler(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		if s, ok := session.FromContext(r.Context()); ok {
			fmt.Fprint(w, s.User.Subject)
		}
	}))}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
}

// F29: no login fails if the provider closes idle connections after a second (Node.js: five), even
// if it starts just then.
func TestZitadel_F29_IdleConnectionsClose(t *testing.T) {
	addr := freeAddr(t)
	closed := make(chan bool, 100)
	p := newZitadelWith(t, "http://"+addr, func(s *http.Server) {
		s.IdleTimeout = time.Second
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				select {
				case closed <- true:
				default:
				}
			}
		}
	})
	serveApp(t, addr, p)
	for i := range 4 {
		if authtest.Body(t, signInAtZitadel(t, authtest.NewBrowser(t),
			"http://"+addr+"/auth/login")) == "" {
			t.Errorf("login %d failed", i)
		}
		for drained := false; !drained; { // ignore connections that browsers closed
			select {
			case <-closed:
			default:
				drained = true
			}
		}
		<-closed
	}
}

// F29: if a reused connection breaks during the token request, the login succeeds. If a new
// connection breaks too, the login fails, and the code is not sent again.
func TestZitadel_F29_ConnectionBreaksDuringTokenRequest(t *testing.T) {
	for name, row := range map[string]struct {
		dropNew bool
		want    int // token requests
	}{
		"reused": {false, 2}, "reused and new": {true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			addr := freeAddr(t)
			drops := &dropping{dropNew: row.dropNew}
			p := newZitadelWith(t, "http://"+addr, drops.prepare)
			serveApp(t, addr, p)
			signedIn := strings.TrimSpace(authtest.Body(t,
				signInAtZitadel(t, authtest.NewBrowser(t), "http://"+addr+"/auth/login")))
			failed := strings.Contains(signedIn, "<html")
			if failed != row.dropNew || drops.tokenRequests() != row.want {
				t.Errorf("%d token requests, want %d; the page says %.60q", drops.tokenRequests(),
					row.want, signedIn)
			}
		})
	}
}

// dropping closes reused connections on which a token request arrives.
type dropping struct {
	dropNew bool // close new connections too

	mu    sync.Mutex
	used  map[net.Conn]bool
	token int
}

type connKey struct{}

func (d *dropping) prepare(s *http.Server) {
	d.used = map[net.Conn]bool{}
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.drop(r) {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

func (d *dropping) drop(r *http.Request) bool {
	c := r.Context().Value(connKey{}).(net.Conn)
	d.mu.Lock()
	defer d.mu.Unlock()
	kept := d.used[c]
	d.used[c] = true
	if !strings.HasSuffix(r.URL.Path, "/token") {
		return false
	}
	d.token++
	return kept || d.dropNew
}

func (d *dropping) tokenRequests() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.token
}

// F29, F7: forged tokens do not delay logins after a key rotation. The provider has also closed all
// connections, because it was restarted.
func TestZitadel_F29_F7_RotationAfterAForgedToken(t *testing.T) {
	addr := freeAddr(t)
	base := "http://" + addr
	p := newZitadel(t, base)
	serveApp(t, addr, p)
	signIn := func() string {
		return authtest.Body(t, signInAtZitadel(t, authtest.NewBrowser(t), base+"/auth/login"))
	}
	if who := signIn(); who == "" || strings.Contains(who, "<html") {
		t.Fatalf("the first login: %.60q", who)
	}
	stranger := newZitadel(t, base) // its key is not in the provider's JWKS
	for range 3 {
		forged := url.Values{"logout_token": {stranger.logoutToken(t, "alice", "")}}
		resp, err := http.PostForm(base+"/auth/backchannel/oidc", forged)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a forged logout token: status %d", resp.StatusCode)
		}
	}
	p.stop()
	p.start(t)
	for i := range 3 {
		if who := signIn(); who == "" || strings.Contains(who, "<html") {
			t.Errorf("login %d after the rotation: %.60q", i, who)
		}
	}
}
