package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// The values of OIDC.UserInfo.
const (
	userInfoWhenNeeded = "when_needed" // the ID token lacks what the scopes promise
	userInfoAlways     = "always"
	userInfoNever      = "never"
)

// UserInfoURL returns the URL of the provider's userinfo endpoint, for an application that fetches
// the user's current profile with Guard.Client. It returns "" if the provider has none.
func (o *OIDC) UserInfoURL(ctx context.Context) (string, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return "", err
	}
	return m.UserInfoEndpoint, nil
}

// userInfo returns the claims from the userinfo endpoint for a login.
func (o *OIDC) userInfo(
	ctx context.Context, m *metadata, f *Flow, t *idToken, accessToken string,
) (document, error) {
	info, err := o.fetchUserInfo(ctx, m, f, t, accessToken)
	return info, o.unlessNeeded(err)
}

// unlessNeeded drops the error of an endpoint that rejects this client, unless userinfo is
// required: the ID token is sufficient for a login.
func (o *OIDC) unlessNeeded(err error) error {
	if !errors.Is(err, errNoUserInfo) || o.UserInfo == userInfoAlways {
		return err
	}
	o.notes.add("userinfo", fmt.Sprintf("claims that ID tokens lack are missing: %v", err))
	return nil
}

// fetchUserInfo fetches the claims from the userinfo endpoint (OpenID Connect Core section 5.3), if
// they are needed, else none. A response about another user is an error.
func (o *OIDC) fetchUserInfo(
	ctx context.Context, m *metadata, f *Flow, t *idToken, accessToken string,
) (document, error) {
	if m.UserInfoEndpoint == "" || !o.wantsUserInfo(f, t) {
		return document{}, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.UserInfoEndpoint, nil)
	if err != nil {
		return document{}, userInfoFault(errors.New("bad address"))
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	a, err := o.outbound().fetchProfile(req, "userinfo")
	if statusOf(err) >= 400 && !a.busy() {
		err = userInfoFault(fmt.Errorf("%w: %w", errNoUserInfo, err))
	}
	if err != nil {
		return document{}, err
	}
	info, err := o.readUserInfo(ctx, m, a)
	if err != nil {
		return document{}, err
	}
	switch sub, err := info.text("sub"); {
	case err != nil || sub == "":
		return document{}, userInfoFault(errors.New("sub is missing"))
	case sub != t.subject:
		return document{}, userInfoFault(errOtherSubject)
	}
	return info, nil
}

var (
	errNoUserInfo   = errors.New("the endpoint does not accept the access token")
	errOtherSubject = errors.New("sub is not that of the ID token")
)

func userInfoFault(err error) error { return &Error{Fault: FaultUserInfo, Err: err} }

// readUserInfo reads the response, which may be signed (OpenID Connect Core section 5.3.2).
func (o *OIDC) readUserInfo(ctx context.Context, m *metadata, a answer) (document, error) {
	switch {
	case a.media == "application/jwt":
		return o.verifyUserInfo(ctx, m, string(a.body))
	case !a.isJSON():
		err := errors.New("the response is neither application/json nor application/jwt")
		return document{}, userInfoFault(err)
	}
	info, err := userInfoSchema.read(a.body, &o.notes)
	if err != nil {
		return document{}, userInfoFault(err)
	}
	return info, nil
}

var (
	userInfoSchema       = newSchema("userinfo", "sub")
	signedUserInfoSchema = newSchema("userinfo", everyToken...)
)

// The values of typ in signed userinfo.
var userInfoTypes = []string{"", "jwt"}

// verifyUserInfo verifies a signed response like an ID token. It comes directly from the endpoint,
// for this access token, so iss, aud and exp may be missing.
func (o *OIDC) verifyUserInfo(ctx context.Context, m *metadata, raw string) (document, error) {
	present := func(name string, check func(*idToken) error) func(*idToken) error {
		return func(t *idToken) error {
			if !t.named(name) {
				return nil
			}
			return check(t)
		}
	}
	t, err := o.verifyJWT(ctx, m, raw, jwtKind{
		fault: FaultUserInfo, limit: maxDirect, types: userInfoTypes, algs: m.userInfoAlgs,
		schema: o.configured(signedUserInfoSchema),
		claims: []func(*idToken) error{
			present("iss", o.checkIssuer(ctx)), present("aud", o.checkAudience),
			present("exp", o.checkEnd), readRest,
		},
	})
	if err != nil {
		return document{}, err
	}
	return t.document, nil
}

func (o *OIDC) wantsUserInfo(f *Flow, t *idToken) bool {
	switch o.UserInfo {
	case userInfoAlways:
		return true
	case userInfoNever:
		return false
	}
	scopes := o.scopes(f.Request.Scopes)
	lacksProfile := !t.has("name") && !t.has("preferred_username")
	return slices.Contains(scopes, "profile") && lacksProfile ||
		slices.Contains(scopes, "email") && o.lacksEmail(t)
}

func (o *OIDC) lacksEmail(t *idToken) bool {
	if o.UserFields.Email != "" {
		return t.shown(o.UserFields.Email) == ""
	}
	return !t.has("email")
}

// protocolClaims describe the authentication or the token. They are accepted from the ID token
// only.
var protocolClaims = []string{
	"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash",
	"auth_time", "acr", "amr", "sid", "session_expiry",
}

// merge adds the userinfo claims to those of the ID token, which take precedence. The email address
// and the flags that verify it come from the same source; if the two sources have different
// addresses, it is unverified.
func merge(token, info document, flags []string) (document, error) {
	merged := document{
		claims: claims{}, unsure: map[string]bool{}, about: "claims", notes: token.notes,
	}
	maps.Copy(merged.unsure, token.unsure)
	maps.Copy(merged.unsure, info.unsure)
	apart := slices.Concat(protocolClaims, flags, []string{"email"})
	for name, value := range info.claims {
		if !slices.Contains(apart, name) {
			merged.claims[name] = value
		}
	}
	for name, value := range token.claims {
		if token.has(name) || !merged.has(name) {
			merged.claims[name] = value
		}
	}
	for _, flag := range flags {
		mergeEmail(merged.claims, token, info, flag)
	}
	var err error
	merged.raw, err = json.Marshal(merged.claims)
	return merged, err
}

// with adds claims that are missing.
func (d document) with(more claims) document {
	if len(more) > 0 {
		all := maps.Clone(more)
		maps.Copy(all, d.claims)
		d.claims = all
	}
	return d
}

func mergeEmail(merged claims, token, info document, flag string) {
	own, other := token.display("email"), info.display("email")
	switch {
	case other == "":
		if own == "" {
			delete(merged, flag)
		}
	case own == "" || own == other && !token.has(flag):
		merged["email"] = info.claims["email"]
		delete(merged, flag)
		if info.has(flag) {
			merged[flag] = info.claims[flag]
		}
	case own != other:
		delete(merged, flag)
	}
}
