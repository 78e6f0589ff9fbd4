package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The client registered at the server, with characters that need encoding.
const (
	oauth1Key    = "sallyport e2e"
	oauth1Secret = "not a secret: +&=%/~ü"
)

// authlib starts the server and returns a function that configures it as a provider for a signature
// method.
func authlib(t *testing.T) (configuration func(method string) *provider.OAuth1) {
	t.Helper()
	python := needPython(t, "flask, authlib, cryptography", "python3-flask python3-authlib")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	base := serve(t, python, "testdata/oauth1_server.py", "OAUTH1_KEY="+oauth1Key, "OAUTH1_SECRET="+
		oauth1Secret,
		"OAUTH1_PUBLIC_KEY="+string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY",
			Bytes: public})))
	return func(method string) *provider.OAuth1 {
		o := &provider.OAuth1{
			ClientID: oauth1Key, ClientSecret: oauth1Secret, SignatureMethod: method,
			Realm: "e2e, with a comma",
			Endpoints: provider.Endpoints{
				RequestToken:  base + "/request_token",
				Authorization: base + "/authorize",
				Token:         base + "/access_token",
				UserInfo:      base + "/api/me",
			},
			APIBase:              base + "/api/",
			UserFields:           provider.Fields{ID: "id", Name: "name", Email: "email"},
			InsecureLoopbackHTTP: true,
		}
		if method == "RSA-SHA1" {
			o.ClientSecret, o.PrivateKey = "", key
		}
		return o
	}
}

// oauth1App starts an application whose page /call shows the result of call with the user's client.
func oauth1App(t *testing.T, o *provider.OAuth1, log io.Writer,
	call func(*http.Client) string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	base := "http://localhost:" + port
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: base, Providers: provider.Set{"authlib": o},
		Logger: slog.New(slog.NewTextHandler(log, nil)),
		Session: session.Config{
			Secret: "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6"},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/me", auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		fmt.Fprint(w, s.User.Subject, " ", s.User.Name)
	})))
	mux.Handle("/call", auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		client, err := auth.Client(w, r)
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		fmt.Fprint(w, call(client))
	})))
	server := &http.Server{Handler: auth.Handler(mux)}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return base
}

const formType = "application/x-www-form-urlencoded"

// oauth1Calls are requests that the client and the server might normalize differently.
var oauth1Calls = []struct{ method, address, media, body string }{
	{"GET", "me", "", ""},
	{"GET", "photos?file=vacation.jpg&size=original", "", ""},
	{"GET", "photos?a+b=c%20d&%C3%BC=%E2%98%83&plus=%2B&amp=%26&eq=%3D&pct=%25&tilde=~&marks=!*()&empty=&bare", "", ""},
	{"GET", "photos?a=2&a=1&a=10&A=0&b=&a=", "", ""},
	{"GET", "photos?double=%2520&x=y=z", "", ""},
	{"GET", "a%20b/%C3%BC/%2B+,c;v=1?q", "", ""},
	{"DELETE", "photos/7?force=true", "", ""},
	{"POST", "photos", "", ""},
	{"POST", "photos", formType, "title=R%26D+%2B+100%25&title=again&%C3%BC=%3D&empty=&bare"},
	{"POST", "photos?b=2&a=1&a=0", formType + "; charset=utf-8", "a=2&b=1&a=1&c2&a3=2+q"},
	{"PUT", "photos/7", formType,
		"status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21"},
	{"PATCH", "photos/7", formType, "a=1"},
	{"POST", "photos?q=1", "application/json", `{"a":"100%&b=1"}`},
	{"POST", "photos", "text/plain", "a=1&b=%zz"},
}

// callAll sends all of oauth1Calls and returns the failures.
func callAll(client *http.Client) string {
	var wrong []string
	for _, c := range oauth1Calls {
		req, err := http.NewRequest(c.method, c.address, strings.NewReader(c.body))
		if err != nil {
			return err.Error()
		}
		if c.media != "" {
			req.Header.Set("Content-Type", c.media)
		}
		if problem := callOne(client, req, c.body); problem != "" {
			wrong = append(wrong, c.method+" "+c.address+" "+c.body+": "+problem)
		}
	}
	return strings.Join(wrong, "\n")
}

// callOne sends a request and compares what the server received with what was sent.
func callOne(client *http.Client, req *http.Request, body string) string {
	isForm := strings.HasPrefix(req.Header.Get("Content-Type"), formType)
	resp, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Sprintf("status %d: %s", resp.StatusCode, raw)
	}
	var read struct {
		Method, Path, Body string
		Query, Form        [][2]string
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		return err.Error()
	}
	query, _ := url.ParseQuery(req.URL.RawQuery)
	form := url.Values{}
	if isForm {
		form, _ = url.ParseQuery(body)
		body = ""
	}
	if read.Method != req.Method || read.Path != req.URL.Path || read.Body != body ||
		!reflect.DeepEqual(collect(read.Query), query) ||
		!reflect.DeepEqual(collect(read.Form), form) {
		return fmt.Sprintf("the server received %+v", read)
	}
	return ""
}

func collect(pairs [][2]string) url.Values {
	values := url.Values{}
	for _, pair := range pairs {
		values.Add(pair[0], pair[1])
	}
	return values
}

// R154: sign in and call an API at an independent server, with each signature method.
func TestAuthlib_R154_SignInAndCall(t *testing.T) {
	configuration := authlib(t)
	for _, method := range []string{"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"} {
		t.Run(method, func(t *testing.T) {
			var log lockedBuffer
			app := oauth1App(t, configuration(method), &log, callAll)
			b := authtest.NewBrowser(t)
			page := authtest.Body(t, authtest.SignIn(t, b, app+"/me", "any"))
			if want := "9007199254740993 Zoë Ünal"; page != want {
				t.Fatalf("the page says %q, want %q; %s", page, want, &log)
			}
			if wrong := authtest.Body(t, authtest.Open(t, b, app+"/call")); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

// The server verifies signatures: it rejects a wrong secret.
func TestAuthlib_WrongSecret(t *testing.T) {
	configuration := authlib(t)
	for _, method := range []string{"HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"} {
		o := configuration(method)
		o.ClientSecret += "x"
		var log lockedBuffer
		app := oauth1App(t, o, &log, callAll)
		if resp := authtest.Open(t, authtest.NewBrowser(t),
			app+"/me"); resp.StatusCode != http.StatusBadRequest || !strings.Contains(log.String(),
			"status 401") {
			t.Errorf("%s: status %d; %s", method, resp.StatusCode, &log)
		}
	}
}

// R154: the user denies access, in this server's format.
func TestAuthlib_R154_Denied(t *testing.T) {
	var log lockedBuffer
	app := oauth1App(t, authlib(t)("HMAC-SHA1"), &log, callAll)
	b := authtest.NewBrowser(t)
	resp := authtest.Submit(t, b, authtest.Open(t, b, app+"/me"), url.Values{"decision": {"deny"}})
	if resp.StatusCode != http.StatusForbidden ||
		resp.Request.URL.Query().Get("error") != "access_denied" {
		t.Errorf("status %d at %s; %s", resp.StatusCode, resp.Request.URL, &log)
	}
	if page := authtest.Body(t, resp); !strings.Contains(page, "canceled") ||
		strings.Contains(page, "oauth") {
		t.Errorf("the page says %s", page)
	}
}
