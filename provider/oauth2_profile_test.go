package provider

import (
	"encoding/json"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// UserFields and MapUser see the members that OmitClaims leaves out of the claims.
func TestOAuth2_OmitClaims(t *testing.T) {
	const profile = `{"id":12345678901234567890,"token":"t0ken","name":"Alice","Token":"t0ken"}`
	for name, row := range map[string]struct {
		omit []string
		want string
	}{
		"nothing":     {nil, profile},
		"two members": {[]string{"token", "Token"}, `{"id":12345678901234567890,"name":"Alice"}`},
		"a missing one": {[]string{"picture"},
			`{"Token":"t0ken","id":12345678901234567890,"name":"Alice","token":"t0ken"}`},
		"the ID": {[]string{"id", "token", "Token"}, `{"name":"Alice"}`},
	} {
		o := &OAuth2{Issuer: "https://op.example", UserFields: Fields{ID: "id", Name: "name"},
			OmitClaims: row.omit}
		seen := ""
		o.MapUser = func(p Profile, _ *session.User) error { seen = string(p.User); return nil }
		s, err := o.session(Profile{User: json.RawMessage(profile)},
			session.Tokens{AccessToken: "t0ken"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var claims json.RawMessage
		if err := s.Claims(&claims); err != nil || string(claims) != row.want {
			t.Errorf("%s: claims %s, %v; want %s", name, claims, err, row.want)
		}
		if s.User.Subject != "12345678901234567890" || seen != profile {
			t.Errorf("%s: user %v, MapUser saw %s", name, s.User, seen)
		}
	}
}
