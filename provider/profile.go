package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// Fields maps members of a profile to the fields of a user. Each is the path of a JSON member with
// dots between the names ("data.id", "kakao_account.profile.nickname"; a number selects an array
// element: "images.0.url"). "|" separates alternatives, of which the first one present is used
// ("name|login").
//
// ID is the identifier that the provider never changes and never reassigns: not a name or an email
// address. It must be a string or an unsigned integer of any length; 1 and "1" yield the same
// Subject, which is safe because a provider uses one of the two. A null, an empty string or another
// type fails the login, even if a later alternative has a value: an empty member must not change
// who the user is.
//
// The others are for display. If a value is missing, null, empty or not a string, the next
// alternative is used. EmailVerified must be true or "true". Roles is read like OIDC.RolesClaim: a
// name with dots in it takes precedence over a path.
type Fields struct{ ID, Name, Username, Email, EmailVerified, Picture, Roles string }

// A Profile holds what the provider returned about the user, as JSON objects (or arrays in More).
// It never prints itself, because it may contain tokens.
type Profile struct {
	// Token is the token response; with OAuth 1.0a without the token and its secret. It is empty
	// with OpenID Connect.
	Token json.RawMessage

	// User is the profile document, or with OpenID Connect the claims of the ID token and of
	// userinfo. It is empty for an OAuth2 without Endpoints.UserInfo.
	User json.RawMessage

	// More are the documents of OAuth2.More by their names, and "callback" (OAuth2.CallbackParams).
	More map[string]json.RawMessage
}

const redactedProfile = "provider.Profile(redacted)"

// String implements fmt.Stringer without a secret.
func (Profile) String() string { return redactedProfile }

// GoString implements fmt.GoStringer without a secret.
func (Profile) GoString() string { return redactedProfile }

// LogValue implements slog.LogValuer without a secret.
func (Profile) LogValue() slog.Value { return slog.StringValue(redactedProfile) }

// MarshalJSON implements json.Marshaler without a secret.
func (Profile) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedProfile + `"`), nil }

// user reads the profile document, or without one the token response (R153). Errors are an *Error.
func (p Profile) user(issuer string, f Fields, trust EmailTrust, n *notes) (session.User, error) {
	raw := p.User
	if raw == nil {
		raw = p.Token
	}
	c, err := f.schema().read(raw, n)
	if err != nil {
		return session.User{}, userInfoFault(fmt.Errorf("the profile: %w", err))
	}
	id := ""
	if f.ID != "" {
		if id, err = c.stableID(f.ID); err != nil {
			return session.User{}, userInfoFault(err)
		}
	}
	u := session.User{
		Issuer: issuer, Subject: id,
		Name: c.shown(f.Name), Username: c.shown(f.Username), Email: c.shown(f.Email),
		Picture: webAddress(c.shown(f.Picture)),
	}
	u.EmailVerified = trust.verified(c, f.Email, f.EmailVerified, isTrue)
	u.Roles = c.roles(f.Roles, true)
	return u, nil
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

// schema makes the user's ID the only member that decides.
func (f Fields) schema() *schema { return newSchema("profile").paths(f.ID) }

// stableID reads the ID at the first alternative present, whatever its value.
func (c claims) stableID(path string) (string, error) {
	raw, there := c.first(path)
	if !there {
		return "", fmt.Errorf("the profile has no member %q", path)
	}
	id, err := idText(raw)
	if err != nil {
		return "", fmt.Errorf("the member %q of the profile: %w", path, err)
	}
	return id, nil
}

// idText accepts a string, or a number of digits only: 1.0 and 1e3 are other spellings of an ID
// that may be an integer next time, and -1 is not an ID.
func idText(raw json.RawMessage) (string, error) {
	text := string(raw)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", errMalformed
		}
	} else if strings.Trim(text, "0123456789") != "" {
		return "", errors.New("it is neither a string nor an unsigned integer")
	}
	return text, checkIdentifier("its value", text)
}

// shown returns the first alternative that is a non-empty string, for display.
func (c claims) shown(path string) string {
	for path := range alternatives(path) {
		raw, _ := c.at(path)
		if text := (claims{path: raw}).display(path); text != "" {
			return text
		}
	}
	return ""
}

// An EmailTrust says when an email address is treated as verified. MapUser may still decide
// otherwise, but nothing overrides EmailNeverVerified.
type EmailTrust int

// The kinds of trust. Few providers deserve EmailAlwaysVerified: those that issue no account or
// address before the address is confirmed.
const (
	// EmailByMember: when the member at Fields.EmailVerified is true or "true". OIDC reads
	// email_verified without such a path; OAuth2 and OAuth1 then treat no address as verified.
	EmailByMember EmailTrust = iota
	// EmailNeverVerified: never, whatever the profile and MapUser say.
	EmailNeverVerified
	// EmailAlwaysVerified: whenever there is an address.
	EmailAlwaysVerified
)

// verified reports whether the email address at a path of a document is treated as verified. said
// is the path of the member that says so, and means interprets its value. An ambiguous member is
// ignored.
func (t EmailTrust) verified(
	d document, email, said string, means func(json.RawMessage) bool,
) bool {
	switch {
	case t == EmailNeverVerified || d.shown(email) == "":
		return false
	case t == EmailAlwaysVerified:
		return true
	}
	raw, _ := d.first(said)
	return means(raw) && d.sure(email) && d.sure(said)
}

func (t EmailTrust) check() error {
	if t < EmailByMember || t > EmailAlwaysVerified {
		return wrongField("EmailTrust", "%d is not known", t)
	}
	return nil
}

// Text returns the string or number at a path of the profile, written as in [Fields]; of several
// alternatives the first that has one. It returns "" if there is none. The profile is Profile.User,
// or Profile.Token if User is empty.
func (p Profile) Text(path string) string {
	c := p.members()
	for path := range alternatives(path) {
		raw, _ := c.at(path)
		if text := codeText(raw); text != "" {
			return text
		}
	}
	return ""
}

// True reports whether the value at a path of the profile is true or "true". For paths see Text.
func (p Profile) True(path string) bool {
	raw, _ := p.members().first(path)
	return isTrue(raw)
}

// members returns the members of the profile, which has been checked before.
func (p Profile) members() claims {
	raw := p.User
	if raw == nil {
		raw = p.Token
	}
	var c claims
	if json.Unmarshal(raw, &c) != nil {
		return nil
	}
	return c
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
