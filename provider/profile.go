package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// Fields say where a profile holds what: the path of a JSON member with dots between names ("data.id",
// "kakao_account.profile.nickname", "images.0.url": a number leads into an array), and "|" between alternatives of which the first
// that is there counts ("name|login").
//
// ID is what the provider never changes and never gives to anybody else: not a name, not an e-mail address. It has to be a text or
// a whole number without a sign, and keeps every digit; 1 and "1" become the same Subject, which is no danger because a provider
// has one of the two. A null, an empty text or another type fails the login, also when a further alternative would do:
// nobody must turn into somebody else because a member was empty once.
//
// The others are for display. Where their text is missing, null, empty or of another type, the next alternative counts. EmailVerified
// counts when it is true or "true". Roles are read as OIDC.RolesClaim is, so that a name with dots in it goes
// before a path.
type Fields struct{ ID, Name, Username, Email, EmailVerified, Picture, Roles string }

// A Profile is what a provider said about the user, as JSON objects (or arrays in More). It never
// prints itself, because there can be tokens in it.
type Profile struct {
	// Token is the answer of the token endpoint, of OAuth 1.0a without the token itself. It is empty
	// with OpenID Connect.
	Token json.RawMessage

	// User is the profile document, or with OpenID Connect the claims of the ID token and of userinfo.
	// It is empty for an OAuth2 without Endpoints.UserInfo.
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

// user reads the profile document, or the answer of the token endpoint where that is all there is (R153). What fails is
// an *Error.
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
		Name: c.shown(f.Name), Username: c.shown(f.Username), Email: c.shown(f.Email), Picture: webAddress(c.shown(f.Picture)),
	}
	u.EmailVerified = trust.verified(c, f.Email, f.EmailVerified, isTrue)
	u.Roles = c.roles(f.Roles, true)
	return u, nil
}

// schema says that who the user is decides, and nothing else.
func (f Fields) schema() *schema { return newSchema("profile").paths(f.ID) }

// stableID reads the ID at the first alternative that is there, whatever is there.
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

// idText accepts a text, and a number of digits alone: 1.0, 1e3 and -1 are other spellings of an ID that comes
// as 1 next time, or no ID at all.
func idText(raw json.RawMessage) (string, error) {
	text := string(raw)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", errMalformed
		}
	} else if strings.Trim(text, "0123456789") != "" {
		return "", errors.New("it is neither a text nor a whole number without a sign")
	}
	return text, checkIdentifier("its value", text)
}

// shown reads a text for display at the first alternative that has one.
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

// verified reports whether the address at a path of a document is treated as verified. said is the
// path to what the provider says of it, which means says how to read; what is ambiguous says
// nothing.
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
