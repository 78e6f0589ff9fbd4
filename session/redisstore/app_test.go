package redisstore_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// keeps holds the two ways to use a Store: sessions in Redis, or in cookies with revocations and
// locks in Redis.
var keeps = map[string]func(*session.Config, *redisstore.Store){
	"sessions in Redis": func(c *session.Config, s *redisstore.Store) {
		c.Store = session.NewServerStore(s)
	},
	"sessions in cookies": func(c *session.Config, s *redisstore.Store) {
		c.Revocations, c.Locker = s, s
	},
}

func eachKeep(t *testing.T, test func(t *testing.T,
	keep func(*session.Config, *redisstore.Store))) {
	for name, keep := range keeps {
		t.Run(name, func(t *testing.T) { test(t, keep) })
	}
}

// A process is one process of an application. Processes share only Redis.
type process struct {
	*sallyport.Auth
	http.Handler
	engine wiring.Sessions // of the same process as far as tests can tell
}

// A site is an application with two processes.
type site struct {
	*rig.App
	one, two process
}

func newSite(t *testing.T, keep func(*session.Config, *redisstore.Store),
	store func() *redisstore.Store, change ...func(*rig.Setup)) *site {
	t.Helper()
	rig.Serial(t, "the tests share one Redis")
	app := rig.New(t, append(change, func(s *rig.Setup) {
		s.OIDC.Scopes = []string{"openid", "profile", "email", "offline_access"}
		keep(&s.Config.Session, store())
	})...)
	st := &site{App: app}
	again := func(c *session.Config) {
		c.Store, c.Revocations, c.Locker = nil, nil, nil
		keep(c, store())
	}
	st.one = st.mount()
	st.one.engine = app.Engine(t, again)
	app.Again(t, again)
	st.two = st.mount()
	st.two.engine = app.Engine(t, again)
	return st
}

// mount adds /call, which calls the provider's API as the user, and /token, which shows the access
// token.
func (st *site) mount() process {
	auth := st.Auth
	st.Mux.Handle("/token", auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		source, err := auth.TokenSource(w, r)
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		token, err := source.Token()
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		io.WriteString(w, token.AccessToken)
	})))
	st.Mux.Handle("/call", auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		client, err := auth.Client(w, r)
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		resp, err := client.Get(st.OP.Issuer() + "/userinfo")
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	})))
	return process{Auth: auth, Handler: auth.Handler(st.Mux)}
}

// signIn signs a user in at the listening process, and returns the browser and its session cookies.
func (st *site) signIn(t *testing.T, username string) (*http.Client, []*http.Cookie) {
	t.Helper()
	b := rig.Browser(t)
	if resp := st.SignIn(t, b, username, "/me"); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s signs in: status %d", username, resp.StatusCode)
	}
	return b, st.SessionCookies(b)
}

func (st *site) request(path string, cookies []*http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", st.URL+path, nil)
	r.Header.Set("Accept", "text/html")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

// open requests a page of a process with the cookies.
func (st *site) open(p process, path string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, st.request(path, cookies))
	return w
}

// signOut posts the logout form of a process.
func (st *site) signOut(p process, cookies []*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", st.URL+"/auth/logout",
		strings.NewReader(url.Values{}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", st.URL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

// page summarizes a response of /me: the user name, "away" (503), "sign in" (redirect to the
// login), or a description of any other response.
func (st *site) page(w *httptest.ResponseRecorder) string {
	who, guarded := strings.CutPrefix(w.Body.String(), rig.Marker+": ")
	switch {
	case w.Code == http.StatusOK && guarded:
		for _, u := range st.OP.Users() {
			if who == st.Is(u.Username) {
				return u.Username
			}
		}
	case w.Code == http.StatusServiceUnavailable && len(w.Result().Cookies()) == 0 &&
		w.Header().Get("Retry-After") != "":
		return "away"
	case w.Code == http.StatusFound && strings.HasPrefix(w.Header().Get("Location"), "/auth/login"):
		return "sign in"
	}
	return fmt.Sprintf("status %d with %d cookies: %.200s", w.Code,
		len(w.Result().Cookies()), w.Body)
}

// want checks the page of /me in a process, for a request with the cookies.
func (st *site) want(t *testing.T, p process, cookies []*http.Cookie, want string) {
	t.Helper()
	if got := st.page(st.open(p, "/me", cookies)); got != want {
		t.Errorf("the page is for %q, want %q", got, want)
	}
}

// session returns the session that a process loads from the cookies.
func (st *site) session(t *testing.T, p process, cookies []*http.Cookie) *session.Session {
	t.Helper()
	s, err := p.Sessions.Load(st.request("/", cookies))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refreshes returns the number of refresh requests to the provider.
func (st *site) refreshes() (n int) {
	for _, r := range st.OP.Requests("token") {
		if r.Form.Get("grant_type") == "refresh_token" {
			n++
		}
	}
	return n
}

// A crowd requests /me repeatedly, as several users in many goroutines, and counts the responses.
type crowd struct {
	right, away atomic.Int64
	stop        func() // ends all goroutines and waits for them
}

// newCrowd starts a crowd with the given number of goroutines per user. Responses other than the
// user's own page and 503 are failures.
func (st *site) newCrowd(t *testing.T, each int, users map[string][]*http.Cookie) *crowd {
	c := &crowd{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var failures atomic.Int32
	processes := []process{st.one, st.two}
	for name, cookies := range users {
		for i := range each {
			wg.Go(func() {
				for ctx.Err() == nil {
					switch got := st.page(st.open(processes[i%2], "/me", cookies)); {
					case got == name:
						c.right.Add(1)
					case got == "away":
						c.away.Add(1)
					case failures.Add(1) < 10:
						t.Errorf("%s gets %q", name, got)
					}
				}
			})
		}
	}
	c.stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(c.stop)
	return c
}

// goOn waits for n more correct pages.
func (c *crowd) goOn(t *testing.T, n int64) {
	t.Helper()
	from := c.right.Load()
	until(t, "pages are served", func() bool { return c.right.Load() >= from+n })
}

// suffer waits for n more 503 responses.
func (c *crowd) suffer(t *testing.T, n int64) {
	t.Helper()
	from := c.away.Load()
	until(t, "pages fail with 503", func() bool { return c.away.Load() >= from+n })
}
