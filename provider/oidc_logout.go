package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

const (
	// maxHint is the longest id_token_hint in a URL, because servers reject long request lines.
	// Instead of a longer one only client_id is sent.
	maxHint = 4096
	// maxUserHint bounds logout_hint in the same way.
	maxUserHint = 512
	// logoutPatience is how long a logout waits for metadata.
	logoutPatience = 2 * time.Second

	defaultLogoutHint = "login_hint"
)

// EndSessionURL implements [SessionEnder] (OpenID Connect RP-Initiated Logout 1.0 section 2).
func (o *OIDC) EndSessionURL(ctx context.Context, l EndSession) string {
	if o.VendorLogout != nil && !o.VendorLogout.WhenMissing {
		return o.VendorLogout.address(o.ClientID, l.ReturnURL)
	}
	endpoint := o.endSessionEndpoint(ctx)
	switch {
	case endpoint == "" && o.VendorLogout != nil:
		return o.VendorLogout.address(o.ClientID, l.ReturnURL)
	case endpoint == "":
		return ""
	}
	params := url.Values{"client_id": {o.ClientID}}
	if l.ReturnURL != "" {
		params.Set("post_logout_redirect_uri", l.ReturnURL)
		params.Set("state", l.State)
	}
	if l.IDToken != "" && len(l.IDToken) <= maxHint {
		params.Set("id_token_hint", l.IDToken)
	}
	if hint := o.logoutHint(l); hint != "" && len(hint) <= maxUserHint {
		params.Set("logout_hint", hint)
	}
	address, err := withParams(endpoint, params)
	if err != nil {
		return ""
	}
	return address
}

// endSessionEndpoint uses the known metadata of any age. If there is none yet, it is fetched,
// unless a fetch failed recently.
func (o *OIDC) endSessionEndpoint(ctx context.Context) string {
	if k := o.discovery.current.Load(); k != nil {
		return k.metadata.EndSessionEndpoint
	}
	ctx, cancel := context.WithTimeout(ctx, logoutPatience)
	defer cancel()
	m, err := o.metadata(ctx)
	if err != nil {
		return ""
	}
	return m.EndSessionEndpoint
}

// logoutHint returns the logout_hint, so that a provider with several signed-in users need not ask.
func (o *OIDC) logoutHint(l EndSession) string {
	if l.Hint != "" {
		return l.Hint
	}
	var c claims
	if json.Unmarshal(l.Claims, &c) != nil {
		return ""
	}
	return c.display(cmp.Or(o.LogoutHintClaim, defaultLogoutHint))
}

