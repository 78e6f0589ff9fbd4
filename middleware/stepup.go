package middleware

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// clockLeeway is the accepted difference between the provider's clock and ours.
const clockLeeway = time.Minute

// RequireRecent admits users whose last authentication (the "auth_time" claim) is at most max old,
// with a minute of leeway for clocks. Others are sent to re-authenticate (max_age) and then return;
// a login that comes back with an old auth_time, or with none, fails. A max of zero or less asks
// for authentication just now.
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

// RequireACR admits users whose sign-in reached one of the authentication context classes (the
// "acr" claim, compared exactly). Others are sent to sign in with acr_values and then return; a
// login that reaches none of them fails. Without any value, it admits no one.
//
// Configured providers are trusted for the claim. Tenants are not: a tenant's provider can assert
// any class. With Tenants.TrustRoles, the claim is valid on the tenant's own pages, inside
// RequireTenant; otherwise a tenant's user gets 403, and the reason is logged once.
func (g *Guard) RequireACR(anyOf ...string) func(http.Handler) http.Handler {
	wanted := slices.Clone(anyOf)
	return g.require(func(r *http.Request, s *session.Session) error {
		if len(wanted) == 0 {
			return errNoACR
		}
		if err := g.trusted(r, s); err != nil {
			return err
		}
		if s.ACR != "" && slices.Contains(wanted, s.ACR) {
			return nil
		}
		return &stepUp{request: provider.Request{ACRValues: wanted}}
	})
}

var errNoACR = fmt.Errorf("middleware: RequireACR without a value admits no one")

// RequireScope admits users whose access token has all of the scopes. Others are sent to the
// provider to grant those that are missing, and then return (incremental consent). A user who
// declines sees a page that says that the sign-in was not allowed; the session stays as it was. The
// scopes are also those that an API may ask for (see [Guard.Client]).
func (g *Guard) RequireScope(allOf ...string) func(http.Handler) http.Handler {
	wanted := slices.Clone(allOf)
	g.scopes.add(wanted)
	return g.Require(func(s *session.Session) error {
		tokens, err := s.Tokens()
		if err != nil {
			return err
		}
		var missing []string
		for _, scope := range wanted {
			if !tokens.Granted(scope) {
				missing = append(missing, scope)
			}
		}
		if missing == nil {
			return nil
		}
		// Those granted before are asked for again: the new tokens replace the old ones.
		return &stepUp{request: provider.Request{Scopes: withGranted(tokens.Scopes, missing)},
			missing: missing}
	})
}

// A stepUp is the error of a check that requires another sign-in.
type stepUp struct {
	request provider.Request
	missing []string // scopes
}

func (*stepUp) Error() string { return "middleware: a stronger or more recent sign-in is needed" }

// stepUp sends a navigation to the provider, or to the page for own logins, at once. Everything
// else gets the challenge of RFC 9470.
func (g *Guard) stepUp(w http.ResponseWriter, r *http.Request, s *session.Session, step *stepUp) {
	byCookie := s.ID != "" // a caller with an access token has no page to go to
	navigation := byCookie && answer.IsNavigation(r) && r.Method == http.MethodGet
	if g.ownStepUp(w, r, s, step, navigation) {
		return
	}
	if navigation {
		g.config.StepUp(w, r, s.Provider, g.config.Paths.Requested(r), step.request)
		return
	}
	e := answer.New("insufficient_user_authentication")
	if step.missing != nil {
		e = answer.New("insufficient_scope")
	}
	scheme := "Bearer"
	if byCookie {
		scheme = "Session"
	}
	w.Header().Set("WWW-Authenticate", scheme+step.challenge(e.Code))
	if byCookie {
		g.offerStepUp(w, r, s, step, e)
	}
	g.config.Report.Challenge(w, r, e)
}

// offerStepUp tells a script of the application where the browser can sign in as required, and
// makes htmx go there and come back to its page. What is required is sealed in the address of the
// login.
func (g *Guard) offerStepUp(w http.ResponseWriter, r *http.Request, s *session.Session,
	step *stepUp, e *problem.Error) {
	login := func(returnTo string) (string, error) {
		req := step.request
		req.Provider = s.Provider
		return g.config.LoginWith(req, returnTo)
	}
	if s.User.Issuer == session.OwnIssuer {
		login = func(returnTo string) (string, error) {
			return g.config.Paths.StepUp + "?" + step.query(returnTo), nil
		}
	}
	address, err := login("")
	if err != nil { // more scopes than fit into an address
		g.config.Report.Logger.WarnContext(r.Context(), "sallyport: no address for a step-up",
			"error", err)
		return
	}
	e.LoginURL = g.originOf(r) + address
	if !answer.IsHTMX(r) {
		return
	}
	if address, err = login(g.challenge.pageOf(r)); err == nil {
		w.Header().Set("HX-Redirect", address)
	}
}

// maxAge returns MaxAge in seconds.
func (step *stepUp) maxAge() string { return strconv.Itoa(int(step.request.MaxAge.Seconds())) }

// challenge returns the WWW-Authenticate value, after its scheme, of RFC 9470 section 3, or of RFC
// 6750 section 3.1 for scopes.
func (step *stepUp) challenge(code string) string {
	challenge := fmt.Sprintf(" error=%q", code)
	if step.request.MaxAge != nil {
		challenge += fmt.Sprintf(`, max_age=%q`, step.maxAge())
	}
	if len(step.request.ACRValues) > 0 {
		challenge += fmt.Sprintf(", acr_values=%q", strings.Join(step.request.ACRValues, " "))
	}
	if len(step.missing) > 0 {
		challenge += fmt.Sprintf(", scope=%q", strings.Join(step.missing, " "))
	}
	return challenge
}
