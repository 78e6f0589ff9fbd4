package rig

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// ResponseType sets OIDC.ResponseType.
func ResponseType(responseType string) func(*Setup) {
	return func(s *Setup) { s.OIDC.ResponseType = responseType }
}

// PostedResponse signs in at a provider that responds by form_post, changes the form and sends it.
func PostedResponse(t *testing.T, app *App, b *http.Client,
	change func(url.Values)) *http.Response {
	t.Helper()
	authorize := app.BeginLogin(t, b, "/auth/login")
	page := authtest.Open(t, b, authorize.String())
	for strings.Contains(authtest.Body(t, page), `action="/`) { // the provider's own forms
		page = authtest.Submit(t, b, page, url.Values{"username": {"alice"}, "password": {"alice"},
			"decision": {"allow"}})
	}
	form := url.Values{}
	for _, field := range strings.Split(authtest.Body(t, page),
		"<input type=\"hidden\" name=\"")[1:] {
		name, rest, _ := strings.Cut(field, `" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		form.Set(name, strings.ReplaceAll(value, "&#43;", "+"))
	}
	change(form)
	return app.Do(t, b, "POST", "/auth/callback/op", form, "Content-Type",
		"application/x-www-form-urlencoded", "Origin", app.OP.Issuer(), "Sec-Fetch-Site",
		"cross-site")
}
