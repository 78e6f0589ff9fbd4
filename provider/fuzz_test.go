package provider

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/session"
)

// refusedCleanly requires that a callback was rejected, with an error of this package that is safe
// to log.
func refusedCleanly(t *testing.T, query string, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("a login succeeded without a provider")
	}
	if _, ok := errors.AsType[*Error](err); !ok && !errors.Is(err, ErrUnavailable) {
		t.Errorf("%q: an error of another kind: %v", query, err)
	}
	for _, r := range err.Error() {
		if r < ' ' {
			t.Errorf("%q: control characters in the error %q", query, err)
		}
	}
}

// R15, R16, R17, R133: Finish rejects any callback with an error of this package, and sends no
// request to the provider, unless the parameters are exactly those of a successful response for
// this flow.
func FuzzCallback(f *testing.F) {
	f.Fuzz(func(t *testing.T, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		o := &OIDC{Issuer: "https://op.example", ClientID: "c", HTTPClient: nil}
		o.discovery.current.Store(&known{&metadata{
			Issuer: o.Issuer, TokenEndpoint: "https://op.invalid/token", IssInResponse: true,
		}, time.Now()})
		// a request to the token endpoint: the response must be valid
		o.HTTPClient = refusing(func() {
			if params.Get("state") != "STATE" || len(params["state"]) != 1 ||
				params.Get("iss") != o.Issuer || params.Get("code") == "" || params.Has("error") ||
				params.Has("id_token") || params.Has("access_token") || params.Has("response") ||
				len(params["code"]) != 1 {
				t.Errorf("%q reached the token endpoint", query)
			}
		})
		_, err = o.Finish(t.Context(), &Flow{State: "STATE", Nonce: "N", Verifier: "V",
			Issuer: o.Issuer}, params)
		refusedCleanly(t, query, err)
		if key := o.FlowKey(params); len(key) > maxState || key != "" && len(params["state"]) != 1 {
			t.Errorf("%q: flow key %q", query, key)
		}
	})
}

// R50: encoding/json reads an accepted document identically into a map and a struct, and
// session.SetClaims accepts it.
func FuzzStrictJSON(f *testing.F) {
	schema := newSchema("document", "sub").paths("data.id")
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := schema.read(data, nil)
		if err != nil {
			return
		}
		var m map[string]any
		if err := json.Unmarshal(d.raw, &m); err != nil {
			t.Fatalf("accepted, but encoding/json says %v: %q", err, data)
		}
		if len(d.claims) != len(m) {
			t.Errorf("%d claims, and %d for encoding/json: %q", len(d.claims), len(m), data)
		}
		for name, want := range m {
			var got any
			if err := json.Unmarshal(d.claims[name], &got); err != nil ||
				!reflect.DeepEqual(got, want) {
				t.Errorf("%q is %v, and %v for encoding/json: %v: %q", name, got, want, err, data)
			}
			text, isText := want.(string)
			if got, err := d.text(name); isText && (got != text || err != nil) {
				t.Errorf("%q reads as %q, want %q: %v: %q", name, got, text, err, data)
			}
		}
		var s struct {
			Sub any `json:"sub"`
		}
		if err := json.Unmarshal(d.raw, &s); err != nil {
			t.Fatal(err)
		}
		if want, got := toText(m["sub"]), toText(s.Sub); want != got {
			t.Errorf("sub is %s in a map and %s in a struct: %q", want, got, data)
		}
		if broken(toText(s.Sub)) {
			t.Errorf("a broken sub is accepted: %q", data)
		}
		if err := new(session.Session).SetClaims(d.raw); err != nil {
			t.Errorf("%q: %v", data, err)
		}
		if again, err := schema.read(d.raw, nil); err != nil || !bytes.Equal(again.raw, d.raw) &&
			!bytes.ContainsRune(d.raw, utf8.RuneError) {
			t.Errorf("%q is %q at first, then %q: %v", data, d.raw, again.raw, err)
		}
	})
}

func toText(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

// R51, R54: the form of a token.
func FuzzTokenForm(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw string) {
		alg, err := checkHeader(raw, maxStranger, []string{"ES256"}, idTokenTypes)
		if err != nil {
			return
		}
		if alg != "ES256" || strings.Count(raw, ".") != 2 || len(raw) > maxStranger {
			t.Errorf("%q is accepted with algorithm %q", raw, alg)
		}
		for _, part := range strings.Split(raw, ".") {
			decoded, err := base64.RawURLEncoding.Strict().DecodeString(part)
			if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != part {
				t.Errorf("part %q is not canonical base64url", part)
			}
		}
	})
}

// R117, R133: accepted logout token claims have all that is required, as another parser confirms.
func FuzzLogoutClaims(f *testing.F) {
	const event = `"events":{"http://schemas.openid.net/event/backchannel-logout":{}}`
	f.Add([]byte(`{"iss":"https://op.example","aud":"c","iat":1700000000,"exp":1700000100,"jti":"1",` + event + `,"sub":"1","sid":"2"}`))
	f.Add([]byte(`{"iss":"https://op.example","aud":["c"],"iat":1699999999.5,"jti":"1",` + event +
		`,"sid":"2"}`))
	f.Add([]byte(`{"iss":"https://op.example","aud":"c","iat":1700000000,"jti":"1",` + event +
		`,"sub":"1","nonce":null}`))
	f.Add([]byte(`{"iss":"https://op.example","aud":"c","iat":1700000000,"exp":4000000000,"jti":"1",` + event + `,"sub":"1"}`))
	f.Add([]byte(`{"iss":"https://op.example/","aud":"c","iat":1700000000,"jti":"1",` + event +
		`,"sub":"1"}`))
	now := time.Unix(1700000000, 0)
	o := &OIDC{Issuer: "https://op.example", ClientID: "c", Now: func() time.Time { return now }}
	f.Fuzz(func(t *testing.T, payload []byte) {
		kind := o.logoutKind(t.Context())
		d, err := kind.schema.read(payload, nil)
		if err != nil {
			return
		}
		token := &idToken{document: d}
		for _, check := range kind.claims {
			if check(token) != nil {
				return
			}
		}
		var all map[string]any
		if err := json.Unmarshal(d.raw, &all); err != nil {
			t.Fatalf("accepted, but encoding/json says %v: %q", err, payload)
		}
		_, nonce := all["nonce"]
		events, _ := all["events"].(map[string]any)
		_, event := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
		id, _ := all["jti"].(string)
		sub, _ := all["sub"].(string)
		sid, _ := all["sid"].(string)
		if nonce || !event || id == "" || sub == "" && sid == "" || all["iss"] != o.Issuer ||
			token.id != id || token.subject != sub || token.sid != sid {
			t.Errorf("%q is accepted as %+v", payload, token)
		}
		if until := o.acceptedUntil(token); token.issued.After(now.Add(time.Minute)) ||
			now.Sub(token.issued) > time.Hour || until.Before(now) ||
			until.After(now.Add(time.Hour+time.Minute)) {
			t.Errorf("%q is of %v and accepted until %v", payload, token.issued, until)
		}
	})
}
