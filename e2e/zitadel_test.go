package e2e

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The test user in zitadel's example storage.
const (
	zitadelUser     = "test-user@localhost"
	zitadelPassword = "verysecure"
	zitadelName     = "Test User"
)

// A zitadelOP runs the certified OpenID provider zitadel/oidc in-process. Its address is fixed, so
// it can be restarted.
type zitadelOP struct {
	addr   string
	app    string // base URL of the registered application
	store  *storage.Storage
	server *httptest.Server

	prepare func(*http.Server) // may change the server before it starts; may be nil
}

// newZitadel starts a provider where the application at a base URL is registered, with the client
// ID that the example uses for providers on loopback.
func newZitadel(t *testing.T, app string) *zitadelOP { return newZitadelWith(t, app, nil) }

// newZitadelWith is like newZitadel, but calls prepare with the server before starting it.
func newZitadelWith(t *testing.T, app string, prepare func(*http.Server)) *zitadelOP {
	t.Helper()
	p := &zitadelOP{addr: freeAddr(t), app: app, prepare: prepare}
	p.start(t)
	t.Cleanup(func() { p.stop() })
	return p
}

// issuer returns the provider's issuer, which ends with a slash.
func (p *zitadelOP) issuer() string { return "http://" + p.addr + "/" }

func (p *zitadelOP) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	clients := map[string]*storage.Client{
		"sallyport-example": storage.NativeClient("sallyport-example", p.app+"/auth/callback/oidc"),
		"web":               storage.WebClient("web", "secret", p.app+"/auth/callback/oidc"),
		"device":            storage.DeviceClient("device", "secret"),
	}
	p.store = storage.NewStorageWithClients(storage.NewUserStore(p.issuer()), clients)
	store := withLogoutURI{p.store, p.app}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	p.server = httptest.NewUnstartedServer(exampleop.SetupServer(p.issuer(), store, quiet, false))
	p.server.Listener.Close()
	p.server.Listener = listener
	if p.prepare != nil {
		p.prepare(p.server.Config)
	}
	p.server.Start()
}

func (p *zitadelOP) stop() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// withLogoutURI is zitadel's example storage with a registered post_logout_redirect_uri, which it
// lacks.
type withLogoutURI struct {
	*storage.Storage
	app string
}

// GetClientByClientID implements op.Storage.
func (r withLogoutURI) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := r.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return registered{client, r.app}, nil
}

type registered struct {
	op.Client
	app string
}

// PostLogoutRedirectURIs implements op.Client.
func (r registered) PostLogoutRedirectURIs() []string {
	return []string{r.app + "/auth/logged-out"}
}

// freeAddr returns an unused address on loopback.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("localhost", port)
}
