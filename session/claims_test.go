package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestClaims_RoundTrip(t *testing.T) {
	s := alice()
	for name, raw := range map[string]string{
		"all held": `{"iss":"https://accounts.example.com","sub":"110169484474386276334","name":"Alice Example","preferred_username":"alice",` +
			`"email":"alice@example.com","email_verified":true,"sid":"s1","auth_time":1772366340,"acr":"urn:mace","amr":["pwd","otp"]}`,
		"others":       `{"sub":"other","name":null,"email_verified":"true","auth_time":"yesterday","amr":"pwd","picture":"","groups":["a","b"],"n":12345678901234567890}`,
		"empty":        `{}`,
		"odd names":    `{"":1,"<&>":"\u2028","dotted.name":{"aud":"kept inside"}}`,
		"with spaces ": " { \"a\" : [ 1 , 2 ] } ",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			in := s.Clone()
			if err := in.SetClaims([]byte(raw)); err != nil {
				t.Fatal(err)
			}
			b.signIn(in)
			var want, got json.RawMessage
			if err := errors.Join(in.Claims(&want), b.load().Claims(&got)); err != nil {
				t.Fatal(err)
			}
			if decoded(t, got) != decoded(t, want) || decoded(t, want) != decoded(t, []byte(raw)) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// decoded prints JSON with sorted names and exact numbers.
func decoded(t *testing.T, raw []byte) string {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(v)
}

func TestClaims_OmitsProtocolClaims(t *testing.T) {
	s := realSession(true)
	b := newBench(t, nil)
	b.signIn(s)
	for what, s := range map[string]*Session{"created here": s, "loaded": b.load()} {
		var got map[string]any
		if err := s.Claims(&got); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"aud", "iat", "exp"} {
			if _, ok := got[name]; ok {
				t.Errorf("%s: %s is among the claims", what, name)
			}
		}
		if got["given_name"] != "Alice" || got["sub"] != s.User.Subject {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestClaims_DerivedFromFields(t *testing.T) {
	var got map[string]any
	if err := (&Session{User: User{Issuer: "i", Subject: "s", Email: "e"}}).Claims(
		&got); err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"iss": "i", "sub": "s", "email": "e"}; !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
}

func TestClaims_UnchangedWhenTheUserChanges(t *testing.T) {
	b := newBench(t, nil)
	s := alice()
	if err := s.SetClaims([]byte(`{"name":"Alice Example"}`)); err != nil {
		t.Fatal(err)
	}
	b.signIn(s)
	s = b.load()
	s.User.Name = "Another Name" // by a hook
	b.signIn(s)
	var got struct{ Name string }
	if err := b.load().Claims(&got); err != nil || got.Name != "Alice Example" {
		t.Errorf("%q, %v", got.Name, err)
	}
}

func TestSetClaims_Strict(t *testing.T) {
	for _, bad := range []string{"", "null", "[]", `"x"`, `{`, `{"a"}`, `{"a":1,"a":2}`,
		`{"a":1}{}`, `{"a":1} x`, "{\"a\":\"\xff\"}", `{"a":}`, `{"a":01}`} {
		if err := new(Session).SetClaims([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestTokens_SetTokens(t *testing.T) {
	s := &Session{}
	if _, err := s.Tokens(); !errors.Is(err, ErrNoTokens) {
		t.Error(err)
	}
	s.SetTokens(Tokens{AccessToken: "a"})
	if tokens, err := s.Tokens(); err != nil || tokens.AccessToken != "a" {
		t.Error(err)
	}
	s.SetTokens(Tokens{})
	if _, err := s.Tokens(); !errors.Is(err, ErrNoTokens) {
		t.Error(err)
	}
}

func TestClone_SharesNothing(t *testing.T) {
	s := alice()
	c := s.Clone()
	c.Values["theme"], c.User.Roles[0], c.AMR[0] = "x", "x", "x"
	same(t, s, alice())
}

// R134
func TestRedaction(t *testing.T) {
	c := Config{Secret: "the-secret", OldSecrets: []string{"the-secret"}}
	s := alice()
	s.SetTokens(Tokens{AccessToken: "the-secret", RefreshToken: "the-secret"})
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s", c, c, c, &c),
		string(jsonOf(c)), c.LogValue().String(), s.LogValue().String(), string(jsonOf(s))} {
		if strings.Contains(text, "the-secret") {
			t.Error(text)
		}
	}
}
