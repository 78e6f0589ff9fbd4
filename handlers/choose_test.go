package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The ways to sign in are sorted as people read, none is the main one, and a label is text.
func TestChoose(t *testing.T) {
	labeled := func(label string) provider.Provider {
		return &provider.OIDC{Issuer: "https://op.example", ClientID: "c", DisplayName: label}
	}
	c := sallyport.Config{
		BaseURL: "https://app.example.com",
		Session: session.Config{
			Secret: "2f7d1c0e9b8a47566f3e2d1c0b9a8877e6d5c4b3a2918070605f4e3d2c1b0a99"},
		Providers: provider.Set{"a": labeled("Zoo"), "b": labeled("intranet"),
			"c": labeled("<b>"), "old": labeled("")},
	}
	answer := func() *httptest.ResponseRecorder {
		auth, err := sallyport.New(c)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		auth.Handler(http.NotFoundHandler()).ServeHTTP(w,
			httptest.NewRequest("GET", "https://app.example.com/auth/login?return_to=/x", nil))
		return w
	}
	want := `<ul class="equal">
<li><a href="/auth/login/c?return_to=%2Fx">Sign in with &lt;b&gt;</a></li>
<li><a href="/auth/login/b?return_to=%2Fx">Sign in with intranet</a></li>
<li><a href="/auth/login/old?return_to=%2Fx">Sign in with old</a></li>
<li><a href="/auth/login/a?return_to=%2Fx">Sign in with Zoo</a></li>
</ul>`
	if body := answer().Body.String(); !strings.Contains(body, want) {
		t.Errorf("the page:\n%s", body)
	}

	var names []string
	c.LoginPage = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, choice := range handlers.Choices(r.Context()) {
			names = append(names, choice.Name)
		}
	})
	if answer(); !slices.Equal(names, []string{"c", "b", "old", "a"}) {
		t.Errorf("a page of the application's own gets %v", names)
	}

	c.Order, names = []string{"old", "a"}, nil
	if answer(); !slices.Equal(names, []string{"old", "a", "c", "b"}) {
		t.Errorf("in the order of the application: %v", names)
	}
}
