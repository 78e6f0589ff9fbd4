package handlers_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// R144
func TestDoS_R144_Oversize(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	big := strings.Repeat("x", 500<<10)
	for name, try := range map[string]func() *http.Response{
		"callback query": func() *http.Response {
			return app.Get(t, b, "/auth/callback/op?state=x&code="+big)
		},
		"login query": func() *http.Response { return app.Get(t, b, "/auth/login?x="+big) },
		"logout form": func() *http.Response {
			return app.Post(t, b, "/auth/logout", url.Values{"x": {big}})
		},
		"many cookies": func() *http.Response {
			return app.Get(t, b, "/me", "Cookie",
				strings.Repeat("__Host-"+app.CookieName()+".1=x; ", 3000))
		},
		"huge cookie": func() *http.Response {
			return app.Get(t, b, "/me", "Cookie", "__Host-"+app.CookieName()+"="+big)
		},
		"many flows": func() *http.Response {
			return app.Get(t, b, "/auth/login", "Cookie", manyFlows(app))
		},
	} {
		if resp := try(); resp.StatusCode >= 500 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}

// R145
func TestDoS_R145_OneSlowProviderDoesNotStallAnother(t *testing.T) {
	app := rig.New(t, rig.Second)
	release := make(chan struct{})
	reached := make(chan struct{}, 10)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, r *http.Request) bool {
			if e == "discovery" || e == "token" {
				reached <- struct{}{}
				<-release
			}
			return false
		}
	})
	var waiting sync.WaitGroup
	slow := rig.Browser(t)
	waiting.Go(func() { app.Get(t, slow, "/auth/login/op") })
	<-reached // it hangs now
	b := rig.Browser(t)
	if got := app.SignIn(t, b, "alice",
		"/auth/login/op2?return_to=/me").StatusCode; got != http.StatusOK {
		t.Errorf("the other provider: status %d", got)
	}
	close(release)
	waiting.Wait()
}

// R146
func TestDoS_R146_LoginStartsLeaveNoState(t *testing.T) {
	app := rig.New(t)
	bare := &http.Client{Transport: rig.Browser(t).Transport}
	for range 300 {
		resp := app.Get(t, bare, "/auth/login")
		if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
			t.Fatalf("status %d, %d cookies: everything about a login is in one cookie",
				resp.StatusCode, len(resp.Cookies()))
		}
	}
	if got := app.OP.Count("discovery"); got != 1 {
		t.Errorf("%d fetches of the metadata, want 1", got)
	}
}

func manyFlows(app *rig.App) string {
	var b bytes.Buffer
	for i := range 2000 {
		b.WriteString("__Host-" + app.CookieName() + "-flow-" + strings.Repeat("x",
			i%10) + "=AcyAAAA; ")
	}
	return b.String()
}
