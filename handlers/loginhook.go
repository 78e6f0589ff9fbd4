package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A Login is a verified login for Hooks.Login, before its session begins.
type Login struct {
	// Session is the session to begin. Its ID and times are not set yet.
	*session.Session

	// ReturnTo is the path of the page after the login. Set it to send the user to another page
	// first, such as "/welcome" for a new user. That page gets the original address in the
	// parameter return_to, unless the login leads to the start page, and continues with
	// http.Redirect(w, r, auth.ReturnTo(r.FormValue("return_to")), http.StatusSeeOther). The
	// session begins in any case: guard other pages with Auth.Require until the user has, for
	// example, accepted the terms of service. An address off this origin leads to the start page.
	ReturnTo string

	// Request is what this login requested in addition to the provider's configuration. Changes
	// have no effect.
	Request provider.Request

	// Renews is the session that is renewed silently, or nil at a login.
	Renews *session.Session
}

var errSessionReplaced = errors.New("handlers: Hooks.Login replaced Login.Session: change the " +
	"fields of the session instead")

// callLogin calls Hooks.Login and returns where the browser goes.
func (h *routes) callLogin(r *http.Request, l *Login) (next string, err error) {
	returnTo := l.ReturnTo
	hook := h.hooks.Login
	if hook == nil {
		return returnTo, nil
	}
	s := l.Session
	err = recovered.Call(func() error { return hook(r, l) })
	if err == nil && l.Session != s {
		err = errSessionReplaced
	}
	if err != nil {
		return "", err
	}
	if l.ReturnTo == returnTo {
		return returnTo, nil
	}
	return h.via(h.returns.clean(l.ReturnTo), returnTo), nil
}

// maxVia bounds the address of a page with the return address in it.
const maxVia = 4096

// via returns the address of a page that continues to returnTo, which is shortened or dropped if it
// is too long.
func (h *routes) via(page, returnTo string) string {
	before, fragment, hasFragment := strings.Cut(page, "#")
	_, query, _ := strings.Cut(before, "?")
	params, _ := url.ParseQuery(query)
	if returnTo == h.returns.start() || page == returnTo || params.Has(returnParam) {
		return page
	}
	separator := "?"
	if strings.Contains(before, "?") {
		separator = "&"
	}
	path, _, _ := strings.Cut(returnTo, "#")
	path, _, _ = strings.Cut(path, "?")
	for _, kept := range []string{returnTo, path} {
		target := before + separator + returnParam + "=" + url.QueryEscape(kept)
		if hasFragment {
			target += "#" + fragment
		}
		if len(target) <= maxVia {
			return target
		}
	}
	return page
}
