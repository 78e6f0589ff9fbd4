package provider

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A step is a dropping server's reaction to one request of a connection.
type step string

const (
	answers step = "answers"
	drops   step = "drops the connection"
	oneByte step = "drops the connection after a byte of the answer"
	hangs   step = "does not answer"
	spent   step = "answers invalid_grant"
)

// A droppingServer follows one script per connection, and the last script for all further ones.
type droppingServer struct {
	address string
	scripts [][]step

	mu       sync.Mutex
	accepted int
	requests []*http.Request // with their form
}

func newDroppingServer(t *testing.T, scripts ...[]step) *droppingServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &droppingServer{address: "http://" + l.Addr().String(), scripts: scripts}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			script := s.scripts[min(s.accepted, len(s.scripts)-1)]
			s.accepted++
			s.mu.Unlock()
			go s.serve(c, script)
		}
	}()
	return s
}

func (s *droppingServer) serve(c net.Conn, script []step) {
	defer c.Close()
	in := bufio.NewReader(c)
	for _, do := range script {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		r.ParseForm()
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		status, body := "200 OK", s.body(r)
		switch do {
		case drops:
			return
		case oneByte:
			io.WriteString(c, "H")
			return
		case hangs:
			io.Copy(io.Discard, in)
			return
		case spent:
			status, body = "400 Bad Request", `{"error":"invalid_grant"}`
		}
		fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: "+
			"%d\r\n\r\n%s", status, len(body), body)
	}
}

