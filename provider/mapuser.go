package provider

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

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

// mapUser lets the application change the fields of the user, except tenant, issuer and subject.
func mapUser(u *session.User, trust EmailTrust, change func(*session.User) error) error {
	is := *u
	if err := recovered.Call(func() error { return change(u) }); err != nil {
		return fmt.Errorf("provider: MapUser: %w", err)
	}
	u.Tenant, u.Issuer, u.Subject = is.Tenant, is.Issuer, is.Subject
	u.EmailVerified = u.EmailVerified && u.Email != "" && trust != EmailNeverVerified
	return nil
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

// isTrue accepts true, and "true", which several providers send.
func isTrue(raw json.RawMessage) bool { return string(raw) == "true" || string(raw) == `"true"` }

// webAddress returns text if it is an http or https URL, else "": applications put it into src
// attributes.
func webAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return text
}
