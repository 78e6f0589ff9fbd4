package rig

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// Browser returns a browser that follows redirects only when told (SignIn, Follow).
func Browser(t testing.TB) *http.Client { return authtest.NewBrowser(t) }

// Get opens a path of the application as a navigation, without following redirects. Headers are
// pairs of name and value; an empty value sends the header not at all.
func (app *App) Get(t testing.TB, b *http.Client, path string, headers ...string) *http.Response {
	t.Helper()
	return app.Do(t, b, http.MethodGet, path, nil, headers...)
}

// Post sends a form as the application's own page would.
func (app *App) Post(
	t testing.TB, b *http.Client, path string, form url.Values, headers ...string,
) *http.Response {
	t.Helper()
	own := []string{
		"Content-Type", "application/x-www-form-urlencoded", "Origin", app.URL,
		"Sec-Fetch-Site", "same-origin",
	}
	return app.Do(t, b, http.MethodPost, path, form, append(own, headers...)...)
}

// Do sends any request, without following redirects. The body can be read more than once.
func (app *App) Do(
	t testing.TB, b *http.Client, method, path string, form url.Values, headers ...string,
) *http.Response {
	t.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = app.URL + path
	}
	req, err := http.NewRequestWithContext(
		t.Context(), method, target, strings.NewReader(form.Encode()),
	)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		switch {
		case headers[i] == "Host":
			req.Host = headers[i+1]
		case headers[i+1] == "":
			req.Header[headers[i]] = nil // present and empty: neither sent nor filled in
		default:
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := Still(b).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	authtest.Body(t, resp)
	return resp
}

// Still is the same browser, with the same cookies, not following redirects.
func Still(b *http.Client) *http.Client {
	still := *b
	still.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	return &still
}

// SignIn signs in at the provider and returns the page it ends at.
func (app *App) SignIn(t testing.TB, b *http.Client, username, path string) *http.Response {
	t.Helper()
	return authtest.SignIn(t, b, app.URL+path, username)
}

// Visit opens a path and returns what it says, following redirects.
func (app *App) Visit(t testing.TB, b *http.Client, path string) string {
	t.Helper()
	return authtest.Body(t, authtest.Open(t, b, app.URL+path))
}

// BeginLogin starts a login and returns the authorization request's address.
func (app *App) BeginLogin(t testing.TB, b *http.Client, path string) *url.URL {
	t.Helper()
	resp := app.Get(t, b, path)
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("GET %s: status %d, want 303: %s", path, resp.StatusCode, authtest.Body(t, resp))
	}
	return Location(t, resp)
}

// Location is where a response sends the browser.
func Location(t testing.TB, resp *http.Response) *url.URL {
	t.Helper()
	u, err := resp.Location()
	if err != nil {
		t.Fatalf("%s: status %d without Location", resp.Request.URL, resp.StatusCode)
	}
	return u
}

// Authorize goes from an authorization request through the provider's pages to the callback's
// address, which it does not open.
func (app *App) Authorize(
	t testing.TB, b *http.Client, authorize *url.URL, username string,
) *url.URL {
	t.Helper()
	stop := *b
	stop.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(req.URL.String(), app.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return Location(t, authtest.SignIn(t, &stop, authorize.String(), username))
}

// Callback goes through a whole login up to the callback's address, which it does not open.
func (app *App) Callback(t testing.TB, b *http.Client, username, loginPath string) *url.URL {
	t.Helper()
	return app.Authorize(t, b, app.BeginLogin(t, b, loginPath), username)
}

// Cookies returns the cookies that the browser holds for the application. (Those of the provider
// are on the same host: cookies know no ports.)
func (app *App) Cookies(b *http.Client) []*http.Cookie {
	u, _ := url.Parse(app.URL + "/")
	return slices.DeleteFunc(
		b.Jar.Cookies(u),
		func(c *http.Cookie) bool { return strings.HasPrefix(c.Name, "authtest") },
	)
}

// SessionCookies returns those of the session alone.
func (app *App) SessionCookies(b *http.Client) []*http.Cookie {
	var own []*http.Cookie
	for _, c := range app.Cookies(b) {
		if !strings.Contains(c.Name, "-flow-") && !strings.HasSuffix(c.Name, "-rounds") &&
			!strings.HasSuffix(c.Name, "-logout") {
			own = append(own, c)
		}
	}
	return own
}

// SetCookies puts cookies into the browser as the application would.
func (app *App) SetCookies(b *http.Client, cookies ...*http.Cookie) {
	u, _ := url.Parse(app.URL + "/")
	for _, c := range cookies {
		b.Jar.SetCookies(
			u,
			[]*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/", Secure: u.Scheme == "https"}},
		)
	}
}
