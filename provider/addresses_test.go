package provider_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// besides serves what a provider serves at another address, and counts the requests.
func besides(t *testing.T, op *authtest.Provider, start func(*httptest.Server)) (*httptest.Server,
	*atomic.Int32) {
	t.Helper()
	target, err := url.Parse(op.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	var count atomic.Int32
	proxy := &httputil.ReverseProxy{
		Transport: authtest.NewBrowser(t).Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			count.Add(1)
			if r.In.Host != target.Host {
				t.Errorf("%s is asked for at host %s, want that of the issuer, %s", r.In.URL.Path,
					r.In.Host, target.Host)
			}
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
	}
	server := httptest.NewUnstartedServer(proxy)
	start(server)
	t.Cleanup(server.Close)
	return server, &count
}

// cutOff is a transport that does not get to the provider at the address of the browsers.
func cutOff(t *testing.T, op *authtest.Provider, transport *http.Transport) *http.Transport {
	t.Helper()
	u, err := url.Parse(op.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	cut := transport.Clone()
	cut.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == u.Host {
			return nil, errors.New("no way there from here")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return cut
}

// callsAs signs in, refreshes and calls the provider's API.
func callsAs(t *testing.T, app *rig.App, from *atomic.Int32) {
	t.Helper()
	b := rig.Browser(t)
	if resp := app.SignIn(t, b, "alice", "/me"); !strings.Contains(authtest.Body(t, resp),
		rig.Marker) {
		t.Fatalf("status %d: %s\n%s", resp.StatusCode, authtest.Body(t, resp), app.Log())
	}
	if from.Load() < 3 { // metadata, tokens, keys
		t.Errorf("%d requests at the internal address", from.Load())
	}
	if resp := app.Post(t, b, "/auth/logout", nil); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("sign-out: status %d", resp.StatusCode)
	}
}

// F36: in development the provider is reached by plain http at an internal address, the browsers at
// another.
func TestInternalAddress_F36_Development(t *testing.T) {
	op := authtest.NewProvider(t)
	internal, count := besides(t, op, (*httptest.Server).Start)
	app := rig.New(t, func(s *rig.Setup) {
		s.HTTP = true
		o := op.OIDC()
		o.Now = nil
		o.InternalURL, o.InsecureLoopbackHTTP = internal.URL, true
		o.HTTPClient = &http.Client{
			Transport: cutOff(t, op, http.DefaultTransport.(*http.Transport))}
		s.Config.Session.Now = nil
		s.Config.Providers = provider.Set{"op": o}
	})
	callsAs(t, app, count)
	if !strings.Contains(app.Log(), "insecure option in use") {
		t.Error("no warning at start")
	}
}

// F36: in production it is reached by https, with the certificate of a private authority.
func TestInternalAddress_F36_PrivateAuthority(t *testing.T) {
	op := authtest.NewTLSProvider(t)
	internal, count := besides(t, op, (*httptest.Server).StartTLS)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: internal.Certificate().Raw})
	client, err := provider.ClientWithCA(authority)
	if err != nil {
		t.Fatal(err)
	}
	app := rig.New(t, func(s *rig.Setup) {
		o := op.OIDC()
		o.Now = nil
		o.InternalURL = internal.URL
		o.HTTPClient = &http.Client{Transport: cutOff(t, op, client.Transport.(*http.Transport))}
		s.Config.Session.Now = nil
		s.Config.Providers = provider.Set{"op": o}
	})
	callsAs(t, app, count)
	if strings.Contains(app.Log(), "insecure option in use") {
		t.Errorf("a warning at start: %s", app.Log())
	}
	if _, err := provider.ClientWithCA([]byte("nonsense")); err == nil {
		t.Error("nonsense is taken for an authority")
	}
}

