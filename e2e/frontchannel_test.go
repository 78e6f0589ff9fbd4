package e2e

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Signing out at the provider ends the application's session through an iframe, in a browser that
// applies the policies of both pages. With SameSite=Lax this works only if both are on the same
// site, as documented.
func TestChromium_FrontchannelLogout(t *testing.T) {
	op, err := authtest.Start(authtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(op.Close)
	for host, ends := range map[string]bool{"127.0.0.1": true, "localhost": false} {
		listener, err := net.Listen("tcp", host+":0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		base := "http://" + net.JoinHostPort(host, port)
		serveFrontchannel(t, listener, base, op)
		op.SetFrontchannelLogout(base + "/auth/frontchannel/op")

		w := open(t, "frontchannel-"+host)
		w.goTo(t, base+"/auth/login")
		w.do(t, chromedp.SendKeys(chromedp.ID("username"), "alice"),
			chromedp.SendKeys(chromedp.ID("password"), "alice"))
		w.press(t, "button[type=submit]", "Allow access?")
		w.press(t, `button[value="allow"]`, "signed in: true")
		w.goTo(t, op.Issuer()+"/end_session")
		w.shows(t, "/end_session", "You have signed out of the provider")
		w.shot(t, "1-provider")
		w.goTo(t, base+"/")
		w.shows(t, "/", fmt.Sprint("signed in: ", !ends))
	}
}

// serveFrontchannel starts an application with front-channel logout that shows whether a user is
// signed in.
func serveFrontchannel(t *testing.T, listener net.Listener, base string, op *authtest.Provider) {
	t.Helper()
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: base, Providers: provider.Set{"op": op.OIDC()}, FrontchannelLogout: true,
		Session: session.Config{
			Secret:      "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6",
			Revocations: session.NewMemoryRevocations(nil),
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: auth.Handler(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		_, ok := session.FromContext(r.Context())
		fmt.Fprintf(w, "<!doctype html><main><h1>signed in: %v</h1></main>", ok)
	}))}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
}
