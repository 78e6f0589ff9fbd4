package authtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// A Request is a request that the provider has received.
type Request struct {
	Endpoint string // as in Faults.Handler; "page" for the login and consent forms
	Method   string
	Query    url.Values
	Form     url.Values // of the body, or the texts of a JSON object there
	Header   http.Header
}

// Requests returns what the provider has received at an endpoint, in order.
func (p *Provider) Requests(endpoint string) []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.requests), func(r Request) bool { return r.Endpoint != endpoint })
}

// Count returns how many requests an endpoint has received.
func (p *Provider) Count(endpoint string) int { return len(p.Requests(endpoint)) }

func (p *Provider) route() {
	p.routes = http.NewServeMux()
	handle := func(pattern, endpoint string, h http.HandlerFunc) {
		p.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			p.record(endpoint, r)
			if f, _ := p.fault(); f.Handler != nil && f.Handler(endpoint, w, r) {
				return
			}
			h(w, r)
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

// ServeHTTP serves the provider.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, down := p.fault(); down {
		panic(http.ErrAbortHandler) // the connection is closed without an answer
	}
	p.routes.ServeHTTP(w, r)
}

func (p *Provider) record(endpoint string, r *http.Request) {
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
	p.requests = append(p.requests, Request{endpoint, r.Method, r.URL.Query(), form, r.Header.Clone()})
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
