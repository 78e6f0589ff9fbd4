package provider

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// F49: an API may repeat the access token in a malformed HTTP response, and the application may log
// the error.
func TestClient_F49_BrokenAnswers(t *testing.T) {
	const token = "t0ken-t0ken"
	for name, answer := range map[string]string{
		"status line": token + "\r\n\r\n", "header": "HTTP/1.1 200 OK\r\n" + token + "\r\n\r\n",
		"length": "HTTP/1.1 200 OK\r\nContent-Length: " + token + "\r\n\r\n",
	} {
		dial := func(context.Context, string, string) (net.Conn, error) {
			server, client := net.Pipe()
			go func() {
				http.ReadRequest(bufio.NewReader(server))
				io.WriteString(server, answer)
				server.Close()
			}()
			return client, nil
		}
		out := outbound{own: &http.Client{Transport: &http.Transport{DialContext: dial}},
			connections: new(connections)}
		c := out.apiClient("", func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		})
		_, err := c.Get("http://api.example/x")
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// F49: text that is known to be harmless is unchanged, to keep errors distinguishable.
func TestNetworkText_F49(t *testing.T) {
	for text, want := range map[string]string{
		"dial tcp: lookup op.example: no " +
			"such host": "dial tcp: lookup op.example: no such host",
		`malformed HTTP status code "s3cret"`: "malformed HTTP status code " +
			"[response text omitted]",
		"x509: certificate signed by unknown authority": "x509: certificate signed " +
			"by unknown authority",
		"net/http: odd \x1b[31m" + strings.Repeat("x", 3000): "net/http: odd .[31m" +
			strings.Repeat("x", 181) + "…",
		`http: server gave "<script>" and ` + "\n" +
			`forged="yes"`: "http: server gave [response text omitted]",
	} {
		if got := networkText(errors.New(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	plain := errors.New("EOF of sorts")
	if withoutQuotes(plain) != plain || withoutQuotes(nil) != nil {
		t.Error("an error without quotes is wrapped")
	}
}

// F49: an ID from MapUser cannot forge a log line either.
func TestOAuth1_F49_SubjectWithControlCharacters(t *testing.T) {
	for subject, good := range map[string]bool{"1001": true, "10\n01": false, "1001\u202e": false} {
		o := &OAuth1{MapUser: func(_ Profile, u *session.User) error {
			u.Subject = subject
			return nil
		}}
		if _, err := o.user(Profile{}); (err == nil) != good {
			t.Errorf("%q: %v", subject, err)
		}
	}
}
