package e2e

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R166: in a browser, the relay leads back to the subdomain where the login began, also by a form
// that sends itself, whose policy lets the application continue to its page. The sessions of two
// subdomains are separate.
func TestChromium_R166_Relay(t *testing.T) {
	need(t, "chromium")
	for _, formPost := range []bool{false, true} {
		t.Run(fmt.Sprintf("form_post=%v", formPost), func(t *testing.T) {
			port := serveSubdomains(t, formPost)
			acme, globex := "http://acme.app.localhost:"+port, "http://globex.app.localhost:"+port
			w := open(t, fmt.Sprintf("relay-%v", formPost))
			w.goTo(t, acme+"/me?x=1")
			w.do(t, chromedp.SendKeys(chromedp.ID("username"), "alice"),
				chromedp.SendKeys(chromedp.ID("password"), "alice"))
			w.press(t, "button[type=submit]", "Allow access?")
			allow := `button[value="allow"]`
			if formPost {
				w.press(t, allow, "Back to the application")
				allow = `button[name="continue"]`
			}
			w.press(t, allow, "Hello, Alice Adams")
			w.shows(t, acme+"/me?x=1")
			w.shot(t, "1-acme")
			w.goTo(t, globex+"/")
			w.shows(t, globex, "anonymous")
		})
	}
}

// serveSubdomains serves an application at acme and globex below app.localhost, and its relay at
// login. They are of one site: without https, browsers send no cookie with the POST
// of another site.
func serveSubdomains(t *testing.T, formPost bool) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	const relaySecret = "2f7d1e0c9b8a79685746352413f2e1d0cfbeada09182736455463728190a0b0c"
	origins := []string{"http://acme.app.localhost:" + port, "http://globex.app.localhost:" + port}
	relay, err := sallyport.Relay(sallyport.RelayConfig{
		URL: "http://login.app.localhost:" + port + "/callback", Secret: relaySecret,
		Origins: origins, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	op := authtest.NewProvider(t).OIDC()
	op.FormPost = formPost
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: origins[0], Origins: origins[1:], Providers: provider.Set{"op": op},
		RelayURL: "http://login.app.localhost:" + port + "/callback", RelaySecret: relaySecret,
		Session: session.Config{
			Secret: "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6",
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", greet)
	mux.Handle("/me", auth.RequireAuth(http.HandlerFunc(greet)))
	app := auth.Handler(mux)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		if strings.HasPrefix(r.Host, "login.app.localhost:") {
			relay.ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return port
}

// greet shows who is signed in.
func greet(w http.ResponseWriter, r *http.Request) {
	who := "anonymous"
	if s, ok := session.FromContext(r.Context()); ok {
		who = "Hello, " + s.User.Name
	}
	fmt.Fprintf(w, "<!doctype html><main><h1>%s</h1></main>", who)
}
