package authtest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
)

// A Request is a request that the provider has received.
type Request struct {
	// Endpoint is the endpoint as in Faults.Handler, or "page" for the provider's own pages and
	// forms.

	Endpoint string
	Method   string
	Query    url.Values
	Form     url.Values // of the body, or the strings of a JSON object there
	Header   http.Header
	// Answer is the body of the response. It is nil while the request is being handled, and if
	// Faults.Handler answered it.
	Answer []byte
}

// Requests returns what the provider has received at an endpoint, in order.
func (p *Provider) Requests(endpoint string) []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(
		slices.Clone(p.requests),
		func(r Request) bool { return r.Endpoint != endpoint },
	)
}

// Count returns how many requests an endpoint has received.
func (p *Provider) Count(endpoint string) int { return len(p.Requests(endpoint)) }

func (p *Provider) route() {
	mux := http.NewServeMux()
	p.routes = mux
	handle := func(pattern, endpoint string, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			n := p.record(endpoint, r)
			if f, _ := p.fault(); f.Handler != nil && f.Handler(endpoint, w, r) {
				return
			}
			p.finish(n, endpoint, w, r, h)
		})
	}
	handle("GET /.well-known/openid-configuration", "discovery", p.discovery)
	handle("GET /jwks", "jwks", p.jwks)
	handle("/authorize", "authorize", p.authorize)
	handle("POST /par", "par", p.par)
	handle("POST /token", "token", p.token)
	handle("POST /revoke", "revoke", p.revoke)
	handle("POST /introspect", "introspect", p.introspect)
	handle("POST /device_authorization", "device", p.deviceAuthorization)
	handle("/userinfo", "userinfo", p.userinfo)
	handle("/end_session", "end_session", p.endSession)
	handle("/oauth/authorize", "authorize", p.plainAuthorize)
	handle("/oauth/token", "token", p.plainToken)
	handle("/oauth/refresh", "token", p.plainToken)
	handle("/user", "user", p.profileAPI)
	handle("GET /user/emails", "emails", p.emailsAPI)
	handle("POST /oauth1/request_token", "oauth1/request_token", p.requestToken)
	handle("GET /oauth1/authorize", "oauth1/authorize", p.authorizeOAuth1)
	handle("POST /oauth1/access_token", "oauth1/access_token", p.accessToken)
	handle("/oauth1/profile", "oauth1/profile", p.profileOAuth1)
	handle("POST /login", "page", p.login)
	handle("POST /consent", "page", p.consent)
	handle("GET /avatar/{user}", "page", p.avatar)
	handle("GET /style.css", "page", stylesheet)
	handle("GET /{$}", "page", p.home)
}

// answer serves the endpoints below the path of the issuer.
func (p *Provider) answer(w http.ResponseWriter, r *http.Request) {
	if _, down := p.fault(); down {
		panic(http.ErrAbortHandler) // the connection is closed without an answer
	}
	http.StripPrefix(p.path(), p.routes).ServeHTTP(w, r)
}

// path is the path of the issuer, without a slash at its end.
func (p *Provider) path() string {
	u, err := url.Parse(p.base())
	if err != nil {
		return "" // Start has checked it
	}
	return u.Path
}

// finish lets a handler answer, and notes its answer with the request of the number n.
func (p *Provider) finish(
	n int, endpoint string, w http.ResponseWriter, r *http.Request, h http.HandlerFunc,
) {
	right := httptest.NewRecorder()
	h(right, r)
	body := right.Body.Bytes()
	if f, _ := p.fault(); f.Answer != nil {
		body = f.Answer(endpoint, body)
	}
	p.recordAnswer(n, body)
	maps.Copy(w.Header(), right.Header())
	w.WriteHeader(right.Code)
	w.Write(body)
}

// record notes a request and returns its number.
func (p *Provider) record(endpoint string, r *http.Request) int {
	r.Body = http.MaxBytesReader(nil, r.Body, 1<<20)
	r.ParseForm() // what cannot be read is missing later on
	form := r.PostForm
	if r.Header.Get("Content-Type") == "application/json" {
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		form = jsonForm(r)
		r.Body = io.NopCloser(bytes.NewReader(raw))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, Request{
		Endpoint: endpoint,
		Method:   r.Method,
		Query:    r.URL.Query(),
		Form:     form,
		Header:   r.Header.Clone(),
	})
	return len(p.requests) - 1
}

func (p *Provider) recordAnswer(n int, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[n].Answer = body
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// writeError is the error answer of RFC 6749 section 5.2.
func writeError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}
