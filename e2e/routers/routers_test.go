package routers

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/snippets"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The application has a public page, a group of guarded routes, and a form in it.

func home(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "a public page") }

func profile(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	fmt.Fprintf(w, "the profile of %s", s.User.Name)
}

func save(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	fmt.Fprintf(w, "%s saved %s", s.User.Name, r.PostFormValue("text"))
}

// An application is one of them, with a router.
type application struct {
	path  string // of BaseURL
	build func(*sallyport.Auth) http.Handler

	// save is the path to which the form is sent, as contentType, if not to /account/notes as a
	// form.
	save, contentType, body string
}

var applications = map[string]application{
	"net/http":    {build: withServeMux},
	"a path":      {build: belowPath, path: "/app"},
	"chi":         {build: withChi},
	"gorilla/mux": {build: withGorilla},
	"echo":        {build: withEcho},
	"gin":         {build: withGin},
	"httprouter":  {build: withHTTPRouter},
	"huma":        {build: withHuma},
	"templ":       {build: withTempl},
	"connect": {build: withConnect, save: "/notes.v1.NotesService/Save",
		contentType: "application/json", body: `"buy milk"`},
}

func TestRouters(t *testing.T) {
	for name, a := range applications {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a.test(t)
		})
	}
}

// start makes the application listen, with a provider of its own, and returns its address.
func (a application) start(t *testing.T) string {
	t.Helper()
	op := authtest.NewProvider(t)
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + a.path
	auth, err := sallyport.New(sallyport.Config{
		BaseURL:   base,
		Providers: provider.Set{"op": op.OIDC()},
		Session:   session.Config{Secret: authtest.Secret},
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = a.build(auth)
	server.Start()
	t.Cleanup(server.Close)
	return base
}

// test is the black-box test.
func (a application) test(t *testing.T) {
	base, b := a.start(t), authtest.NewBrowser(t)
	form := a
	if form.save == "" {
		form.save, form.contentType = "/account/notes", "application/x-www-form-urlencoded"
		form.body = url.Values{"text": {"buy milk"}}.Encode()
	}
	want := func(what string, resp *http.Response, status int, text string) {
		t.Helper()
		body := authtest.Body(t, resp)
		if resp.StatusCode != status || !strings.Contains(body, text) {
			t.Errorf("%s: status %d, want %d: %s", what, resp.StatusCode, status, body)
		}
		if status != http.StatusOK && (strings.Contains(body, "profile of") ||
			strings.Contains(body, "saved")) {
			t.Errorf("%s: the handler has run: %s", what, body)
		}
	}
	login := `"login_url":"` + base + `/auth/login"`

	want("the public page", send(t, b, "GET", base+"/", nil, ""), 200, "a public page")
	script := []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin"}
	want("a script", send(t, b, "GET", base+"/account/profile", script, ""), 401, login)
	post := append([]string{"Content-Type", form.contentType, "Origin", origin(base)}, script...)
	want("a signed-out form", send(t, b, "POST", base+form.save, post, form.body), 401, login)

	page := authtest.SignIn(t, b, base+"/account/profile?tab=1", "alice")
	want("the page after the login", page, 200, "the profile of Alice")
	if got := page.Request.URL.String(); got != base+"/account/profile?tab=1" {
		t.Errorf("the login led to %s", got)
	}
	want("a form", send(t, b, "POST", base+form.save, post, form.body), 200, "saved buy milk")
	cross := append(post[:len(post):len(post)], "Origin", "https://evil.example",
		"Sec-Fetch-Site", "cross-site")
	want("a form of another site", send(t, b, "POST", base+form.save, cross, form.body), 403, "")

	button := append(post[:len(post):len(post)], "Sec-Fetch-Mode", "navigate")
	want("the sign-out", send(t, b, "POST", base+"/auth/logout", button, ""), 200, "signed out")
	want("afterwards", send(t, b, "GET", base+"/account/profile", script, ""), 401, login)
}

func origin(base string) string {
	u, _ := url.Parse(base)
	return u.Scheme + "://" + u.Host
}

// send sends a request with headers, pairs of name and value. The last of a name is the one.
func send(t *testing.T, b *http.Client, method, address string, headers []string,
	body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestRouters_GuideCompiles(t *testing.T) {
	snippets.Compiled(t, "../../docs/routers.md", "routers_test.go", "standard_test.go",
		"chi_test.go", "gorilla_test.go", "echo_test.go", "gin_test.go", "httprouter_test.go",
		"huma_test.go", "connect_test.go", "templ_test.go")
}
