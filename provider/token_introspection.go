package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// An Introspection is the provider's response about a token (RFC 7662 section 2.2). If Active is
// false, all other fields are empty.
type Introspection struct {
	Active    bool
	Issuer    string
	Subject   string
	ClientID  string
	Username  string
	Audience  []string
	Scopes    []string
	TokenType string
	Expiry    time.Time // zero if unknown
}

// Introspect asks the provider whether an access or refresh token is active (RFC 7662).
func (g Grants) Introspect(ctx context.Context, token string) (Introspection, error) {
	e, err := g.endpoint(ctx)
	if err != nil {
		return Introspection{}, err
	}
	info, _, err := e.introspect(ctx, url.Values{"token": {token}})
	return info, err
}

// introspect sends the form of an introspection request. It also returns the whole response.
func (e *tokenEndpoint) introspect(
	ctx context.Context, form url.Values,
) (Introspection, document, error) {
	if e.endpoints.Introspection == "" {
		return Introspection{}, document{}, notOffered("introspection", "Introspection")
	}
	a, err := e.post(ctx, e.endpoints.Introspection, form)
	if err != nil {
		return Introspection{}, document{}, asUnavailable(faultToken, err)
	}
	if a.status != http.StatusOK {
		err := e.dialect.refused(faultToken, a, nil, []string{form.Get("token")})
		return Introspection{}, document{}, err
	}
	info, d, err := readIntrospection(a, e.notes)
	if err != nil {
		return Introspection{}, document{}, &Error{Fault: faultToken, Err: err}
	}
	return info, d, nil
}

// readIntrospection reads the response. A token is active only if "active" is the literal true.
func readIntrospection(a answer, n *notes) (Introspection, document, error) {
	members := append([]string{"active", "iss", "sub", "aud", "exp", "nbf", "token_type"},
		tokenMembers...)
	d, err := a.read(newSchema("introspection response", members...), n)
	if err != nil || string(d.claims["active"]) != "true" {
		return Introspection{}, d, err
	}
	info := Introspection{Active: true, ClientID: d.display("client_id"),
		Username: d.display("username"), TokenType: d.display("token_type")}
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
