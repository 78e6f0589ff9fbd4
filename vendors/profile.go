package vendors

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// nameOf is MapUser of vendors that return the name in two parts.
func nameOf(first, last string) func(provider.Profile, *session.User) error {
	return func(p provider.Profile, u *session.User) error {
		if u.Name == "" {
			u.Name = strings.TrimSpace(p.Text(first) + " " + p.Text(last))
		}
		return nil
	}
}

// setQuery sets a query parameter of a request to the API.
func setQuery(r *http.Request, name, value string) {
	query := r.URL.Query()
	query.Set(name, value)
	r.URL.RawQuery = query.Encode()
}

// setForm makes a form the body of a request.
func setForm(r *http.Request, form url.Values) {
	body := form.Encode()
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Body = io.NopCloser(strings.NewReader(body))
	r.ContentLength = int64(len(body))
}