// F36, F37: development with containers and https on loopback is a matter of settings alone, and
// what is for development is rejected in production.
func TestInternalAddress_F36_F37_Settings(t *testing.T) {
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: certificateOfServer(t)}))
	right := map[string]string{"BASE_URL": "http://localhost:3000", "SESSION_SECRET": rig.Secret,
		"OIDC_CLIENT_ID": "c", "OIDC_ISSUER": "http://localhost:8080/realms/dev"}
	for name, row := range map[string]struct {
		change map[string]string
		want   string // in the error; empty for none
	}{
		"development": {
			map[string]string{"OIDC_INTERNAL_URL": "http://keycloak:8080"}, ""},
		"gateway of containers": {
			map[string]string{"OIDC_INTERNAL_URL": "http://host.docker.internal:8080"}, ""},
		"private address": {
			map[string]string{"OIDC_INTERNAL_URL": "http://172.17.0.2:8080"}, ""},
		"names below localhost": {map[string]string{"BASE_URL": "http://app.localhost:3000",
			"OIDC_ISSUER": "http://keycloak.localhost:8080"}, ""},
		"https on loopback, F37": {map[string]string{"BASE_URL": "https://localhost:8443"}, ""},
		"https, and containers": {map[string]string{"BASE_URL": "https://localhost:8443",
			"OIDC_INTERNAL_URL": "http://keycloak:8080"}, ""},
		"https issuer": {map[string]string{"OIDC_ISSUER": "https://localhost:9443",
			"OIDC_INTERNAL_URL": "http://keycloak:8080"}, ""},
		"production": {map[string]string{
			"BASE_URL": "https://app.example.com", "OIDC_ISSUER": "https://login.example.com",
			"OIDC_INTERNAL_URL": "https://keycloak.internal:8443", "OIDC_CA": authority,
		}, ""},
		"http in production": {map[string]string{
			"BASE_URL": "https://app.example.com", "OIDC_ISSUER": "https://login.example.com",
			"OIDC_INTERNAL_URL": "http://keycloak:8080",
		}, "OIDC_INTERNAL_URL"},
		"loopback in production": {map[string]string{"BASE_URL": "https://app.example.com"},
			"OIDC_ISSUER"},
		"http on the internet": {
			map[string]string{"OIDC_INTERNAL_URL": "http://login.example.com"},
			"OIDC_INTERNAL_URL"},
		"not this machine": {
			map[string]string{"OIDC_ISSUER": "http://localhost.evil.example"}, "OIDC_ISSUER"},
		"container as issuer": {map[string]string{"OIDC_ISSUER": "http://keycloak:8080"},
			"OIDC_ISSUER"},
		"a path": {
			map[string]string{"OIDC_INTERNAL_URL": "http://keycloak:8080/auth"},
			"OIDC_INTERNAL_URL"},
		"no authority": {map[string]string{"OIDC_CA": "nonsense"}, "OIDC_CA"},
		"of a list": {map[string]string{
			"SALLYPORT_PROVIDERS": "x", "SALLYPORT_X_ISSUER": "http://localhost:8080/realms/x",
			"SALLYPORT_X_CLIENT_ID":    "c",
			"SALLYPORT_X_INTERNAL_URL": "http://keycloak:8080", "SALLYPORT_X_CA": authority,
		}, ""},
		"of a list, wrong": {map[string]string{
			"SALLYPORT_PROVIDERS": "x", "SALLYPORT_X_ISSUER": "https://login.example.com",
			"SALLYPORT_X_CLIENT_ID": "c", "BASE_URL": "https://app.example.com",
			"OIDC_ISSUER":              "https://login.example.com",
			"SALLYPORT_X_INTERNAL_URL": "http://keycloak:8080",
		}, "SALLYPORT_X_INTERNAL_URL"},
		"discovery and endpoints": {map[string]string{
			"SALLYPORT_PROVIDERS": "x", "SALLYPORT_X_ISSUER": "http://localhost:8080/realms/x",
			"SALLYPORT_X_CLIENT_ID":     "c",
			"SALLYPORT_X_DISCOVERY_URL": "http://keycloak:8080/realms/x/.well-known/openid-configuration",
		}, ""},
		"OAuth 2.0": {map[string]string{
			"SALLYPORT_PROVIDERS":                "x",
			"SALLYPORT_X_AUTHORIZATION_ENDPOINT": "http://localhost:3001/authorize",
			"SALLYPORT_X_CLIENT_ID":              "c",
			"SALLYPORT_X_TOKEN_ENDPOINT":         "http://localhost:3001/token",
			"SALLYPORT_X_USERINFO_ENDPOINT":      "http://localhost:3001/me",
			"SALLYPORT_X_USER_ID":                "id",
			"SALLYPORT_X_INTERNAL_URL":           "http://gitea:3000",
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{}
			for _, m := range []map[string]string{right, row.change} {
				for variable, value := range m {
					env[variable] = value
				}
			}
			_, err := sallyport.FromEnv(func(name string) (string, bool) {
				v, ok := env[name]
				return v, ok
			})
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(),
				row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
		})
	}
}

func certificateOfServer(t *testing.T) []byte {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	server.Close()
	return server.Certificate().Raw
}

// F36, F3: a tenant cannot lead its provider to an internal address.
func TestInternalAddress_F36_Tenants(t *testing.T) {
	op := authtest.NewTLSProvider(t)
	o := op.OIDC()
	o.InternalURL = "https://keycloak.internal"
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Tenants.Find = func(context.Context, string) (provider.Provider, error) {
			return o, nil
		}
	})
	if resp := app.Get(t, rig.Browser(t), "/auth/login/acme"); resp.StatusCode < 400 ||
		!strings.Contains(app.Log(), "InternalURL") {
		t.Errorf("status %d, log %s", resp.StatusCode, app.Log())
	}
}
