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

// session puts together what the caller keeps.
func (o *OIDC) session(t *idToken, info claims, tokens session.Tokens) (*session.Session, error) {
	if !t.expires.IsZero() && !o.now().Before(t.expires) {
		return nil, &Error{Fault: FaultIDToken, Err: errors.New("session_expiry is in the past")}
	}
	all, raw := t.claims, json.RawMessage(t.payload)
	if info != nil {
		all = merge(t.claims, info, o.verifiedNames())
		var err error
		if raw, err = json.Marshal(all); err != nil {
			return nil, &Error{Fault: FaultUserInfo, Err: fmt.Errorf("merge claims: %w", err)}
		}
	}
	s := &session.Session{
		User: o.user(t, all), SID: t.sid, Issued: t.issued, AuthTime: t.authTime, ACR: t.acr, AMR: t.amr, Expires: t.expires,
	}
	if o.MapUser != nil {
		if err := mapUser(&s.User, func(u *session.User) error { return o.MapUser(raw, u) }); err != nil {
			return nil, err
		}
	}
	if err := s.SetClaims(raw); err != nil {
		return nil, &Error{Fault: FaultIDToken, Err: err}
	}
	s.SetTokens(tokens)
	return s, nil
}

// mapUser lets the application change what is said about the user, but not who that is.
func mapUser(u *session.User, change func(*session.User) error) error {
	is := *u
	if err := recovered.Call(func() error { return change(u) }); err != nil {
		return fmt.Errorf("provider: MapUser: %w", err)
	}
	u.Tenant, u.Issuer, u.Subject = is.Tenant, is.Issuer, is.Subject
	u.EmailVerified = u.EmailVerified && u.Email != ""
	return nil
}

// user maps the standard claims (OpenID Connect Core section 5.1), or those that are configured.
func (o *OIDC) user(t *idToken, c claims) session.User {
	f := o.UserFields
	u := session.User{
		Issuer:   t.issuer,
		Subject:  t.subject,
		Name:     c.shown(cmp.Or(f.Name, "name")),
		Username: c.shown(cmp.Or(f.Username, "preferred_username|nickname")),
		Email:    c.shown(cmp.Or(f.Email, "email")),
		Picture:  webAddress(c.shown(cmp.Or(f.Picture, "picture"))),
		Roles:    o.roles(c),
	}
	if u.Name == "" {
		u.Name = strings.TrimSpace(c.display("given_name") + " " + c.display("family_name"))
	}
	u.EmailVerified = u.Email != "" && o.emailVerified(c)
	return u
}

// emailVerified reports what there is to be thought of the user's address.
func (o *OIDC) emailVerified(c claims) bool {
	switch {
	case o.EmailTrust == EmailNeverVerified:
		return false
	case o.EmailTrust == EmailAlwaysVerified:
		return true
	case o.UserFields.EmailVerified != "":
		raw, _ := c.first(o.UserFields.EmailVerified)
		return isTrue(raw) || string(raw) == "1" || string(raw) == `"1"`
	case o.UserFields.Email != "": // email_verified is about the standard claim
		return false
	}
	return isTrue(c["email_verified"])
}

// verifiedNames are the claims that say something about the address beside them.
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

// webAddress keeps what is no web address out of the src attributes of applications.
func webAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return text
}

// roles reads the configured claim.
func (o *OIDC) roles(c claims) []string {
	roles, _ := c.rolesAt(cmp.Or(o.RolesClaim, "roles"))
	return roles
}

// rolesAt reads roles, and reports whether there is anything at the path. Missing or of another shape means: no roles. A
// string is one role and is never taken apart (R151).
func (c claims) rolesAt(path string) (roles []string, there bool) {
	raw, there := c[path] // a name with dots in it, such as "https://example.com/roles", goes before a path
	if !there {
		if raw, there = c.at(path); !there {
			return nil, false
		}
	}
	roles, err := claims{path: raw}.texts(path)
	if err != nil {
		return nil, true
	}
	return nonEmpty(roles), true
}

func nonEmpty(texts []string) []string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}
