package sallyport

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// errRegistration ends a session whose provider was configured with another issuer or client.
var errRegistration = fmt.Errorf("sallyport: its provider has another issuer or client now: %w",
	session.ErrEnded)

// accept binds sessions to the configuration of their provider: a different issuer or client under
// the same name ends them (R105). In a rolling deployment, only newer processes may know a provider
// or tenant: sessions of an unknown one are rejected and kept (F17). A failed lookup of a tenant
// does not end sessions either (R100).
func (a *Auth) accept(ctx context.Context, l engine.Login) (tenant string, err error) {
	if l.Provider == "" || l.Issuer == session.OwnIssuer {
		return "", acceptOwn(l)
	}
	registration, err := a.providers.Registration(ctx, l.Provider)
	switch {
	case errors.Is(err, provider.ErrUnavailable):
		return "", fmt.Errorf("%w: %w", session.ErrStore, err)
	case err != nil:
		return "", fmt.Errorf("sallyport: its provider %q is not configured here", l.Provider)
	case registration != l.Registration:
		return "", errRegistration
	}
	return a.providers.TenantOf(l.Provider), nil
}

// signedOut resets the loop detection of the login routes for this browser (F41).
func (a *Auth) signedOut(w http.ResponseWriter, r *http.Request) { a.routes.SignedOut(w, r) }
