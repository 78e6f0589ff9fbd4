package middleware_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// withStreams adds a page of server-sent events and a WebSocket endpoint. They report how their
// contexts ended.
func withStreams(app *rig.App) (ends chan error) {
	ends = make(chan error, 10)
	app.Mux.Handle("/events", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		ctx, cancel := app.Auth.SessionContext(r)
		defer cancel()
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: hello\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			ends <- err
			return
		}
		<-ctx.Done()
		ends <- context.Cause(ctx)
	})))
	app.Mux.Handle("/socket", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		ctx, cancel := app.Auth.SessionContext(r)
		defer cancel()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			ends <- err
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: "+
			"websocket\r\nConnection: Upgrade\r\n\r\n")
		<-ctx.Done()
		ends <- context.Cause(ctx)
	})))
	return ends
}

// openStream opens the page of events and waits for the first one.
func openStream(t *testing.T, app *rig.App, b *http.Client) *bufio.Reader {
	t.Helper()
	resp, err := rig.Still(b).Get(app.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); line != "data: hello\n" {
		t.Fatalf("status %d, %q, %v", resp.StatusCode, line, err)
	}
	return lines
}

// R129: a stream goes on while the user is signed in, and ends with the session, whichever way that
// ends.
func TestLongLived_R129_StreamsEndWithTheSession(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, app *rig.App, b *http.Client){
		"sign-out": func(t *testing.T, app *rig.App, b *http.Client) {
			app.Post(t, b, "/auth/logout", nil)
		},
		"sign-out in another window, everywhere": func(t *testing.T, app *rig.App, b *http.Client) {
			alice := &session.Session{Provider: "op", User: session.User{Issuer: app.OP.Issuer(),
				Subject: "1001"}}
			if err := app.Auth.Sessions.EndAll(t.Context(), alice); err != nil {
				t.Error(err)
			}
		},
		"another user signs in with the same browser": func(t *testing.T, app *rig.App,
			b *http.Client) {
			authtest.Open(t, b, app.OP.Issuer()+"/end_session")
			app.SignIn(t, b, "bob", "/auth/login?return_to=/me")
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) {
				s.Config.Session.Revocations = session.NewMemoryRevocations(nil)
			})
			ends := withStreams(app)
			b, other := rig.Browser(t), rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			app.SignIn(t, other, "bob", "/me")
			lines, others := openStream(t, app, b), openStream(t, app, other)
			end(t, app, b)
			if cause := <-ends; !errors.Is(cause, session.ErrEnded) {
				t.Errorf("the context's cause is %v", cause)
			}
			if rest, err := io.ReadAll(lines); err != nil || string(rest) != "\n" {
				t.Errorf("the stream ends with %q, %v", rest, err)
			}
			select {
			case cause := <-ends:
				t.Errorf("another user's stream has ended too: %v", cause)
			default:
			}
			app.Post(t, other, "/auth/logout", nil)
			io.ReadAll(others)
		})
	}
}

// upgrade asks for a WebSocket as a browser does and returns the answer.
func upgrade(t *testing.T, app *rig.App, b *http.Client, headers ...string) *http.Response {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(app.URL, "https://"),
		&tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	r, err := http.NewRequest(http.MethodGet, app.URL+"/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "WebSocket")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for _, c := range app.Cookies(b) {
		r.AddCookie(c)
	}
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// R129: a WebSocket opens for a signed-in user, from the application's own pages and those it
// trusts.
func TestLongLived_R129_WebSocketHandshake(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.TrustedOrigins = []string{"https://www.example.com"}
	})
	ends := withStreams(app)
	b := rig.Browser(t)
	if resp := upgrade(t, app, b, "Origin", app.URL); resp.StatusCode != http.StatusUnauthorized ||
		resp.Header.Get("Location") != "" {
		t.Errorf("without a session: status %d", resp.StatusCode)
	}
	app.SignIn(t, b, "alice", "/me")
	opened := 0
	for _, row := range []struct {
		headers []string
		want    int
	}{
		{[]string{"Origin", app.URL}, 101},
		{[]string{"Origin", app.URL, "Sec-Fetch-Site", "same-origin"}, 101},
		{[]string{"Origin", "https://www.example.com", "Sec-Fetch-Site", "cross-site"}, 101},
		{nil, 101}, // no browser
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Origin", strings.Replace(app.URL, "https", "http", 1), "Sec-Fetch-Site",
			"cross-site"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
	} {
		if resp := upgrade(t, app, b, row.headers...); resp.StatusCode != row.want {
			t.Errorf("%v: status %d, want %d", row.headers, resp.StatusCode, row.want)
		}
		if row.want == http.StatusSwitchingProtocols {
			opened++
		}
	}
	app.Post(t, b, "/auth/logout", nil)
	for range opened { // also without revocations: it is the same process
		if cause := <-ends; !errors.Is(cause, session.ErrEnded) {
			t.Errorf("a socket ended with %v", cause)
		}
	}
}

// R129: what there is no session for has ended already; injected sessions and callers with a token
// end in their own time.
func TestLongLived_R129_WithoutACookie(t *testing.T) {
	app := rig.New(t)
	r := httptest.NewRequest("GET", "/", nil)
	ctx, cancel := app.Auth.SessionContext(r)
	defer cancel()
	if !errors.Is(context.Cause(ctx), session.ErrNone) {
		t.Errorf("without a session: %v", context.Cause(ctx))
	}
	ctx, cancel = app.Auth.SessionContext(authtest.WithSession(r, &session.Session{Provider: "x",
		User: session.User{Issuer: "i", Subject: "s"}}))
	if ctx.Err() != nil {
		t.Errorf("injected: %v", ctx.Err())
	}
	if cancel(); ctx.Err() == nil {
		t.Error("cancel does nothing")
	}
	over := session.NewContext(r.Context(),
		&session.Session{Expires: app.Clock.Now().Add(-time.Second)})
	ctx, cancel = app.Auth.SessionContext(r.WithContext(over))
	defer cancel()
	if <-ctx.Done(); !errors.Is(context.Cause(ctx), session.ErrEnded) {
		t.Errorf("a token that is over: %v", context.Cause(ctx))
	}
	// F53: a token that ends later is a deadline.
	later := session.NewContext(r.Context(),
		&session.Session{Expires: app.Clock.Now().Add(time.Hour)})
	ctx, cancel = app.Auth.SessionContext(r.WithContext(later))
	defer cancel()
	deadline, set := ctx.Deadline()
	if left := time.Until(deadline); !set || left < 59*time.Minute || left > 61*time.Minute {
		t.Errorf("a token that ends in an hour: deadline %v, in %v", set, left)
	}
}
