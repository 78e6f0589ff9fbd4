package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
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
	if m.IntrospectionEndpoint == "" {
		return Introspection{}, errors.New("provider: the provider offers no introspection")
	}
	a, err := o.post(ctx, m, m.IntrospectionEndpoint, url.Values{"token": {token}})
	if err != nil {
		return Introspection{}, asUnavailable(FaultToken, err)
	}
	if a.status != http.StatusOK {
		return Introspection{}, oauthError(FaultToken, a, []string{token})
	}
	if !a.isJSON() {
		return Introspection{}, &Error{Fault: FaultToken, Err: errors.New("the answer is not application/json")}
	}
	c, err := parseClaims(a.body)
	if err == nil && string(c["active"]) != "true" {
		return Introspection{}, nil // exactly true counts, and nothing else
	}
	info, err := readIntrospection(c, err)
	if err != nil {
		return Introspection{}, &Error{Fault: FaultToken, Err: err}
	}
	return info, nil
}

func readIntrospection(c claims, err error) (Introspection, error) {
	if err != nil {
		return Introspection{}, err
	}
	info := Introspection{
		Active: true, Issuer: c.display("iss"), Subject: c.display("sub"), ClientID: c.display("client_id"), Username: c.display("username"),
		TokenType: c.display("token_type"), Scopes: strings.Fields(c.display("scope")),
	}
	if info.Audience, err = c.texts("aud"); err != nil {
		return Introspection{}, err
	}
	info.Expiry, err = c.time("exp")
	return info, err
}
