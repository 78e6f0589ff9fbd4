package rig

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// Answer makes the provider answer at some endpoints in a fixed way.
func Answer(
	endpoints string, status int, contentType, body string,
) func(string, http.ResponseWriter, *http.Request) bool {
	return func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
		if !slices.Contains(strings.Fields(endpoints), endpoint) {
			return false
		}
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
		return true
	}
}

// WhoAmI is a handler that says who is signed in.
func WhoAmI(w http.ResponseWriter, r *http.Request) { w.Write([]byte(Who(r.Context()))) }

// WantAnswer checks status and code, and that 503 says when to try again.
func WantAnswer(t *testing.T, app *App, resp *http.Response, kind string, status int, code string) {
	t.Helper()
	if resp.StatusCode != status || !app.Happened(kind, code) {
		t.Errorf("status %d, events %v; want %d %s", resp.StatusCode, app.Outcomes(), status, code)
	}
	later := resp.Header.Get("Retry-After")
	if (later != "") != (status == http.StatusServiceUnavailable) {
		t.Errorf("status %d, Retry-After %q", status, later)
	}
	if body := authtest.Body(t, resp); strings.Contains(body, "sql") ||
		strings.Contains(body, "the list") {
		t.Errorf("the error of the hook shows up: %s", body)
	}
}

// AsJSON is the content type of JSON.
const AsJSON = "application/json"

// Echo makes an endpoint answer with what it was sent.
func Echo(endpoint string) func(string, http.ResponseWriter, *http.Request) bool {
	return func(e string, w http.ResponseWriter, r *http.Request) bool {
		if e == endpoint {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			json.NewEncoder(w).Encode(map[string]string{
				"error": "invalid_grant", "error_description": fmt.Sprint(r.PostForm,
					r.Header.Get("Authorization")),
			})
		}
		return e == endpoint
	}
}

// AnswerDiscovery makes the provider answer requests for its metadata.
func AnswerDiscovery(app *App, answer http.HandlerFunc) {
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
			if endpoint == "discovery" {
				answer(w, r)
			}
			return endpoint == "discovery"
		}
	})
}

// Status is a handler that answers with a status code only.
func Status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}
