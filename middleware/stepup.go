package middleware

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/page"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// clockLeeway is what the provider's clock may differ from ours.
const clockLeeway = time.Minute

// RequireRecent lets those pass whom the provider made prove who they are at most max ago (the
// "auth_time" claim, with a minute of leeway for clocks). Others sign in anew and come back; the provider
// is asked by max_age, and a login that comes back with an old auth_time, or none, fails. A max of zero or
// less asks for a sign-in just now.
func (g *Guard) RequireRecent(max time.Duration) func(http.Handler) http.Handler {
	if max < 0 {
		max = 0
	}
	return g.Require(func(s *session.Session) error {
		age := g.config.Sessions.Now().Sub(s.AuthTime)
		if !s.AuthTime.IsZero() && -clockLeeway <= age && age <= max+clockLeeway {
			return nil
		}
		return &stepUp{request: provider.Request{MaxAge: &max}}
	})
}

// RequireACR lets those pass whose sign-in reached one of the authentication context classes (the "acr" claim,
// compared exactly). Others sign in anew with acr_values and come back; a login that does not reach one of
// them fails. Without any value given, nobody passes.
func (g *Guard) RequireACR(anyOf ...string) func(http.Handler) http.Handler {
	wanted := slices.Clone(anyOf)
	return g.Require(func(s *session.Session) error {
		if len(wanted) == 0 {
			return errNoACR
		}
		if s.ACR != "" && slices.Contains(wanted, s.ACR) {
			return nil
		}
		return &stepUp{request: provider.Request{ACRValues: wanted}}
	})
}

var errNoACR = fmt.Errorf("middleware: RequireACR without a value lets nobody pass")

// A stepUp is a check's wish for another sign-in.
type stepUp struct{ request provider.Request }

func (*stepUp) Error() string { return "middleware: a stronger or more recent sign-in is needed" }

// stepUp sends a navigation to the provider at once. Everything else gets the challenge of RFC 9470.
func (g *Guard) stepUp(w http.ResponseWriter, r *http.Request, s *session.Session, step *stepUp) {
	if problem.IsNavigation(r) && r.Method == http.MethodGet {
		g.config.StepUp(w, r, s.Provider, requested(r), step.request)
		return
	}
	h := w.Header()
	page.Protect(h)
	h.Set("WWW-Authenticate", stepUpChallenge(step.request))
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusUnauthorized)
	if r.Method != http.MethodHead {
		json.NewEncoder(w).Encode(map[string]any{
			"title": "A stronger sign-in is required", "status": http.StatusUnauthorized,
			"detail": "Open this page in the browser to sign in again.", "code": "insufficient_user_authentication",
		})
	}
}

// stepUpChallenge is the WWW-Authenticate value of RFC 9470 section 3.
func stepUpChallenge(req provider.Request) string {
	challenge := `Session error="insufficient_user_authentication"`
	if req.MaxAge != nil {
		challenge += fmt.Sprintf(`, max_age="%d"`, int(req.MaxAge.Seconds()))
	}
	if len(req.ACRValues) > 0 {
		challenge += fmt.Sprintf(", acr_values=%q", strings.Join(req.ACRValues, " "))
	}
	return challenge
}
