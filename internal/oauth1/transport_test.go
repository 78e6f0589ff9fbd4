package oauth1

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// A Transport signs each request and sends it with Next, like API clients of package provider.
type Transport struct {
	Signer *Signer
	Next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper. It signs and sends a copy of the request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	signed := r.Clone(r.Context())
	if err := t.Signer.Sign(signed); err != nil {
		if r.Body != nil {
			r.Body.Close() // a RoundTripper must close the body, even on error
		}
		return nil, err
	}
	return t.Next.RoundTrip(signed)
}

// A recorder records the requests that it receives.
type recorder struct {
	mu      sync.Mutex
	headers []string
	bodies  []string
	lengths []int64 // Content-Length, or -1
}

// ServeHTTP implements http.Handler.
func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.headers = append(rec.headers, r.Header.Get("Authorization"))
	rec.bodies = append(rec.bodies, string(body))
	rec.lengths = append(rec.lengths, r.ContentLength)
	if r.URL.Path == "/moved" {
		http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
	}
}

func testClient(t *testing.T) (*http.Client, *recorder, string) {
	t.Helper()
	rec := &recorder{}
	server := httptest.NewServer(rec)
	t.Cleanup(server.Close)
	return &http.Client{Transport: &Transport{Signer: testSigner(),
		Next: server.Client().Transport}}, rec, server.URL
}

func TestTransport_DoesNotChangeTheRequest(t *testing.T) {
	client, _, server := testClient(t)
	r := newRequest(t, "POST", server+"/?q=1", "a=1&b=2")
	header, length := r.Header.Clone(), r.ContentLength
	address := r.URL.String()
	resp, err := client.Transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !reflect.DeepEqual(r.Header, header) || r.ContentLength != length ||
		r.URL.String() != address {
		t.Errorf("the request was changed: %v", r)
	}
}

// Bodies of every media type arrive unchanged, from memory and from a stream.
func TestTransport_Bodies(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for name, row := range map[string]struct {
		media, body string
		stream      bool // of unknown length, can be read once
	}{
		"form":               {form, "b=2&a=1+%2b", false},
		"form from a stream": {form + "; charset=UTF-8", "b=2&a=1+%2b", true},
		"form in mixed case": {"Application/X-WWW-Form-URLEncoded", "a=1", true},
		"JSON":               {"application/json", `{"a":"100%"}`, false},
		"JSON from a stream": {"application/json", `{"a":"100%"}`, true},
		"multipart":          {"multipart/form-data; boundary=x", "--x\r\n\r\na=%\r\n--x--", true},
		"no type":            {"", "a=%", false},
		"empty form":         {form, "", false},
		"empty form, stream": {form, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			client, rec, server := testClient(t)
			var body io.Reader = strings.NewReader(row.body)
			if row.stream {
				body = io.MultiReader(body)
			}
			resp, err := client.Post(server, row.media, body)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if len(rec.bodies) != 1 || rec.bodies[0] != row.body ||
				!strings.HasPrefix(rec.headers[0], "OAuth ") {
				t.Errorf("received bodies %q, headers %q", rec.bodies, rec.headers)
			}
			// Forms need a Content-Length: many servers reject chunked requests.
			if strings.Contains(name, "form") && rec.lengths[0] != int64(len(row.body)) {
				t.Errorf("Content-Length %d, want %d", rec.lengths[0], len(row.body))
			}
		})
	}
}

// A redirected request gets a new signature and the same form.
func TestTransport_SignsRedirectsAgain(t *testing.T) {
	client, rec, server := testClient(t)
	resp, err := client.Post(server+"/moved", "application/x-www-form-urlencoded",
		strings.NewReader("a=1"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(rec.headers) != 2 || rec.headers[0] == rec.headers[1] || rec.bodies[1] != "a=1" {
		t.Errorf("headers %q, bodies %q", rec.headers, rec.bodies)
	}
}

// The signature replaces the Basic authentication that net/http derives from the URL.
func TestTransport_ReplacesAuthorization(t *testing.T) {
	client, rec, server := testClient(t)
	resp, err := client.Get(strings.Replace(server, "://", "://user:password@", 1))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(rec.headers) != 1 || !strings.HasPrefix(rec.headers[0], "OAuth ") {
		t.Errorf("headers %q", rec.headers)
	}
}

func TestTransport_ClosesTheBodyOnError(t *testing.T) {
	client, _, _ := testClient(t)
	for _, media := range []string{"application/json", "application/x-www-form-urlencoded"} {
		body := &closing{Reader: strings.NewReader("a=%")}
		r := newRequest(t, "POST", "https://a.example/?a=%zz", "")
		r.Body = body
		r.Header.Set("Content-Type", media)
		if resp, err := client.Transport.RoundTrip(r); err == nil {
			resp.Body.Close()
			t.Fatal("no error")
		}
		if !body.closed {
			t.Errorf("%s: the body was not closed", media)
		}
	}
}

type closing struct {
	io.Reader
	closed bool
}

// Close implements io.Closer.
func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestTransport_ConcurrentUse(t *testing.T) {
	client, rec, server := testClient(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			resp, err := client.Post(server, "application/x-www-form-urlencoded",
				strings.NewReader("a=1"))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, header := range rec.headers {
		seen[header] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d distinct headers, want 20", len(seen))
	}
}
