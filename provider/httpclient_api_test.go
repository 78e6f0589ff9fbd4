package provider

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// The access token is sent to the API in the header, also after redirects within its origin, and
// never to another origin.
func TestClient_TokenStaysOnItsOrigin(t *testing.T) {
	var leaked atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		leaked.Add(1)
	}))
	defer evil.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken" || r.URL.RawQuery != "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	mux.Handle("/moved", http.RedirectHandler("/api", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler(evil.URL, http.StatusTemporaryRedirect))
	mux.Handle("/slashes", http.RedirectHandler(strings.TrimPrefix(evil.URL, "http:"),
		http.StatusTemporaryRedirect))
	mux.Handle("/again", http.RedirectHandler("/again", http.StatusFound))
	api := httptest.NewServer(mux)
	defer api.Close()
	for _, from := range []string{api.URL + "/", "", "/"} {
		client := (&OIDC{APIBase: api.URL, InsecureLoopbackHTTP: true}).Client(t.Context(),
			session.Tokens{AccessToken: "t0ken"})
		for _, path := range []string{"api", "moved"} {
			resp, err := client.Get(from + path)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("%s%s: %v, %v", from, path, resp, err)
			}
		}
		for _, path := range []string{"away", "slashes", "again"} {
			if _, err := client.Get(from + path); err == nil || leaked.Load() != 0 {
				t.Errorf("%s%s: error %v, %d requests at another origin", from, path, err,
					leaked.Load())
			}
		}
	}
}

// URLs are resolved relative to APIBase like the links on a page below it, also after a redirect.
func TestClient_RelativeURLs(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host+r.URL.RequestURI())
	})
	// net/http makes it absolute
	mux.Handle("/v1/deep/moved", http.RedirectHandler("x", http.StatusFound))
	mux.HandleFunc("/v1/deep/near", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "there?a=b")
		w.WriteHeader(http.StatusFound)
	})
	api := httptest.NewServer(mux)
	defer api.Close()
	host := strings.TrimPrefix(api.URL, "http://")
	for _, row := range []struct{ base, address, want string }{
		{api.URL + "/v1", "user/repos?page=2", "/v1/user/repos?page=2"},
		{api.URL + "/v1/", "user/repos", "/v1/user/repos"},
		{api.URL, "user", "/user"},
		{api.URL + "/v1", "/user", "/user"},
		{api.URL + "/v1", "?a=b", "/v1/?a=b"},
		{api.URL + "/v1", "a%2Fb", "/v1/a%2Fb"},
		{api.URL + "/v1", api.URL + "/v2", "/v2"},
		{api.URL + "/v1", "deep/moved", "/v1/deep/x"},
		{api.URL + "/v1", "deep/near", "/v1/deep/there?a=b"},
	} {
		client := (&OIDC{APIBase: row.base, InsecureLoopbackHTTP: true}).Client(t.Context(),
			session.Tokens{AccessToken: "t"})
		resp, err := client.Get(row.address)
		if err != nil {
			t.Errorf("%s, %s: %v", row.base, row.address, err)
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != host+row.want {
			t.Errorf("%s, %s: arrived at %s, want %s", row.base, row.address, body, row.want)
		}
		if got := resp.Request.URL; got.Host != host ||
			resp.Request.Header.Get("Authorization") != "" {
			t.Errorf("%s, %s: the response's request is for %s, with header %v", row.base,
				row.address, got, resp.Request.Header)
		}
	}
}

