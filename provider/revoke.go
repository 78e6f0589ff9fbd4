package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/session"
)

// Revoke implements [Revoker] (RFC 7009). The refresh token goes first: most providers take the access tokens that came
// from it back as well, but not all do. A provider without a revocation endpoint is no error.
func (o *OIDC) Revoke(ctx context.Context, t session.Tokens) error {
	m, err := o.metadata(ctx)
	if err != nil || m.RevocationEndpoint == "" {
		return err
	}
	for _, token := range []struct{ hint, value string }{{"refresh_token", t.RefreshToken}, {"access_token", t.AccessToken}} {
		if token.value == "" {
			continue
		}
		a, err := o.post(ctx, m, m.RevocationEndpoint, url.Values{"token": {token.value}, "token_type_hint": {token.hint}})
		if err != nil {
			return asUnavailable(FaultRefused, err)
		}
		if a.status != http.StatusOK {
			return &Error{Fault: FaultRefused, Err: fmt.Errorf("revocation: status %d", a.status)}
		}
	}
	return nil
}
