package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// The chooser page, when there is a choice.
func TestChooser(t *testing.T) {
	app := rig.New(t, rig.Second)
	b := rig.Browser(t)
	resp := app.Get(t, b, "/auth/login?return_to=/public/x")
	page := authtest.Body(t, resp)
	for _, name := range []string{"op", "op2"} {
		link := `href="/auth/login/` + name + `?return_to=`
		if !strings.Contains(page, link+`%2fpublic%2fx"`) &&
			!strings.Contains(page, link+`%2Fpublic%2Fx"`) {
			t.Errorf("no link for %s:\n%s", name, page)
		}
	}
	if resp.StatusCode != 200 || len(resp.Cookies()) != 0 {
		t.Errorf("status %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	if got := app.Get(t, b, "/auth/login/none").StatusCode; got != http.StatusNotFound {
		t.Errorf("an unknown provider: status %d, want 404", got)
	}
	if !slices.Contains(app.Outcomes(), "login unknown_provider") {
		t.Errorf("events %v", app.Outcomes())
	}
}
