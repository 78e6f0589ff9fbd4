package relay

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/problem"
)

// maxParams bounds the parameters of a response, as at the callback of the application.
const maxParams = 64 << 10

// maxState is longer than any state that Wrap returns for a real callback.
const maxState = 2048

// forwarded are the parameters of a response beside state (OAuth 2.0, OpenID Connect, RFC 9207,
// JARM). All others stay here.
var forwarded = []string{"code", "iss", "error", "error_description", "id_token", "response"}

// A Handler is a relay: it serves the redirect URIs below its URL. It has no cookies, makes no
// requests, and knows no client secret.
type Handler struct {
	States
	Base    *url.URL // URL, parsed
	Allowed func(r *http.Request, origin string) bool
	Writer  *answer.Writer
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Writer.Serve(w, r, func() {
		target, params, err := h.check(w, r)
		switch {
		case err != nil:
			h.Writer.Fail(w, r, err)
		case r.Method == http.MethodPost:
			h.post(w, r, target, params)
		default:
			answer.Protect(w.Header())
			w.Header().Set("Location", target+"?"+params.Encode())
			w.WriteHeader(http.StatusSeeOther)
		}
	})
}

// check returns where a response goes, and what of it.
func (h *Handler) check(w http.ResponseWriter, r *http.Request) (string, url.Values, error) {
	// 1. Is the request for a redirect URI of this relay?
	if !wiring.SameHost(r.Host, h.Base) {
		return "", nil, failed("wrong_host", fmt.Errorf("relay: the request has host=%s, but "+
			"RelayConfig.URL has host=%s", r.Host, h.Base.Host))
	}
	name, below := strings.CutPrefix(r.URL.Path, h.Base.Path+"/")
	if !below || !directory.ValidName(name) {
		return "", nil, failed("not_found", nil)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		return "", nil, failed("method_not_allowed", nil)
	}
	// 2. Is the response readable, and its state one that the application has sealed?
	all, err := paramsOf(w, r)
	if err != nil {
		return "", nil, failed("bad_request", err)
	}
	params, err := pick(all)
	if err != nil {
		return "", nil, failed("bad_request", err)
	}
	state := params.Get("state")
	if state == "" || len(state) > maxState {
		return "", nil, failed("relay_state", errors.New("relay: the response has no state"))
	}
	login, err := h.open(name, state)
	if err != nil {
		return "", nil, failed("relay_state", err)
	}
	// 3. May it go there, still?
	origin, err := originOf(login.callback)
	if err != nil {
		return "", nil, failed("relay_state", err)
	}
	if !h.Allowed(r, origin) {
		return "", nil, failed("relay_state", fmt.Errorf("relay: the origin %s is not allowed: "+
			"add it to RelayConfig.Origins, or have Allow accept it", origin))
	}
	if err := login.checkAge(h.Sealer.Now()); err != nil {
		e := failed("relay_state", err)
		e.Links = []problem.Link{{Href: login.callback[:len(origin)] + "/", TextKey: "go_to"}}
		return "", nil, e
	}
	params.Set("state", login.state)
	return login.callback, params, nil
}

// post answers a form_post response (OAuth 2.0 Form Post Response Mode) with a form that sends
// itself to the application.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, target string, params url.Values) {
	fields := map[string]string{}
	for name := range params {
		fields[name] = params.Get(name)
	}
	e := failed("relayed", nil)
	e.Links = []problem.Link{{Href: target, Post: true, Fields: fields, TextKey: "continue"}}
	h.Writer.Submit(w, r, e)
}

// paramsOf reads the query of a GET or the body of a POST, never both.
func paramsOf(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		if len(r.URL.RawQuery) > maxParams {
			return nil, errors.New("the query is too long")
		}
		params, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, errors.New("the query is not readable") // the error's text would quote it
		}
		return params, nil
	}
	form := *r
	form.URL = &url.URL{Path: r.URL.Path}
	form.Body = http.MaxBytesReader(w, r.Body, maxParams)
	if form.ParseForm() != nil {
		return nil, errors.New("the form is not readable or too long")
	}
	return form.PostForm, nil
}

// pick returns the parameters that go on. Repeated ones are errors: the application might read
// another value than the relay.
func pick(all url.Values) (url.Values, error) {
	params := url.Values{}
	for _, name := range append([]string{"state"}, forwarded...) {
		switch values := all[name]; len(values) {
		case 0:
		case 1:
			params[name] = values
		default:
			return nil, fmt.Errorf("the parameter %s is repeated", name)
		}
	}
	return params, nil
}

// originOf returns the origin of a callback. A sealed callback is read as strictly as any other
// input, because an application with the secret can seal any text.
func originOf(callback string) (string, error) {
	u, err := url.Parse(callback)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil,
		u.RawQuery != "", u.ForceQuery, u.Fragment != "", u.Opaque != "":
		return "", errors.New("relay: the state names no callback of an application")
	}
	origin := u.Scheme + "://" + u.Host
	if !strings.HasPrefix(callback, origin+"/") || strings.ContainsAny(callback, "\\\t\r\n ;,#") {
		return "", errors.New("relay: the state names no callback of an application")
	}
	return origin, nil
}

// failed returns the error of a code. There is no link: the relay has no pages.
func failed(code string, cause error) *problem.Error {
	e := answer.New(code)
	e.Err = cause
	return e
}
