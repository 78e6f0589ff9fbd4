package middleware

import (
	"context"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/session"
)

// Configured providers are trusted for roles and ACR, from the ID token and from userinfo at their
// own endpoint. A tenant's provider can assert any role and ACR, so it is trusted only with
// Tenants.TrustRoles, and then only on pages of that tenant.

var (
	errTenantsUntrusted = errors.New("middleware: RequireRole and RequireACR do not trust the " +
		"providers of tenants: " +
		"set Tenants.TrustRoles, and put the route behind RequireTenant")
	errTenantUnguarded = errors.New("middleware: RequireRole and RequireACR trust a tenant's " +
		"provider only on the tenant's own pages: " +
		"put them inside RequireTenant")
)

// trusted returns nil if the user's roles and ACR are trusted for this request.
func (g *Guard) trusted(r *http.Request, s *session.Session) error {
	var err error
	switch tenant := s.User.Tenant; {
	case tenant == "":
		return nil
	case !g.config.TrustTenantRoles:
		err = errTenantsUntrusted
	case g.tenantOf(r.Context()) != tenant:
		err = errTenantUnguarded
	default:
		return nil
	}
	g.untrusted.Do(func() {
		g.config.Report.Logger.WarnContext(r.Context(),
			"sallyport: roles and ACR of a tenant are ignored",
			"tenant", s.User.Tenant, "path", r.URL.Path, "reason", err)
	})
	return err
}

type tenantKey struct{ guard *Guard }

// inTenant records that RequireTenant has admitted the request.
func (g *Guard) inTenant(r *http.Request, tenant string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), tenantKey{g}, tenant))
}

func (g *Guard) tenantOf(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{g}).(string)
	return tenant
}
