package e2e

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A frontEnd is an application on this machine, with a provider and a clock.
type frontEnd struct {
	url  string
	auth *sallyport.Auth
	mux  *http.ServeMux
	op   *authtest.Provider

	mu    sync.Mutex
	later time.Duration
}

// newFrontEnd starts an application with the session endpoint.
func newFrontEnd(t *testing.T, change ...func(*sallyport.Config)) *frontEnd {
	t.Helper()
	f := &frontEnd{op: authtest.NewProvider(t), mux: http.NewServeMux()}
	server := httptest.NewUnstartedServer(nil)
	f.url = "http://" + server.Listener.Addr().String()
	c := sallyport.Config{
		BaseURL: f.url, Providers: provider.Set{"op": f.op.OIDC()}, SessionEndpoint: true,
		Session: session.Config{
			Secret: "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6",
			Idle:   30 * time.Minute, Now: f.now,
		},
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, with := range change {
		with(&c)
	}
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	f.auth, server.Config.Handler = auth, auth.Handler(f.mux)
	server.Start()
	t.Cleanup(server.Close)
	return f
}

func (f *frontEnd) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.later)
}

// wait moves the clock.
func (f *frontEnd) wait(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.later += d
}

// page serves HTML at a pattern.
func (f *frontEnd) page(pattern, html string) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><meta charset=utf-8>" + html))
	})
}

// tab opens another page of the same browser.
func (w *window) tab(t *testing.T) *window {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(w.ctx)
	t.Cleanup(closeTab)
	return &window{ctx, w.dir}
}

// atProvider signs in on the pages of authtest, and allows access.
func (w *window) atProvider(t *testing.T, name string) {
	t.Helper()
	w.do(t, chromedp.WaitVisible(chromedp.ID("username")),
		chromedp.SendKeys(chromedp.ID("username"), name),
		chromedp.SendKeys(chromedp.ID("password"), name))
	w.press(t, "button[type=submit]", "Allow access?")
	w.do(t, chromedp.Click(chromedp.CSS(`button[value="allow"]`), chromedp.NodeVisible))
}

// reads waits until an element has a text.
func (w *window) reads(t *testing.T, id, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	element := `//*[@id="` + id + `" and normalize-space(.)='` + text + `']`
	if err := chromedp.Do(ctx, chromedp.WaitVisible(element)); err != nil {
		now := ask(t, w, chromedp.Text(chromedp.CSS("body")))
		t.Fatalf("#%s does not become %q: %v\n%s", id, text, err, strings.TrimSpace(now))
	}
}
