package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// UserInfoURL returns the address of the provider's userinfo endpoint, for an application that asks for the user's current
// profile with Guard.Client. It is empty when the provider has none.
func (o *OIDC) UserInfoURL(ctx context.Context) (string, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return "", err
	}
	return m.UserInfoEndpoint, nil
}

// userInfo fetches the claims of the userinfo endpoint (OpenID Connect Core section 5.3), if they are needed. It
// returns nil when they are not. An answer about anybody else fails the login.
func (o *OIDC) userInfo(ctx context.Context, m *metadata, f *Flow, t *idToken, accessToken string) (claims, error) {
	if m.UserInfoEndpoint == "" || !o.wantsUserInfo(f, t) {
		return nil, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.UserInfoEndpoint, nil)
	if err != nil {
		return nil, &Error{Fault: FaultUserInfo, Err: errors.New("bad address")}
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	a, err := do(o.outbound().client(never), req)
	if err != nil {
		return nil, asUnavailable(FaultUserInfo, err)
	}
	switch {
	case a.status >= 500:
		return nil, &unavailable{err: fmt.Errorf("userinfo: status %d", a.status)}
	case a.status != http.StatusOK:
		return nil, &Error{Fault: FaultUserInfo, Err: fmt.Errorf("status %d", a.status)}
	case !a.isJSON():
		return nil, &Error{Fault: FaultUserInfo, Err: errors.New("the answer is not application/json")}
	}
	info, err := parseClaims(a.body)
	if err != nil {
		return nil, &Error{Fault: FaultUserInfo, Err: err}
	}
	sub, err := info.text("sub")
	if err != nil || sub != t.subject {
		return nil, &Error{Fault: FaultUserInfo, Err: errors.New("sub is missing or not that of the ID token")}
	}
	return info, nil
}

func (o *OIDC) wantsUserInfo(f *Flow, t *idToken) bool {
	switch o.UserInfo {
	case UserInfoAlways:
		return true
	case UserInfoNever:
		return false
	}
	scopes := o.scopes(f.Request.Scopes)
	lacksProfile := !t.claims.has("name") && !t.claims.has("preferred_username")
	return slices.Contains(scopes, "profile") && lacksProfile ||
		slices.Contains(scopes, "email") && o.lacksEmail(t)
}

func (o *OIDC) lacksEmail(t *idToken) bool {
	if o.UserFields.Email != "" {
		return t.claims.shown(o.UserFields.Email) == ""
	}
	return !t.claims.has("email")
}

// protocolClaims describe the sign-in or the token. They count only where they are signed.
var protocolClaims = []string{
	"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash", "auth_time", "acr", "amr", "sid",
	"session_expiry",
}

// merge adds the userinfo claims to those of the ID token, which win. An e-mail address and whether it is verified, the flags,
// come from one source; where the two sources disagree about the address, it counts as unverified.
func merge(token, info claims, flags []string) claims {
	merged := claims{}
	for name, value := range info {
		if !slices.Contains(protocolClaims, name) && name != "email" && !slices.Contains(flags, name) {
			merged[name] = value
		}
	}
	for name, value := range token {
		merged[name] = value
	}
	for _, flag := range flags {
		mergeEmail(merged, token, info, flag)
	}
	return merged
}

func mergeEmail(merged, token, info claims, flag string) {
	own, other := token.display("email"), info.display("email")
	switch {
	case other == "":
		if own == "" {
			delete(merged, flag)
		}
	case own == "" || own == other && !token.has(flag):
		merged["email"] = info["email"]
		delete(merged, flag)
		if info.has(flag) {
			merged[flag] = info[flag]
		}
	case own != other:
		delete(merged, flag)
	}
}
