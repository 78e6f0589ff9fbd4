package handlers_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// R117, R121, R128, R144: hostile requests, each with a good token where it has one.
func TestBackchannel_R117_HostileRequests(t *testing.T) {
	app := rig.New(t, rig.Revocable, rig.Second)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	const form = "application/x-www-form-urlencoded"
	send := func(method, path, contentType, body string, headers ...string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), method, app.URL+path,
			strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			if headers[i] == "Host" {
				req.Host = headers[i+1]
			}
			req.Header.Add(headers[i], headers[i+1])
		}
		resp, err := rig.Still(app.Server.Client()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		authtest.Body(t, resp)
		return resp
	}
	token := func() string { return app.OP.LogoutToken("alice") }
	encoded := func() string { return url.Values{"logout_token": {token()}}.Encode() }
	const path = "/auth/backchannel/op"
	for name, row := range map[string]struct {
		send func() *http.Response
		want int
	}{
		"GET":  {func() *http.Response { return send("GET", path+"?"+encoded(), "", "") }, 405},
		"HEAD": {func() *http.Response { return send("HEAD", path, "", "") }, 405},
		"OPTIONS": {func() *http.Response {
			return send("OPTIONS", path, "", "", "Origin", "https://evil.example",
				"Access-Control-Request-Method", "POST")
		}, 405},
		"PUT": {func() *http.Response { return send("PUT", path, form, encoded()) }, 405},
		"method override": {func() *http.Response {
			return send("GET", path+"?"+encoded(), "", "", "X-HTTP-Method-Override", "POST")
		}, 405},
		"JSON": {func() *http.Response {
			return send("POST", path, "application/json", `{"logout_token":"`+token()+`"}`)
		}, 400},
		"JSON as form": {func() *http.Response {
			return send("POST", path, form, `{"logout_token":"`+token()+`"}`)
		}, 400},
		"text": {func() *http.Response {
			return send("POST", path, "text/plain", encoded())
		}, 400},
		"bare token": {func() *http.Response {
			return send("POST", path, "application/jwt", token())
		}, 400},
		"no type": {func() *http.Response {
			return send("POST", path, "", encoded())
		}, 400},
		"two types": {func() *http.Response {
			return send("POST", path, form, encoded(), "Content-Type", "text/plain")
		}, 400},
		"malformed type": {func() *http.Response {
			return send("POST", path, form+"; charset", encoded())
		}, 400},
		"multipart": {func() *http.Response {
			kind, body := multipartForm(t, token())
			return send("POST", path, kind, body)
		}, 400},
		"in the query": {func() *http.Response {
			return send("POST", path+"?"+encoded(), form, "")
		}, 400},
		"also in the query": {func() *http.Response {
			body := encoded()
			return send("POST", path+"?"+body, form, body)
		}, 400},
		"query unreadable": {func() *http.Response {
			return send("POST", path+"?a=%zz", form, encoded())
		}, 400},
		"twice": {func() *http.Response {
			body := encoded()
			return send("POST", path, form, body+"&"+body)
		}, 400},
		"twice, one empty": {func() *http.Response {
			return send("POST", path, form, encoded()+"&logout_token=")
		}, 400},
		"none": {func() *http.Response {
			return send("POST", path, form, "state=x")
		}, 400},
		"empty": {func() *http.Response {
			return send("POST", path, form, "logout_token=")
		}, 400},
		"no body": {func() *http.Response { return send("POST", path, form, "") }, 400},
		"another case": {func() *http.Response {
			return send("POST", path, form, "Logout_Token="+token())
		}, 400},
		"unreadable": {func() *http.Response {
			return send("POST", path, form, encoded()+"&a=%zz")
		}, 400},
		"semicolon": {func() *http.Response {
			return send("POST", path, form, "a=b;"+encoded())
		}, 400},
		"huge": {func() *http.Response {
			return send("POST", path, form, encoded()+"&x="+strings.Repeat("x", 64<<10))
		}, 400},
		"huge token": {func() *http.Response {
			return send("POST", path, form, "logout_token="+strings.Repeat("A", 64<<10))
		}, 400},
		"another path": {func() *http.Response {
			return send("POST", "/auth/backchannel/op2", form, encoded())
		}, 400},
		"no such provider": {func() *http.Response {
			return send("POST", "/auth/backchannel/op3", form, encoded())
		}, 404},
		"no provider": {func() *http.Response {
			return send("POST", "/auth/backchannel", form, encoded())
		}, 404},
		"slash": {func() *http.Response {
			return send("POST", path+"/", form, encoded())
		}, 404},
		"wrong host": {func() *http.Response {
			return send("POST", path, form, encoded(), "Host", "other.example")
		}, 421},
		"spoofed host": {func() *http.Response {
			return send("POST", path, form, encoded(), "Host", "other.example", "X-Forwarded-Host",
				strings.TrimPrefix(app.URL, "https://"))
		}, 421},
	} {
		resp := row.send()
		if row.want == http.StatusBadRequest {
			rig.WantLogoutRefused(t, name, resp)
		} else if rig.WantPlainAnswer(t, resp); resp.StatusCode != row.want {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, row.want)
		}
		if !rig.Alive(t, app, b) {
			t.Fatalf("%s: the session has ended", name)
		}
	}
	// What may come along: other parameters (section 2.5), a charset, a query of the registered
	// address.
	for name, resp := range map[string]*http.Response{
		"more parameters": send("POST", path, form, "a=1&a=2&"+encoded()+"&state=x"),
		"charset":         send("POST", path, form+"; charset=UTF-8", encoded()),
		"upper case":      send("POST", path, "Application/X-WWW-Form-Urlencoded", encoded()),
		"query":           send("POST", path+"?x=1", form, encoded()),
	} {
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}

func multipartForm(t *testing.T, token string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("logout_token", token); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return w.FormDataContentType(), b.String()
}

// R117: what a browser's cookies say does not matter, and they are not touched.
func TestBackchannel_R117_CookiesDoNotMatter(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	alice, bob := rig.SignedIn(t, app, "alice", "/me"), rig.SignedIn(t, app, "bob", "/me")
	app.Clock.Advance(5 * time.Hour) // a page would renew the cookie now
	form := url.Values{"logout_token": {app.OP.LogoutToken("alice")}}
	kept := app.SessionCookies(bob)
	rig.WantLogoutAccepted(t, app, app.Do(t, bob, "POST", "/auth/backchannel/op", form,
		"Content-Type", "application/x-www-form-urlencoded", "Origin", "https://evil.example",
		"Sec-Fetch-Site", "cross-site"))
	if rig.Alive(t, app, alice) || rig.Presented(t, app, kept...) == "anonymous" {
		t.Error("it ended the session of the cookie, and not that of the token")
	}
}

// R121: a body without end is not waited for.
func TestBackchannel_R121_EndlessBody(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	body := io.MultiReader(strings.NewReader("logout_token="), endless{})
	req, err := http.NewRequestWithContext(t.Context(), "POST",
		app.URL+"/auth/backchannel/op", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := app.Server.Client().Do(req)
	if err != nil {
		return // the connection was closed: as good
	}
	rig.WantLogoutRefused(t, "endless", resp)
}

type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}
