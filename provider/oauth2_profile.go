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

// fetchProfile fetches the profile documents with the access token that was just issued, and adds
// them to the token response.
func (o *OAuth2) fetchProfile(ctx context.Context, t session.Tokens, p Profile) (Profile, error) {
	if o.Endpoints.UserInfo != "" {
		var err error
		if p.User, err = o.fetch(ctx, cmp.Or(o.UserMethod, http.MethodGet), o.Endpoints.UserInfo,
			o.UserFields.schema(), t, p); err != nil {
			return Profile{}, err
		}
	}
	for _, d := range o.More {
		// MapUser may read any member
		schema := &schema{document: "document " + d.Name, single: true}
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

var errNotPermitted = errors.New("the access token gives no access to it, or it does not exist")

// fetch fetches one document. Its Content-Type is ignored: it must be JSON, and is never displayed.
func (o *OAuth2) fetch(ctx context.Context, method, address string, schema *schema,
	t session.Tokens, p Profile) (json.RawMessage, error) {
	fault := func(err error) error { return &Error{Fault: FaultUserInfo, Err: err} }
	u, err := o.apiAddress(address)
	if err != nil {
		return nil, fault(err)
	}
	name := where(u) // the configured one: PrepareAPI may add the token
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, fault(errors.New("bad address"))
	}
	if err := o.carry(req, t, p); err != nil {
		return nil, fault(err)
	}
	if o.outbound().checkEndpoint("the address", req.URL.String()) != nil {
		return nil, fault(fmt.Errorf("%s: PrepareAPI set a URL that must not be used", name))
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

// carry adds the access token to a request to the API.
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

// Client implements [Provider]. It sends the access token in every request, as set by TokenHeader,
// TokenScheme and PrepareAPI, so use it only for the API that the token was issued for. URLs may be
// relative to APIBase. It does not follow redirects to another origin, which would leak the token.
func (o *OAuth2) Client(_ context.Context, t session.Tokens) *http.Client {
	return o.outbound().apiClient(o.APIBase, func(r *http.Request) error {
		return o.carry(r, t, Profile{})
	})
}

// session returns the session of a login. Its claims are the profile document, never the token
// response, which contains tokens.
func (o *OAuth2) session(p Profile, t session.Tokens) (*session.Session, error) {
	u, err := p.user(o.issuer(), o.UserFields, o.EmailTrust, &o.notes)
	if err != nil {
		return nil, err
	}
	if err := checkIdentifier("the user's ID", u.Subject); err != nil {
		return nil, userInfoFault(err) // UserFields.ID is not set, and Validate was not called
	}
	s := &session.Session{User: u}
	if p.User != nil {
		if err := s.SetClaims(o.keptClaims(p.User)); err != nil {
			return nil, &Error{Fault: FaultUserInfo, Err: err}
		}
	}
	if o.MapUser != nil {
		if err := mapUser(&s.User, o.EmailTrust, func(u *session.User) error {
			return o.MapUser(p, u)
		}); err != nil {
			return nil, err
		}
	}
	s.SetTokens(t)
	return s, nil
}

// keptClaims returns the profile document without OmitClaims.
func (o *OAuth2) keptClaims(profile json.RawMessage) json.RawMessage {
	var c claims
	if len(o.OmitClaims) == 0 || json.Unmarshal(profile, &c) != nil {
		return profile
	}
	for _, name := range o.OmitClaims {
		delete(c, name)
	}
	rest, _ := json.Marshal(c) // JSON always marshals
	return rest
}
