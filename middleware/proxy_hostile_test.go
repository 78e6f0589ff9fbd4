package middleware_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/middleware"
)

// R163, R127: PHP and CGI servers read every character that is no letter or digit as "_", so that
// X.Forwarded.User is HTTP_X_FORWARDED_USER as well. Headers of other gateways are no exception.
func TestProxy_R163_RequestHeaderVariants(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	hostile := []string{"X.Forwarded.User", "X-Forwarded.User", "Remote!User", "X~Auth~Email",
		"x.Real_ip", "Proxy", "Proxy_Authorization", "X-Serverless-Authorization",
		"X-Appengine-User-Email", "X-Envoy-Internal", "X-Consumer-Username", "X-Userinfo",
		"OIDC_CLAIM_email", "X-Arr-ClientCert", "X-Amzn-Mtls-Clientcert"}
	var headers []string
	for _, name := range hostile {
		headers = append(headers, name, "root")
	}
	app.Get(t, b, "/api/x", append(headers, "X.Trace", "1")...)
	got := api.requests()[0].Header
	for name, values := range got {
		if slices.Contains(values, "root") {
			t.Errorf("%s: %q", name, values)
		}
	}
	if got.Get("X.Trace") != "1" {
		t.Error("a harmless header is gone")
	}
}

// R163: trailers are filtered as headers are, announced or not.
func TestProxy_R163_ResponseTrailers(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	hostile := []string{"Set-Cookie", "Location", "Clear-Site-Data", "Access-Control-Allow-Origin",
		"Strict-Transport-Security", "Www-Authenticate", "Cache-Control", "Content-Type",
		"Access_control_allow_origin"}
	for _, announced := range []bool{true, false} {
		api.Answer = func(w http.ResponseWriter, _ *http.Request) {
			names, prefix := append([]string{"Grpc-Status"}, hostile...), http.TrailerPrefix
			if announced {
				w.Header().Set("Trailer", strings.Join(names, ", "))
				prefix = ""
			}
			w.WriteHeader(http.StatusOK)
			io.WriteString(w, "data")
			w.(http.Flusher).Flush()
			for _, name := range names {
				w.Header()[prefix+name] = []string{"0"}
			}
		}
		resp := app.Get(t, b, "/api/x")
		if body := authtest.Body(t, resp); body != "data" {
			t.Errorf("body %q", body)
		}
		if len(resp.Trailer) != 1 || resp.Trailer.Get("Grpc-Status") != "0" {
			t.Errorf("announced %v: trailers %v", announced, resp.Trailer)
		}
	}
}

// R163: the forms of response headers that a filter of names and first words would miss.
func TestProxy_R163_ResponseHeaderVariants(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{Cookies: []string{"theme"}})
	bearer := `Bearer realm="a, Basic b", error="invalid_token", DPoP algs="ES256"`
	api.Answer = func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Set-Cookie"] = []string{"theme=1; Domain=b\u00fccher.example",
			"theme=2; domain =\"x.example\"", "theme=3; Path=/; Priority=High"}
		h["Www-Authenticate"] = []string{`Bearer realm="a", Basic realm="b"`, "Bearer, Negotiate",
			`Bearer realm="a\", Basic realm="b"`, `Bearer realm="a`, bearer}
		for _, name := range []string{"CDN-Cache-Control", "Cloudflare-CDN-Cache-Control",
			"Surrogate-Control", "Edge-Control", "Set-Login", "Accept-CH", "Timing-Allow-Origin",
			"Secure-Session-Registration", "Sec-Session-Registration", "X-Reproxy-Url",
			"X-Lighttpd-Send-File", "X-Litespeed-Location"} {
			h.Set(name, "max-age=3600")
		}
		w.WriteHeader(http.StatusUnauthorized)
	}
	h := app.Post(t, b, "/api/x", nil).Header
	if got := h["Set-Cookie"]; !slices.Equal(got, []string{"theme=3; Path=/; Priority=High"}) {
		t.Errorf("Set-Cookie %q", got)
	}
	if got := h["Www-Authenticate"]; !slices.Equal(got, []string{bearer}) {
		t.Errorf("WWW-Authenticate %q", got)
	}
	for name, values := range h {
		if slices.Contains(values, "max-age=3600") {
			t.Errorf("%s: %q", name, values)
		}
	}
}