// body returns the response of each endpoint.
func (s *droppingServer) body(r *http.Request) string {
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		return fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%[1]q,"token_endpoint":%q,"jwks_uri":%[1]q,
			"pushed_authorization_request_endpoint":%[3]q}`, s.address, s.address+"/token", s.address+"/par")
	case "/par":
		return `{"request_uri":"urn:example:1","expires_in":60}`
	case "/oauth1":
		return "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"
	case "/user":
		return `{"id":"1"}`
	}
	return `{"access_token":"a","token_type":"Bearer","expires_in":3600}`
}

func (s *droppingServer) received(path string) (found []*http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.URL.Path == path {
			found = append(found, r)
		}
	}
	return found
}

// redeeming are the requests whose code or token may be spent. Each call first sends another
// request to the same server, on a connection that is then reused. They return the requests that
// the server received.
var redeeming = map[string]func(s *droppingServer, c *http.Client) ([]*http.Request, error){
	"a code at an OpenID provider": func(s *droppingServer, c *http.Client) ([]*http.Request,
		error) {
		o := &OIDC{Issuer: s.address, ClientID: "c", ClientKey: testClientKey(),
			InsecureLoopbackHTTP: true, HTTPClient: c}
		m, err := o.metadata(context.Background()) // the first request
		if err == nil {
			_, err = o.exchange(context.Background(), m,
				&Flow{RedirectURI: "https://app.example/callback"}, "code")
			if err != nil && strings.Contains(err.Error(), "id_token") {
				err = nil // the server sends no ID token
			}
		}
		return s.received("/token"), err
	},
	"a pushed authorization request": func(s *droppingServer, c *http.Client) ([]*http.Request,
		error) {
		o := &OIDC{Issuer: s.address, ClientID: "c", ClientKey: testClientKey(),
			InsecureLoopbackHTTP: true, HTTPClient: c, PAR: true}
		_, err := o.Begin(context.Background(), &Flow{RedirectURI: "https://app.example/callback"})
		return s.received("/par"), err
	},
	"a refresh token at a provider without OpenID": func(s *droppingServer,
		c *http.Client) ([]*http.Request, error) {
		o := &OAuth2{
			ClientID: "c", ClientSecret: "s", Endpoints: Endpoints{
				Authorization: s.address,
				Token:         s.address + "/token",
				UserInfo:      s.address + "/user",
			},
			UserFields: Fields{ID: "id"}, InsecureLoopbackHTTP: true, HTTPClient: c,
		}
		// the first request
		if _, err := o.fetchProfile(context.Background(), session.Tokens{AccessToken: "a"},
			Profile{}); err != nil {
			return nil, err
		}
		before := &session.Session{User: session.User{Issuer: o.issuer(), Subject: "1"}}
		before.SetTokens(session.Tokens{AccessToken: "a", RefreshToken: "r"})
		_, err := o.Refresh(context.Background(), before, func(*session.Session) {})
		return s.received("/token"), err
	},
	"an OAuth 1.0a verifier": func(s *droppingServer, c *http.Client) ([]*http.Request, error) {
		o := &OAuth1{
			ClientID: "c", ClientSecret: "s", Endpoints: Endpoints{
				RequestToken:  s.address + "/user",
				Authorization: s.address,
				Token:         s.address + "/oauth1",
				UserInfo:      s.address + "/user",
			},
			UserFields: Fields{ID: "id"}, InsecureLoopbackHTTP: true,
			HTTPClient: c,
		}
		// the first request
		if _, err := o.profile(context.Background(),
			credential{token: "t", secret: "s"}); err != nil {
			return nil, err
		}
		f := &Flow{State: "state", Token: "t", Secret: "s"}
		_, err := o.Finish(context.Background(), f,
			url.Values{"state": {"state"}, "oauth_token": {"t"}, "oauth_verifier": {"v"}})
		return s.received("/oauth1"), err
	},
}

func testClientKey() *ClientKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return &ClientKey{Signer: key}
}

// R73, F29: a request that spends a code or token is sent once, and a second time only on a new
// connection after a reused one has ended without a byte of a response.
func TestSendOnce_R73_F29_OnlyAfterAKeptConnectionClosed(t *testing.T) {
	for _, row := range []struct {
		name    string
		scripts [][]step
		want    int // requests
		ok      bool
	}{
		{"a kept connection answers", [][]step{{answers, answers}}, 1, true},
		{"a kept connection is closed while idle", [][]step{{answers}, {answers, answers, answers}},
			1, true},
		{"a kept connection is closed", [][]step{{answers, drops}, {answers, answers, answers}},
			2, true},
		{"a kept connection is closed, then a new one", [][]step{{answers, drops}, {drops}},
			2, false},
		{"a kept connection ends after a byte", [][]step{{answers, oneByte}, {answers, answers}},
			1, false},
		{"a kept connection hangs", [][]step{{answers, hangs}, {answers, answers}}, 1, false},
		{"a new connection is closed", [][]step{{answers}, {drops}}, 1, false},
	} {
		for name, redeem := range redeeming {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				s := newDroppingServer(t, row.scripts...)
				c := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
				if strings.HasSuffix(row.name, "hangs") {
					c.Timeout = 200 * time.Millisecond
				}
				got, err := redeem(s, c)
				if len(got) != row.want || (err == nil) != row.ok {
					t.Errorf("%d requests and %v, want %d and ok: %v", len(got), err,
						row.want, row.ok)
				}
				if !row.ok && !errors.Is(err, ErrUnavailable) {
					t.Errorf("%v, want ErrUnavailable", err)
				}
				if len(got) == 2 {
					differ(t, got[0], got[1])
				}
			})
		}
	}
}

// differ checks that the second request repeats the first with new credentials.
func differ(t *testing.T, first, second *http.Request) {
	t.Helper()
	for name := range first.PostForm {
		same := first.PostForm.Get(name) == second.PostForm.Get(name)
		if proof := name == "client_assertion"; same == proof {
			t.Errorf("%s of both requests: equal: %v", name, same)
		}
	}
	oauth1 := func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Authorization"), "OAuth ")
	}
	if oauth1(first) && first.Header.Get("Authorization") == second.Header.Get("Authorization") {
		t.Error("the second request repeats the nonce of the first")
	}
}

// F29: a code that the first request has spent is a fault of its own: a new login succeeds.
func TestSendOnce_F29_Interrupted(t *testing.T) {
	for _, name := range []string{"a code at an OpenID provider", "an OAuth 1.0a verifier"} {
		s := newDroppingServer(t, []step{answers, drops}, []step{spent})
		_, err := redeeming[name](s, &http.Client{Transport: &http.Transport{}})
		if fault, ok := errors.AsType[*Error](err); !ok || fault.Fault != faultInterrupted {
			t.Errorf("%s: %v, want %s", name, err, faultInterrupted)
		}
	}
	s := newDroppingServer(t, []step{answers, drops}, []step{spent})
	_, err := redeeming["a refresh token at a provider without OpenID"](s,
		&http.Client{Transport: &http.Transport{}})
	if fault, ok := errors.AsType[*Error](err); !ok || fault.Fault != FaultRefresh {
		t.Errorf("a refresh: %v, want %s", err, FaultRefresh)
	}
}

// opaque hides the type of a transport.
type opaque struct{ http.RoundTripper }

// F29: a request is not repeated with a transport that cannot be made to open a new connection.
func TestSendOnce_F29_UnknownTransport(t *testing.T) {
	for name, redeem := range redeeming {
		s := newDroppingServer(t, []step{answers, drops}, []step{answers, answers})
		got, err := redeem(s, &http.Client{Transport: opaque{&http.Transport{}}})
		if len(got) != 1 || !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %d requests and %v, want one and ErrUnavailable", name, len(got), err)
		}
	}
}

// F29: idle connections to endpoints are kept for less than four seconds, those of API clients as
// long as the transport permits.
func TestConnections_F29_IdleTime(t *testing.T) {
	configured := &http.Transport{IdleConnTimeout: time.Hour}
	short := &http.Transport{IdleConnTimeout: time.Second}
	for name, out := range map[string]outbound{
		"own": {connections: new(connections)},
		"no limit": {own: &http.Client{Transport: &http.Transport{}},
			connections: new(connections)},
		"configured": {own: &http.Client{Transport: configured}, connections: new(connections)},
		"short":      {own: &http.Client{Transport: short}, connections: new(connections)},
	} {
		brief := out.client(never).Transport.(*http.Transport)
		if brief.IdleConnTimeout <= 0 || brief.IdleConnTimeout >= 4*time.Second {
			t.Errorf("%s: endpoints: idle connections are kept for %v", name, brief.IdleConnTimeout)
		}
		if again := out.client(sameOrigin).Transport; again != http.RoundTripper(brief) {
			t.Errorf("%s: each request has its own connections", name)
		}
	}
	out := outbound{own: &http.Client{Transport: configured}, connections: new(connections)}
	if got := out.callAPI(nil).Transport; got != http.RoundTripper(configured) ||
		configured.IdleConnTimeout != time.Hour {
		t.Error("the API client does not use the configured transport")
	}
	if !slices.Contains([]http.RoundTripper{short}, outbound{own: &http.Client{Transport: short},
		connections: new(connections)}.client(never).Transport) {
		t.Error("a transport that keeps connections briefly is copied")
	}
}
