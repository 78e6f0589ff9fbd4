package provider

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sallyport-go/sallyport/session"
)

// Revoke implements [Revoker] (RFC 7009). A provider without a revocation endpoint is no error.
func (o *OIDC) Revoke(ctx context.Context, t session.Tokens) error {
	m, err := o.metadata(ctx)
	if err != nil || m.RevocationEndpoint == "" {
		return err
	}
	for _, params := range new(Revocation).revocations(t) {
		a, err := o.post(ctx, m, m.RevocationEndpoint, params)
		if err != nil {
			return asUnavailable(FaultRefused, err)
		}
		if a.status != http.StatusOK {
			return &Error{Fault: FaultRefused, Err: fmt.Errorf("revocation: status %d", a.status)}
		}
	}
	return nil
}