// logoutOrigins returns the origins of the issuer and of the end session endpoint.
func (o *OIDC) logoutOrigins() []string {
	addresses := []string{o.Issuer, o.Endpoints.EndSession}
	if k := o.discovery.current.Load(); k != nil {
		addresses = append(addresses, k.metadata.EndSessionEndpoint)
	}
	if o.VendorLogout != nil {
		addresses = append(addresses, o.VendorLogout.URL)
	}
	origins := []string{}
	for _, address := range addresses {
		if origin := originOf(address); origin != "" && !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// A VendorLogout is a proprietary logout, for providers without OpenID Connect RP-Initiated Logout:
// Auth0 without its end_session_endpoint (with "?federated" to also sign out of the identity
// provider behind it), and Amazon Cognito.
//
//	&provider.VendorLogout{URL: "https://tenant.eu.auth0.com/v2/logout", ReturnParam: "returnTo"}
//	&provider.VendorLogout{
//		URL:         "https://pool.auth.eu-west-1.amazoncognito.com/logout",
//		ReturnParam: "logout_uri",
//	}
//
// The request has the client_id, but nothing about the user. The return URL, which must be
// registered at the provider, is the base URL with Prefix + "/logged-out", as for other providers;
// but state is not returned, so the user stays on that page.
type VendorLogout struct {
	URL         string // of the vendor's logout; may have a query
	ReturnParam string // name of the parameter for the return URL

	// WhenMissing uses this logout only if the metadata has no end_session_endpoint, for vendors
	// where it is optional. Default: this logout is always used.
	WhenMissing bool
}

// address returns the URL to redirect the browser to.
func (v *VendorLogout) address(clientID, returnURL string) string {
	params := url.Values{"client_id": {clientID}}
	if returnURL != "" {
		params.Set(v.ReturnParam, returnURL)
	}
	address, err := withParams(v.URL, params)
	if err != nil {
		return ""
	}
	return address
}

func (v *VendorLogout) check(out outbound) error {
	if v == nil {
		return nil
	}
	if err := out.checkEndpoint("VendorLogout.URL", v.URL); err != nil {
		return err
	}
	if !validScope(v.ReturnParam) || v.ReturnParam == "client_id" {
		const hint = "%q is not the name of a parameter, such as returnTo or logout_uri"
		return wrongField("VendorLogout.ReturnParam", hint, v.ReturnParam)
	}
	if v.address("c", "r") == "" {
		return wrongField("VendorLogout.URL",
			"must not have the parameters client_id or ReturnParam: the library sets them")
	}
	return nil
}

const (
	// maxLogoutAge is the maximum age of a logout token, regardless of exp: its ID must be
	// remembered for that long (OpenID Connect Back-Channel Logout 1.0 section 4 recommends a
	// lifetime of two minutes).
	maxLogoutAge = time.Hour
	// maxTokenID bounds jti.
	maxTokenID = 1024

	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// The values of typ. Earlier drafts had none; tokens without it are distinguished from other kinds
// by their claims. StrictLogoutTokens requires it.
var (
	logoutTokenTypes  = []string{"", "jwt", "logout+jwt"}
	strictLogoutTypes = []string{"logout+jwt"}
)

// VerifyLogoutToken implements [LogoutVerifier] (OpenID Connect Back-Channel Logout 1.0 section
// 2.6). For an invalid token the error is an *[Error] with [FaultLogoutToken].
func (o *OIDC) VerifyLogoutToken(ctx context.Context, raw string) (*LogoutToken, error) {
	// The request is unauthenticated: a malformed token must not cause a request to the provider.
	if _, err := readHeader(raw, maxStranger); err != nil {
		return nil, &Error{Fault: FaultLogoutToken, Err: err}
	}
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, err
	}
	t, err := o.verifyJWT(ctx, m, raw, o.logoutKind(ctx))
	if err != nil {
		return nil, err
	}
	return &LogoutToken{Issuer: t.issuer, Subject: t.subject, SID: t.sid, ID: t.id,
		IssuedAt: t.issued, Until: o.acceptedUntil(t)}, nil
}

// logoutSchema is strict for all members: logout tokens are unauthenticated, and none of their
// claims is for display.
var logoutSchema = func() *schema {
	s := newSchema("logout token", everyToken...).with("jti", "sid")
	s.final = true
	return s
}()

func (o *OIDC) logoutKind(ctx context.Context) jwtKind {
	schema := o.configured(logoutSchema)
	kind := jwtKind{
		fault: FaultLogoutToken, limit: maxStranger, budget: fromLogout, types: logoutTokenTypes,
		schema: schema,
		claims: []func(*idToken) error{
			schema.checkNoNull, o.checkIssuer(ctx), o.checkAudience, o.checkLogoutTimes,
			checkLogoutEvent, checkNoNonce, checkTokenID, checkWhoLeft,
		},
	}
	if o.StrictLogoutTokens {
		kind.types = strictLogoutTypes
	}
	return kind
}

// checkNoNull rejects a token with a null in a member of the schema.
func (s *schema) checkNoNull(t *idToken) error {
	for name := range s.members {
		if t.named(name) && !t.has(name) {
			return fmt.Errorf("%s is null", name)
		}
	}
	return nil
}

// checkLogoutTimes permits a missing exp, as in earlier drafts, because iat also bounds the age.
func (o *OIDC) checkLogoutTimes(t *idToken) error {
	if o.StrictLogoutTokens || t.claims.named("exp") {
		if err := o.checkEnd(t); err != nil {
			return err
		}
	}
	if err := o.checkBegin(t); err != nil {
		return err
	}
	if o.now().Sub(t.issued) > maxLogoutAge {
		return errors.New("iat is too long ago; if the token is new, compare the clocks")
	}
	return nil
}

// acceptedUntil returns when a verified token expires, including leeway.
func (o *OIDC) acceptedUntil(t *idToken) time.Time {
	until := t.issued.Add(maxLogoutAge)
	if exp, err := t.claims.time("exp"); err == nil && t.claims.has("exp") &&
		exp.Add(o.leeway()).Before(until) {
		until = exp.Add(o.leeway())
	}
	return until
}

// checkLogoutEvent checks the event that distinguishes logout tokens from other kinds.
func checkLogoutEvent(t *idToken) error {
	var events, event claims
	_ = json.Unmarshal(t.claims["events"], &events) // only an object has members
	if json.Unmarshal(events[logoutEvent], &event) != nil || event == nil {
		return errors.New("events is not an object with the logout event, which is an object")
	}
	return nil
}

// checkNoNonce rejects ID tokens: any nonce is forbidden.
func checkNoNonce(t *idToken) error {
	if t.claims.named("nonce") {
		return errors.New("a token with a nonce is not a logout token")
	}
	return nil
}

func checkTokenID(t *idToken) (err error) {
	t.id, err = t.claims.text("jti")
	switch {
	case err != nil:
		return err
	case t.id == "":
		return errors.New("jti is missing or empty")
	case len(t.id) > maxTokenID:
		return errors.New("jti is too long")
	}
	return nil
}

// checkWhoLeft reads sub and sid: one must be present, and neither may be empty, which could mean
// all users.
func checkWhoLeft(t *idToken) (err error) {
	if !t.claims.named("sub") && !t.claims.named("sid") {
		return errors.New("sub and sid are both missing")
	}
	if t.claims.named("sub") {
		if err := checkSubject(t); err != nil {
			return err
		}
	}
	t.sid, err = t.claims.text("sid")
	if err == nil && t.claims.named("sid") && t.sid == "" {
		err = errors.New("sid is empty")
	}
	return err
}
