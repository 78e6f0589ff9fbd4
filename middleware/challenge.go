package middleware

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/problem"
)

// maxReturnTo bounds the address that is handed to the login; a longer one would not be accepted
// there.
const maxReturnTo = 2048

// A challenge is what a request without a session gets. It costs next to nothing: what does not
// depend on the request is made beforehand, there is no random number, no cookie and no log line,
// because a page with thirty images may ask for it thirty times.
type challenge struct {
	loginPath string
	loginURL  string
	paths     wiring.Paths
	bodies    map[string][]byte // problem+json for everything that is no navigation, by language
	report    *answer.Writer
	returnFor func(r *http.Request, address string) string
}

func newChallenge(config wiring.Guards) challenge {
	c := challengeAt(config.LoginPath, config)
	c.bodies = c.report.Words.Bodies(c.failed("sign_in_required"))
	return c
}

// deny challenges a request without a session, with the login of a path. With several origins, the
// login is at that of the request, and a request for an unknown host has none.
func (g *Guard) deny(w http.ResponseWriter, r *http.Request, path string) {
	if g.config.OriginOf == nil && path == g.config.LoginPath {
		g.challenge.serve(w, r)
		return
	}
	c := challengeAt(path, g.config)
	if g.config.OriginOf != nil {
		origin := g.config.OriginOf(r)
		if origin == nil {
			g.config.Report.Fail(w, r, g.errWrongHost(r.Host))
			return
		}
		c.loginURL = origin.String() + path
	}
	c.serve(w, r)
}

// originOf returns the origin of a request, or that of BaseURL for an unknown host.
func (g *Guard) originOf(r *http.Request) string {
	if g.config.OriginOf != nil {
		if origin := g.config.OriginOf(r); origin != nil {
			return origin.String()
		}
	}
	return g.config.Origin
}

func (g *Guard) errWrongHost(host string) *problem.Error {
	cause := fmt.Errorf("middleware: the request has host=%s, which neither BaseURL nor Origins "+
		"nor OriginOf knows: does the proxy forward the Host header?", host)
	home := g.config.Origin + g.config.Paths.Home
	return failed("wrong_host", "", cause, problem.Link{Href: home, TextKey: "go_to"})
}

// challengeAt returns the challenge that leads to one path.
func challengeAt(path string, config wiring.Guards) challenge {
	return challenge{
		loginPath: path, loginURL: config.Origin + path, paths: config.Paths,
		report: config.Report, returnFor: config.ReturnFor,
	}
}

// failed is the challenge in words.
func (c challenge) failed(code string) *problem.Error {
	e := failed(code, "", nil, problem.Link{Href: c.loginPath, TextKey: "sign_in"})
	e.LoginURL = c.loginURL
	return e
}

func (c challenge) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"] = []string{"no-store"}
	if answer.IsNavigation(r) {
		h["Location"] = []string{c.location(r)}
		w.WriteHeader(http.StatusFound)
		return
	}
	h["Www-Authenticate"] = []string{`Session login="` + c.loginPath + `"`}
	if answer.IsHTMX(r) {
		h["Hx-Redirect"] = []string{c.fromPage(r)}
	}
	if sentForm(r) {
		c.report.Show(w, r, c.failed("sign_in_required/form"))
		return
	}
	if c.bodies == nil || c.report.OnError != nil {
		c.report.Challenge(w, r, c.failed("sign_in_required"))
		return
	}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	lang := c.report.Words.Language(r)
	answer.WriteJSON(w, r, lang, http.StatusUnauthorized, c.bodies[lang])
}

// sentForm reports whether a person has just sent a form and will look at the answer.
func sentForm(r *http.Request) bool {
	return r.Method == http.MethodPost && r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		r.Header.Get("Sec-Fetch-Dest") != "iframe"
}

// location is the login with the way back. The address is handed on as the browser sent it, not
// rebuilt from the decoded path; whether it is safe to return to is for the login to judge.
func (c challenge) location(r *http.Request) string {
	target := c.paths.Requested(r)
	if target == c.paths.Home || len(target) > maxReturnTo {
		target = ""
	}
	return c.leadingTo(target)
}

// fromPage is the login with the way back to the page in which htmx makes the request.
func (c challenge) fromPage(r *http.Request) string { return c.leadingTo(c.pageOf(r)) }

// pageOf is the address of the page in which htmx makes a request: the address of the request is
// that of a fragment. It is empty for the start page.
func (c challenge) pageOf(r *http.Request) string {
	page := c.returnFor(r, r.Header.Get("HX-Current-URL"))
	if page == c.paths.Home {
		return ""
	}
	return page
}

// leadingTo is the login with a return address.
func (c challenge) leadingTo(target string) string {
	if target == "" {
		return c.loginPath
	}
	return c.loginPath + "?" + answer.ReturnParam + "=" + url.QueryEscape(target)
}
