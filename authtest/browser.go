package authtest

import (
	"bytes"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// NewBrowser returns a client with a cookie jar that sends what a browser sends when a person opens
// a page, and trusts the certificates of tests: those of Provider and of httptest servers. It
// follows redirects; set CheckRedirect to look at them. Headers that a request already has are left
// alone, so a test can also send what a script would.
func NewBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := outbound()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: navigator{transport}}
}

// A navigator adds the headers of a navigation (Fetch Metadata, Accept).
type navigator struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (n navigator) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	fill := func(name, value string) {
		if _, set := r.Header[name]; !set {
			r.Header.Set(name, value)
		}
	}
	fill("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	if _, script := r.Header["Sec-Fetch-Mode"]; !script {
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		fill("Sec-Fetch-Dest", "document")
		fill("Sec-Fetch-Site", "none")
		fill("Sec-Fetch-User", "?1")
	}
	return n.next.RoundTrip(r)
}

// SignIn opens an address and does what a person would do who wants to see it: sign in as the user
// and allow what is asked. It returns the page that this ends at, whose body can be read once more.
func SignIn(t testing.TB, browser *http.Client, address, username string) *http.Response {
	t.Helper()
	resp := Open(t, browser, address)
	for range 5 {
		body := Body(t, resp)
		form, found := findForm(body)
		switch {
		case !found:
			return resp
		case form.has("password"):
			form.values.Set("username", username)
			form.values.Set("password", username)
		case form.has("decision"):
			form.values.Set("decision", "allow")
		case form.has("continue"): // the provider answers by form_post
		default:
			return resp
		}
		resp = submit(t, browser, resp.Request.URL, form)
	}
	t.Fatalf("authtest: the sign-in at %s does not come to an end", address)
	return nil
}

// Open gets an address as a navigation.
func Open(t testing.TB, browser *http.Client, address string) *http.Response {
	t.Helper()
	resp, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// Submit sends the first form of a page, with values set over those that are in it.
func Submit(
	t testing.TB, browser *http.Client, resp *http.Response, values url.Values,
) *http.Response {
	t.Helper()
	form, found := findForm(Body(t, resp))
	if !found {
		t.Fatalf("authtest: there is no form at %s", resp.Request.URL)
	}
	for name := range values {
		form.values.Set(name, values.Get(name))
	}
	return submit(t, browser, resp.Request.URL, form)
}

func submit(t testing.TB, browser *http.Client, base *url.URL, f form) *http.Response {
	t.Helper()
	target, err := base.Parse(f.action)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, target.String(), strings.NewReader(f.values.Encode()),
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", base.Scheme+"://"+base.Host)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if target.Host != base.Host {
		req.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// Body reads a response's body, which can be read again afterwards.
func Body(t testing.TB, resp *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	return string(raw)
}

// A form is what a page asks for.
type form struct {
	action string
	values url.Values
	names  []string
}

func (f form) has(name string) bool {
	for _, n := range f.names {
		if n == name {
			return true
		}
	}
	return false
}

var (
	formPattern  = regexp.MustCompile(`(?s)<form([^>]*)>(.*?)</form>`)
	fieldPattern = regexp.MustCompile(`<(input|button)([^>]*)>`)
	attribute    = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// findForm reads the first form of a page that html/template has written, so patterns will do.
func findForm(body string) (form, bool) {
	m := formPattern.FindStringSubmatch(body)
	if m == nil {
		return form{}, false
	}
	f := form{action: attributes(m[1])["action"], values: url.Values{}}
	for _, field := range fieldPattern.FindAllStringSubmatch(m[2], -1) {
		attrs := attributes(field[2])
		name := attrs["name"]
		if name == "" {
			continue
		}
		f.names = append(f.names, name)
		if field[1] == "input" {
			f.values.Set(name, attrs["value"])
		}
	}
	return f, true
}

func attributes(text string) map[string]string {
	found := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(text, -1) {
		found[m[1]] = html.UnescapeString(m[2])
	}
	return found
}
