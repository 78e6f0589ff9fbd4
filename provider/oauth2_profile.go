package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// fetchProfile fetches the profile documents with the access token that was just issued, and adds them to what the token
// endpoint said.
func (o *OAuth2) fetchProfile(ctx context.Context, t session.Tokens, p Profile) (Profile, error) {
	if o.Endpoints.UserInfo != "" {
		var err error
		if p.User, err = o.fetch(ctx, cmp.Or(o.UserMethod, http.MethodGet), o.Endpoints.UserInfo, o.UserFields.schema(), t, p); err != nil {
			return Profile{}, err
		}
	}
	for _, d := range o.More {
		schema := &schema{document: "document " + d.Name, single: true} // nobody here knows what MapUser looks for
		document, err := o.fetch(ctx, http.MethodGet, d.URL, schema, t, p)
		switch {
		case err == nil:
			p.More[d.Name] = document
		case d.Optional && errors.Is(err, errNotPermitted):
		default:
			return Profile{}, err
		}
	}
	return p, nil
}

var errNotPermitted = errors.New("the token does not open it, or there is none")

// fetch fetches one document. It may have any Content-Type, because nothing but JSON passes, and nothing of it is
// shown anywhere.
func (o *OAuth2) fetch(ctx context.Context, method, address string, schema *schema, t session.Tokens, p Profile) (json.RawMessage, error) {
	fault := func(err error) error { return &Error{Fault: FaultUserInfo, Err: err} }
	u, err := o.apiAddress(address)
	if err != nil {
		return nil, fault(err)
	}
	name := where(u) // as configured: PrepareAPI may put the token anywhere
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, fault(errors.New("bad address"))
	}
	if err := o.carry(req, t, p); err != nil {
		return nil, fault(err)
	}
	if o.outbound().checkEndpoint("the address", req.URL.String()) != nil {
		return nil, fault(fmt.Errorf("%s: PrepareAPI made it an address that must not be used", name))
	}
	a, err := o.outbound().fetchProfile(req, name)
	switch statusOf(err) {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		err = fault(fmt.Errorf("%w: %w", err, errNotPermitted))
	}
	if err != nil {
		return nil, err
	}
	clean, err := schema.clean(a.body, true, &o.notes)
	if err != nil {
		return nil, fault(fmt.Errorf("%s: %w", name, err))
	}
	return clean.raw(), nil
}

// carry puts the access token into a request to the API.
func (o *OAuth2) carry(r *http.Request, t session.Tokens, p Profile) error {
	addHeader(r, o.Header)
	name, scheme := cmp.Or(o.TokenHeader, "Authorization"), o.TokenScheme
	if o.TokenHeader == "" {
		scheme = cmp.Or(scheme, "Bearer")
	}
	value := t.AccessToken
	if scheme != "" {
		value = scheme + " " + value
	}
	r.Header.Set(name, value)
	if o.PrepareAPI == nil {
		return nil
	}
	if err := recovered.Call(func() error { return o.PrepareAPI(r, t, p) }); err != nil {
		return fmt.Errorf("PrepareAPI: %w", err)
	}
	return nil
}

// Client implements [Provider]. Requests carry the access token as TokenHeader, TokenScheme and PrepareAPI say, so the
// client is for the API that the token is meant for. Addresses may be relative to APIBase. It does not follow redirects to
// another origin, which would hand the token on.
func (o *OAuth2) Client(_ context.Context, t session.Tokens) *http.Client {
	return o.outbound().apiClient(o.APIBase, func(r *http.Request) error { return o.carry(r, t, Profile{}) })
}

// session puts together what the caller keeps. The claims of the session are the profile document; the answer of the token
// endpoint never is, because of the tokens in it.
func (o *OAuth2) session(p Profile, t session.Tokens) (*session.Session, error) {
	u, err := p.user(o.issuer(), o.UserFields, o.EmailTrust, &o.notes)
	if err != nil {
		return nil, err
	}
	s := &session.Session{User: u}
	if p.User != nil {
		if err := s.SetClaims(o.keptClaims(p.User)); err != nil {
			return nil, &Error{Fault: FaultUserInfo, Err: err}
		}
	}
	if o.MapUser != nil {
		if err := mapUser(&s.User, o.EmailTrust, func(u *session.User) error { return o.MapUser(p, u) }); err != nil {
			return nil, err
		}
	}
	s.SetTokens(t)
	return s, nil
}

// keptClaims is the profile document without what is not to be in the session's claims.
func (o *OAuth2) keptClaims(profile json.RawMessage) json.RawMessage {
	var c claims
	if len(o.OmitClaims) == 0 || json.Unmarshal(profile, &c) != nil {
		return profile
	}
	for _, name := range o.OmitClaims {
		delete(c, name)
	}
	rest, _ := json.Marshal(c) // what was JSON still is
	return rest
}