func TestClient_RejectsUnusableURLs(t *testing.T) {
	for _, row := range []struct{ base, address string }{
		{"", "user"}, {"", "/user"}, {"https://api.example/", "//evil.example/x"},
		{"https://api.example/", "//u@/x"}, {"%zz", "user"},
	} {
		sent := false
		o := &OIDC{APIBase: row.base, HTTPClient: refusing(func() { sent = true })}
		req, err := http.NewRequest(http.MethodPost, row.address,
			io.NopCloser(strings.NewReader("x")))
		if err != nil {
			t.Fatal(err)
		}
		body := &closing{Reader: req.Body}
		req.Body = body
		if _, err := o.Client(t.Context(), session.Tokens{}).Do(req); err == nil || sent ||
			!body.closed {
			t.Errorf("%q with base %q: error %v, sent %v, body closed %v", row.address, row.base,
				err, sent, body.closed)
		}
	}
	if _, err := (&OIDC{}).Client(t.Context(), session.Tokens{}).Get("user"); !errors.Is(err,
		errNoAPIBase) {
		t.Errorf("error %v, want one that names APIBase", err)
	}
}

// closing records that it was closed.
type closing struct {
	io.Reader
	closed bool
}

// Close implements io.Closer.
func (c *closing) Close() error { c.closed = true; return nil }

func TestAPIBase_IsValidated(t *testing.T) {
	for base, good := range map[string]bool{
		"https://api.example": true, "https://api.example/v1/": true, "http://api.example": false,
		"api.example":              false,
		"https://api.example/?a=b": false, "https://api.example/?": false,
		"https://u:p@api.example": false, "https://api.example/#x": false,
		"http://127.0.0.1/": false,
	} {
		_, err := (&OIDC{Issuer: "https://op.example", ClientID: "c", APIBase: base}).Validate()
		if (err == nil) != good || err != nil && strings.Contains(err.Error(), ":p@") {
			t.Errorf("%s: %v", base, err)
		}
	}
}

// F11: with all protocols, the user's token is sent by https, or with InsecureLoopbackHTTP to this
// machine, regardless of the source of a request's URL.
func TestClient_F11_TokenNeedsHTTPS(t *testing.T) {
	var sent []string
	recorder := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.URL.String())
		answer := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody,
			Request: r}
		if r.URL.Path == "/moved" {
			answer.StatusCode, answer.Header["Location"] = 302,
				[]string{"http://api.example.com/api"}
		}
		return answer, nil
	})}
	prepared := func(r *http.Request, _ session.Tokens, _ Profile) error {
		if r.URL.Path == "/prepared" {
			r.URL.Scheme = "http"
		}
		return nil
	}
	for _, insecure := range []bool{false, true} {
		clients := map[string]*http.Client{}
		for name, p := range map[string]Provider{
			"OIDC": &OIDC{APIBase: "https://api.example.com", HTTPClient: recorder,
				InsecureLoopbackHTTP: insecure},
			"OAuth2": &OAuth2{APIBase: "https://api.example.com", HTTPClient: recorder,
				InsecureLoopbackHTTP: insecure, PrepareAPI: prepared},
			"OAuth1": &OAuth1{APIBase: "https://api.example.com/", HTTPClient: recorder,
				InsecureLoopbackHTTP: insecure, ClientSecret: "s"},
		} {
			clients[name] = p.Client(t.Context(), session.Tokens{AccessToken: "t", Secret: "s"})
		}
		for name, client := range clients {
			for address, want := range map[string]bool{
				"https://api.example.com/api":      true,
				"https://other.example.com/api":    true,
				"api":                              true,
				"http://api.example.com/api":       false,
				"HTTP://api.example.com/api":       false,
				"http://localhost.example.com/":    false,
				"http://10.0.0.1/":                 false,
				"ftp://api.example.com/":           false,
				"https://api.example.com/moved":    false,
				"moved":                            false,
				"https://api.example.com/prepared": name != "OAuth2",
				"http://127.0.0.1/":                insecure,
				"http://localhost:8080/":           insecure,
				"http://[::1]/":                    insecure,
			} {
				sent = nil
				resp, err := client.Get(address)
				if err == nil {
					resp.Body.Close()
				}
				if (err == nil) != want {
					t.Errorf("%s, insecure %v: %s: %v", name, insecure, address, err)
				}
				for _, to := range sent {
					if strings.HasPrefix(to, "http://") && !want {
						t.Errorf("%s, insecure %v: %s: the token went to %s", name, insecure,
							address, to)
					}
				}
			}
		}
	}
}
