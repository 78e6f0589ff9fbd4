package middleware

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// A user of an own login has no provider to go to: the application's own page asks for the password
// or passkey again (sallyport.Config.StepUpPage).

var errNoStepUpPage = errors.New("middleware: the user signed in with a login of the " +
	"application's own, which is not recent or strong enough, and there is no StepUpPage")

// ownStepUp answers a request of an own login that needs a step-up. It returns false, without an
// answer, for a request that gets the same challenge as the sessions of providers.
func (g *Guard) ownStepUp(w http.ResponseWriter, r *http.Request, s *session.Session,
	step *stepUp, navigation bool) bool {
	page, target := g.config.Paths.StepUp, g.config.Paths.Requested(r)
	here, _, _ := strings.Cut(target, "?")
	switch {
	case s.User.Issuer != session.OwnIssuer:
		return false
	case page == "" || here == page: // a page that guards itself would redirect forever
		g.config.Report.Fail(w, r, failed("forbidden", "", errNoStepUpPage, g.toHome()))
	case !navigation:
		return false
	default:
		h := w.Header()
		h["Cache-Control"] = []string{"no-store"}
		h["Location"] = []string{page + "?" + step.query(target)}
		w.WriteHeader(http.StatusFound)
	}
	return true
}

// query tells the page what the guard requires. The page need not trust it: the guard checks the
// new session as well.
func (step *stepUp) query(returnTo string) string {
	q := url.Values{}
	if returnTo != "" && len(returnTo) <= maxReturnTo {
		q.Set("return_to", returnTo)
	}
	if step.request.MaxAge != nil {
		q.Set("max_age", step.maxAge())
	}
	if len(step.request.ACRValues) > 0 {
		q.Set("acr_values", strings.Join(step.request.ACRValues, " "))
	}
	return q.Encode()
}
