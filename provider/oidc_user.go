package provider

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// session returns the session of a login. Its claims are those of the verified document.
func (o *OIDC) session(t *idToken, info document, tokens session.Tokens) (*session.Session, error) {
	if !t.expires.IsZero() && !o.now().Before(t.expires) {
		return nil, idTokenFault(errors.New("session_expiry is in the past"))
	}
	all := t.document
	if info.claims != nil {
		var err error
		if all, err = merge(t.document, info, o.verifiedNames()); err != nil {
			return nil, userInfoFault(fmt.Errorf("merge claims: %w", err))
		}
	}
	s := &session.Session{
		User: o.user(t, all), SID: t.sid,
		Issued: t.issued, AuthTime: t.authTime, ACR: t.acr, AMR: t.amr, Expires: t.expires,
	}
	if o.MapUser != nil {
		change := func(u *session.User) error { return o.MapUser(Profile{User: all.raw}, u) }
		if err := mapUser(&s.User, o.EmailTrust, change); err != nil {
			return nil, err
		}
	}
	if err := s.SetClaims(all.raw); err != nil {
		return nil, idTokenFault(err)
	}
	s.SetTokens(tokens)
	return s, nil
}

// standardClaims are the claims to read by default.
var standardClaims = newSchema("", "name", "preferred_username", "email", "email_verified",
	"picture")

// user maps the standard claims (OpenID Connect Core section 5.1), or the configured ones.
func (o *OIDC) user(t *idToken, d document) session.User {
	f, roles := o.UserFields, cmp.Or(o.RolesClaim, "roles")
	d.noteLookAlikes(standardClaims)
	if !d.has(roles) {
		d.noteLookAlikes(newSchema("", roles))
	}
	u := session.User{
		Issuer:   t.issuer,
		Subject:  t.subject,
		Name:     d.shown(cmp.Or(f.Name, "name")),
		Username: d.shown(cmp.Or(f.Username, "preferred_username|nickname")),
		Email:    d.shown(cmp.Or(f.Email, "email")),
		Picture:  webAddress(d.shown(cmp.Or(f.Picture, "picture"))),
		Roles:    d.roles(roles, o.RolesClaim != ""),
	}
	if u.Name == "" {
		u.Name = strings.TrimSpace(d.display("given_name") + " " + d.display("family_name"))
	}
	u.EmailVerified = o.EmailTrust.verified(d, cmp.Or(f.Email, "email"), o.verifiedPath(), o.means)
	return u
}

// verifiedPath is the path of the claim that marks the address as verified: email_verified applies
// to the standard email claim only.
func (o *OIDC) verifiedPath() string {
	if o.UserFields.Email != "" {
		return o.UserFields.EmailVerified
	}
	return cmp.Or(o.UserFields.EmailVerified, "email_verified")
}

// means reports whether a value means true. If the application configured the claim, 1 does too:
// Microsoft Entra sends it.
func (o *OIDC) means(raw json.RawMessage) bool {
	one := string(raw) == "1" || string(raw) == `"1"`
	return isTrue(raw) || one && o.UserFields.EmailVerified != ""
}

// verifiedNames are the claims that mark an email address as verified.
func (o *OIDC) verifiedNames() []string {
	names := []string{"email_verified"}
	for path := range alternatives(o.UserFields.EmailVerified) {
		name, _, _ := strings.Cut(path, ".")
		names = append(names, name)
	}
	return names
}

// maxCallbackClaim bounds a claim from the callback, in characters.
const maxCallbackClaim = 200

// callbackClaimNames are the claims that CallbackClaims may return. Claims that decide something,
// such as an email address, must not come from the browser.
var callbackClaimNames = []string{"name", "given_name", "family_name", "middle_name"}

// callbackClaims reads the claims in the callback itself.
func (o *OIDC) callbackClaims(callback url.Values) (claims, error) {
	if o.CallbackClaims == nil {
		return nil, nil
	}
	texts, err := recovered.Get(func() (map[string]string, error) {
		return o.CallbackClaims(callback), nil
	})
	if err != nil {
		return nil, fmt.Errorf("provider: CallbackClaims: %w", err)
	}
	c := claims{}
	for name, text := range texts {
		text = strings.TrimSpace(strings.Map(visible, strings.ToValidUTF8(text, "")))
		if !slices.Contains(callbackClaimNames, name) || text == "" ||
			utf8.RuneCountInString(text) > maxCallbackClaim {
			continue
		}
		if c[name], err = json.Marshal(text); err != nil {
			return nil, fmt.Errorf("provider: CallbackClaims: %w", err)
		}
	}
	return c, nil
}

// visible drops control and text-direction characters.
func visible(r rune) rune {
	control := r < ' ' || r == 0x7f
	turns := '\u200e' <= r && r <= '\u200f' || '\u202a' <= r && r <= '\u202e' ||
		'\u2066' <= r && r <= '\u2069'
	if control || turns {
		return -1
	}
	return r
}
