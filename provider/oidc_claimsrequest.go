package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A claimsRequest is what the claims parameter (OpenID Connect Core section 5.5) requires of the
// sign-in. Providers may ignore it, as they may acr_values, so only the ID token proves it.
type claimsRequest struct {
	acr, subject          []string // one of these; empty for any
	acrNeeded, timeNeeded bool     // essential
}

// decisive are the claims in a request that say how, when or as whom the user signs in.
var decisive = []string{"acr", "auth_time", "max_age", "sub"}

var claimsSchema = func() *schema {
	s := newSchema("claims parameter", "id_token", "userinfo")
	for _, member := range []string{"id_token", "userinfo"} {
		for _, name := range decisive {
			s.member(member).member(name).final = true
		}
	}
	return s
}()

// requestedClaims reads the claims parameter of a login, or of the configuration.
func (o *OIDC) requestedClaims(f *Flow) (claimsRequest, error) {
	if f.Request.Params.Has("claims") {
		return readClaimsRequest(f.Request.Params.Get("claims"))
	}
	return readClaimsRequest(o.AuthParams.Get("claims"))
}

// readClaimsRequest reads the claims parameter. Its errors start with its name.
func readClaimsRequest(text string) (claimsRequest, error) {
	if text == "" {
		return claimsRequest{}, nil
	}
	wrong := func(err error) (claimsRequest, error) {
		return claimsRequest{}, fmt.Errorf(`"claims": %w`, err)
	}
	d, err := claimsSchema.read([]byte(text), nil)
	if err != nil {
		return wrong(err)
	}
	fromUserInfo, err := membersOf(d.claims, "userinfo")
	if err != nil {
		return wrong(err)
	}
	for _, name := range decisive {
		if fromUserInfo.has(name) {
			return wrong(fmt.Errorf("%s must be requested from the ID token", name))
		}
	}
	inToken, err := membersOf(d.claims, "id_token")
	if err != nil {
		return wrong(err)
	}
	requested, err := readTokenClaims(inToken)
	if err != nil {
		return wrong(err)
	}
	return requested, nil
}

// readTokenClaims reads the requests for claims of the ID token.
func readTokenClaims(c claims) (r claimsRequest, err error) {
	if c.named("max_age") {
		return r, errors.New("max_age is not a claim: set Request.MaxAge")
	}
	if r.acr, r.acrNeeded, err = readClaim(c, "acr"); err != nil {
		return r, err
	}
	if r.subject, _, err = readClaim(c, "sub"); err != nil {
		return r, err
	}
	auth, err := membersOf(c, "auth_time")
	if err != nil {
		return r, err
	}
	for name := range auth {
		if name != "essential" {
			return r, fmt.Errorf("auth_time with %s cannot be verified: set Request.MaxAge",
				printable(name))
		}
	}
	_, r.timeNeeded, err = readClaim(c, "auth_time")
	return r, err
}

// readClaim reads one claim of a request: null, or an object (section 5.5.1).
func readClaim(c claims, name string) (values []string, essential bool, err error) {
	request, err := membersOf(c, name)
	if err != nil {
		return nil, false, err
	}
	if request.has("essential") &&
		json.Unmarshal(request["essential"], &essential) != nil {
		return nil, false, fmt.Errorf("essential of %s is not true or false", name)
	}
	if request.named("values") {
		if json.Unmarshal(request["values"], &values) != nil || len(values) == 0 {
			return nil, false, fmt.Errorf("values of %s is not a list of texts", name)
		}
	}
	if request.named("value") {
		value, err := request.text("value")
		if err != nil || value == "" || values != nil {
			return nil, false, fmt.Errorf("value of %s is not a text, or there are values too",
				name)
		}
		values = []string{value}
	}
	if slices.Contains(values, "") {
		return nil, false, fmt.Errorf("values of %s contains an empty text", name)
	}
	return values, essential, nil
}

// membersOf reads an object. It returns none for null.
func membersOf(c claims, name string) (claims, error) {
	var members map[string]json.RawMessage
	if c.has(name) && (json.Unmarshal(c[name], &members) != nil || members == nil) {
		return nil, fmt.Errorf("%s is not an object", name)
	}
	return members, nil
}

// check checks that the sign-in is as requested.
func (r claimsRequest) check(t *idToken, now time.Time, leeway time.Duration) error {
	switch {
	case len(r.acr) > 0 && !slices.Contains(r.acr, t.acr):
		return errors.New("acr is not one of the values requested by claims")
	case r.acrNeeded && t.acr == "":
		return errors.New("acr is missing, although claims requests it as essential")
	case r.timeNeeded && (t.authTime.IsZero() || t.authTime.After(now.Add(leeway))):
		return errors.New("auth_time is missing or in the future, although claims requests it " +
			"as essential")
	case len(r.subject) > 0 && !slices.Contains(r.subject, t.subject):
		return errors.New("the user is not the one requested by claims")
	}
	return nil
}

// unverifiable rejects a claims parameter of OAuth 2.0 that requires what only an ID token proves.
// Other formats of the parameter are the provider's own.
func unverifiable(text string) error {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil
	}
	r, err := readClaimsRequest(text)
	switch {
	case err != nil:
		return err
	case len(r.acr) > 0, len(r.subject) > 0, r.acrNeeded, r.timeNeeded:
		return errors.New(`"claims": acr, auth_time and sub need OpenID Connect: OAuth 2.0 does ` +
			"not report how the user authenticated")
	}
	return nil
}
