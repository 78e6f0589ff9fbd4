package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// An Introspection is what the provider says about a token (RFC 7662 section 2.2). When it is not Active, nothing else is
// filled in.
type Introspection struct {
	Active    bool
	Issuer    string
	Subject   string
	ClientID  string
	Username  string
	Audience  []string
	Scopes    []string
	TokenType string
	Expiry    time.Time // zero if the provider did not say
}

// Introspect asks the provider about an access or refresh token (RFC 7662).
func (o *OIDC) Introspect(ctx context.Context, token string) (Introspection, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return Introspection{}, err
	}
	info, _, err := o.askAbout(ctx, m, url.Values{"token": {token}})
	return info, err
}

// introspect asks about what should be an access token. It also returns the whole response.
func (o *OIDC) introspect(ctx context.Context, m *metadata, token string) (Introspection, document, error) {
	return o.askAbout(ctx, m, url.Values{"token": {token}, "token_type_hint": {"access_token"}})
}

func (o *OIDC) askAbout(ctx context.Context, m *metadata, form url.Values) (Introspection, document, error) {
	if m.IntrospectionEndpoint == "" {
		return Introspection{}, document{}, errors.New("provider: the provider offers no introspection")
	}
	a, err := o.post(ctx, m, m.IntrospectionEndpoint, form)
	if err != nil {
		return Introspection{}, document{}, asUnavailable(FaultToken, err)
	}
	if a.status != http.StatusOK {
		return Introspection{}, document{}, oauthError(FaultToken, a, []string{form.Get("token")})
	}
	info, d, err := readIntrospection(a, &o.notes)
	if err != nil {
		return Introspection{}, document{}, &Error{Fault: FaultToken, Err: err}
	}
	return info, d, nil
}

// readIntrospection reads the answer. Exactly true makes a token active, and nothing else.
func readIntrospection(a answer, n *notes) (Introspection, document, error) {
	members := append([]string{"active", "iss", "sub", "aud", "exp", "nbf", "token_type"}, tokenMembers...)
	d, err := a.read(newSchema("introspection answer", members...), n)
	if err != nil || string(d.claims["active"]) != "true" {
		return Introspection{}, d, err
	}
	info := Introspection{Active: true, ClientID: d.display("client_id"), Username: d.display("username"), TokenType: d.display("token_type")}
	var issErr, subErr, audErr, expErr, scopeErr error
	var scopes string
	info.Issuer, issErr = d.text("iss")
	info.Subject, subErr = d.text("sub")
	info.Audience, audErr = d.texts("aud")
	info.Expiry, expErr = d.time("exp")
	scopes, scopeErr = d.text("scope")
	if err := errors.Join(issErr, subErr, audErr, expErr, scopeErr); err != nil {
		return Introspection{}, d, err
	}
	if info.Subject != "" {
		err = checkIdentifier("sub", info.Subject)
	}
	info.Scopes = keptScopes(scopes)
	return info, d, err
}
