package middleware

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/problem"
)

// maxReturnTo bounds the address that is handed to the login; a longer one would not be accepted there.
const maxReturnTo = 2048

// A challenge is what a request without a session gets. It costs next to nothing: what does not
// depend on the request is made beforehand, there is no random number, no cookie and no log line, because a
// page with thirty images may ask for it thirty times.
type challenge struct {
	loginPath string
	loginURL  string
	body      []byte // problem+json for everything that is no navigation
	report    *problem.Reporter
}

func newChallenge(loginPath, loginURL string, report *problem.Reporter) challenge {
	c := challenge{loginPath: loginPath, loginURL: loginURL, report: report}
	c.body, _ = json.Marshal(c.failed("sign_in_required")) // strings and an int always marshal
	return c
}

// failed is the challenge in words.
func (c challenge) failed(code string) *problem.Error {
	e := failed(code, "", nil, problem.Link{Href: c.loginPath, Text: answer.SignIn})
	e.LoginURL = c.loginURL
	return e
}

func (c challenge) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"] = []string{"no-store"}
	if problem.IsNavigation(r) {
		h["Location"] = []string{c.location(r)}
		w.WriteHeader(http.StatusFound)
		return
	}
	h["Www-Authenticate"] = []string{`Session login="` + c.loginPath + `"`}
	if sentForm(r) {
		c.report.Show(w, r, c.failed("sign_in_required/form"))
		return
	}
	if c.report.OnError != nil {
		c.report.Challenge(w, r, c.failed("sign_in_required"))
		return
	}
	h["Content-Type"] = []string{"application/problem+json"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	w.WriteHeader(http.StatusUnauthorized)
	if r.Method != http.MethodHead {
		w.Write(c.body)
	}
}

// sentForm reports whether a person has just sent a form and will look at the answer.
func sentForm(r *http.Request) bool {
	return r.Method == http.MethodPost && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") != "iframe"
}

// location is the login with the way back. The address is handed on as the browser sent it, not
// rebuilt from the decoded path; whether it is safe to return to is for the login to judge.
func (c challenge) location(r *http.Request) string {
	target := requested(r)
	if target == "" || target == "/" || len(target) > maxReturnTo {
		return c.loginPath
	}
	return c.loginPath + "?return_to=" + url.QueryEscape(target)
}

// requested is the address that the browser asked for, byte for byte.
func requested(r *http.Request) string {
	if r.RequestURI != "" {
		return r.RequestURI
	}
	return r.URL.RequestURI() // a request made by a test, not read from a connection
}
