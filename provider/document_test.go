package provider

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-go/sallyport/internal/ratio"
	"github.com/sallyport-go/sallyport/session"
)

// The fuzz targets in this file read each document twice: unchanged, and with one more member that
// does not decide. F21, F22, R50: the member never changes the result of a valid document, and
// never makes an invalid one valid.

// A reader returns the result of reading a document as text, to compare.
type reader func(t *testing.T, document []byte) (outcome string, err error)

// fuzzDocuments compares the two results. The added member's name is not one of those read.
func fuzzDocuments(f *testing.F, read reader, names []string, documents ...string) {
	values := []string{
		`null`, `"x"`, `7`, `1e999`, `{"a":1,"a":2}`, `["\ud83d"]`, "\xff", `[[[[{}]]]]`, `true`,
	}
	for i, document := range documents {
		for j, value := range values {
			name := []string{"department", "Groups", "\xff", "x5t#S256", "\ufeff", ""}[(i+j)%6]
			f.Add([]byte(document), name, []byte(value))
		}
	}
	f.Fuzz(func(t *testing.T, document []byte, name string, value []byte) {
		want, err := read(t, document)
		if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool {
			return r < ' ' && r != '\n'
		}) {
			t.Errorf("%q: control characters in the error %q", document, err)
		}
		if isRead := slices.ContainsFunc(names, func(known string) bool {
			return strings.EqualFold(name, known)
		}); isRead {
			return
		}
		for _, odd := range withMember(document, name, value) {
			if got, oddErr := read(t, odd); got != want || (err == nil) != (oddErr == nil) {
				t.Errorf("%q: %s, %v\n%q: %s, %v", document, want, err, odd, got, oddErr)
			}
		}
	})
}

// withMember adds a member at the end of an object, once and twice. Its value is JSON of some
// depth, or a string.
func withMember(document []byte, name string, value []byte) [][]byte {
	object := strings.TrimRight(string(document), " \t\r\n")
	body, isObject := strings.CutSuffix(object, "}")
	if !isObject || !json.Valid([]byte(object)) || strings.Count(string(value), "[")+
		strings.Count(string(value), "{") > 10 {
		return nil
	}
	if !json.Valid(value) {
		value = rawText(string(value))
	}
	member := string(rawText(name)) + ":" + string(value)
	comma := ","
	if strings.TrimSpace(body) == "{" {
		comma = ""
	}
	return [][]byte{[]byte(body + comma + member + "}"),
		[]byte(body + comma + member + "," + member + "}")}
}

// rawText writes a string with its bytes unchanged, including invalid Unicode.
func rawText(s string) []byte {
	quoted := []byte{'"'}
	for _, c := range []byte(s) {
		switch {
		case c < ' ':
			quoted = fmt.Appendf(quoted, `\u%04x`, c)
		case c == '"' || c == '\\':
			quoted = append(quoted, '\\', c)
		default:
			quoted = append(quoted, c)
		}
	}
	return append(quoted, '"')
}

// fuzzed returns a provider whose tokens the test can sign.
func fuzzed() *OIDC {
	o := &OIDC{
		Issuer: "https://op.example", ClientID: "c", ClientSecret: strings.Repeat("s", 32),
		SecretSignsTokens: true,
		RolesClaim:        "access.roles", Now: func() time.Time {
			return time.Unix(1_700_000_000, 0)
		},
	}
	o.ReportTo(slog.New(slog.DiscardHandler))
	return o
}

func FuzzMetadata(f *testing.F) {
	o := fuzzed()
	o.SecretSignsTokens = false
	var names []string
	for name := range jsonNames(new(metadata)) {
		names = append(names, name)
	}
	fuzzDocuments(f, func(t *testing.T, document []byte) (string, error) {
		m, err := o.readMetadata(document)
		if err != nil {
			return "", err
		}
		if err := o.checkMetadata(m); err != nil {
			return "", err
		}
		return fmt.Sprintf("%+v", *m), nil
	}, names,
		`{"issuer":"https://op.example","authorization_endpoint":"https://op.example/a","token_endpoint":"https://op.example/t","jwks_uri":"https://op.example/k"}`,
		`{"issuer":"i","authorization_endpoint":"https://a.example","token_endpoint":"https://t.example","jwks_uri":"https://k.example","id_token_signing_alg_values_supported":["ES256"],"userinfo_endpoint":7}`,
		`{"issuer":null,"token_endpoint":["x"]}`,
	)
}

func FuzzJWKS(f *testing.F) {
	read := func(_ *testing.T, document []byte) (string, error) {
		keys, err := readKeys(document, nil)
		if err != nil {
			return "", err
		}
		var usable []string
		for _, raw := range keys {
			if key, ok := usableKey(raw); ok {
				usable = append(usable, fmt.Sprintf("%q %q %q %v", key.id, key.alg, key.issuer,
					key.key))
			}
		}
		return strings.Join(usable, "\n"), nil
	}
	const key = `{"kty":"EC","crv":"P-256","kid":"k","use":"sig","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	inKey := func(t *testing.T, document []byte) (string, error) {
		return read(t, slices.Concat([]byte(`{"keys":[`), document, []byte(`]}`)))
	}
	fuzzDocuments(f, func(t *testing.T, document []byte) (string, error) {
		set, err := read(t, document)
		inSet, keyErr := inKey(t, document)
		return set + "\n" + inSet, errors.Join(err, keyErr)
	}, append([]string{"keys", "kid", "alg", "use", "key_ops", "issuer"}, keyMembers...),
		`{"keys":[`+key+`]}`, key, `{"keys":[7,null,{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`,
		`{"keys":{}}`)
}

func FuzzUserInfo(f *testing.F) {
	o := fuzzed()
	payload := []byte(`{"iss":"https://op.example","sub":"1","aud":"c"}`)
	d, err := idTokenSchema.read(payload, nil)
	if err != nil {
		f.Fatal(err)
	}
	token := &idToken{document: d, issuer: o.Issuer, subject: "1"}
	fuzzDocuments(f, func(t *testing.T, document []byte) (string, error) {
		info, err := o.readUserInfo(t.Context(), nil,
			answer{status: http.StatusOK, media: "application/json", body: document})
		if err != nil {
			return "", err
		}
		s, err := o.session(token, info, session.Tokens{})
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%q %+v", info.display("sub"), s.User), nil
	}, identityNames,
		`{"sub":"1","name":"Alice","email":"a@example.com","email_verified":true}`,
		`{"sub":"1","access":{"roles":["a","b"]}}`, `{"sub":7}`)
}

// identityNames are the claims that set fields of a session, or decide.
var identityNames = []string{
	"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "events", "at_hash", "c_hash", "name",
	"given_name", "family_name",
	"preferred_username", "nickname", "email", "email_verified", "picture", "access",
	"access.roles", "acr", "amr", "auth_time", "sid", "session_expiry",
	"_claim_names", "hasgroups",
}

func FuzzIDTokenClaims(f *testing.F) {
	o := fuzzed()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256,
		Key: []byte(o.ClientSecret)}, nil)
	if err != nil {
		f.Fatal(err)
	}
	m := &metadata{Issuer: o.Issuer, algs: []string{algShared}}
	flow := &Flow{Nonce: "n"}
	fuzzDocuments(f, func(t *testing.T, document []byte) (string, error) {
		jws, err := signer.Sign(document)
		if err != nil {
			return "", err
		}
		raw, err := jws.CompactSerialize()
		if err != nil {
			return "", err
		}
		token, err := o.verifyIDToken(t.Context(), m, flow, raw, maxDirect,
			hashed{"access", "code"})
		if err != nil {
			return "", err
		}
		s, err := o.session(token, document0, session.Tokens{IDToken: raw})
		if err != nil {
			return "", err
		}
		if payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(raw,
			".")[1]); !slices.Equal(payload, document) {
			t.Fatal("another payload was signed")
		}
		return fmt.Sprintf("%+v %q %q %v %v", s.User, s.ACR, s.SID, s.AuthTime, s.Expires), nil
	}, identityNames,
		`{"iss":"https://op.example","sub":"1","aud":"c","exp":1700000100,"iat":1700000000,"nonce":"n"}`,
		`{"iss":"https://op.example","sub":"1","aud":["c"],"exp":1700000100,"iat":1700000000,"nonce":"n","access":{"roles":["a"]},"email":"a@example.com","email_verified":"true","azp":null,"nbf":null}`,
		`{"iss":"https://op.example","sub":"1\n","aud":"c","exp":1700000100,"iat":1700000000,"nonce":"n"}`,
		`{"iss":"https://op.example","aud":"c"}`,
	)
}

// document0 is absent userinfo.
var document0 document

func FuzzIntrospection(f *testing.F) {
	fuzzDocuments(f, func(t *testing.T, document []byte) (string, error) {
		info, _, err := readIntrospection(answer{media: "application/json", body: document}, nil)
		return fmt.Sprintf("%+v", info), err
	}, append([]string{"active", "client_id", "username", "token_type", "scope"}, identityNames...),
		`{"active":true,"sub":"1","aud":["a"],"exp":1700000000,"scope":"a b"}`, `{"active":"true"}`,
		`{"active":true,"sub":7}`)
}

func FuzzTokenDocument(f *testing.F) {
	d := &Dialect{Envelope: "data"}
	fuzzDocuments(f, func(t *testing.T, document []byte) (string, error) {
		tokens, _, err := d.tokens(answer{status: http.StatusOK, media: "application/json",
			body: document}, time.Unix(0, 0), nil, nil)
		return fmt.Sprintf("%q %q %q %v", tokens.AccessToken, tokens.RefreshToken, tokens.IDToken,
			tokens.Scopes), err
	}, append([]string{"data", "error_description", "message", "code", "status", "error_code",
		"errcode", "errmsg", "msg"}, answerNames...),
		`{"access_token":"a","token_type":"Bearer","scope":"x y"}`,
		`{"data":{"access_token":"a","x":1,"x":2}}`, `{"error":"invalid_grant"}`)
}

// hostileDocuments are objects that grow with n, each in another way.
var hostileDocuments = map[string]func(n int) string{
	"many names":  func(n int) string { return object(n, `"n%d":1`) },
	"one name":    func(n int) string { return object(n, `"a":%d`) },
	"two names":   func(n int) string { return object(n, `"a":1,"b":%d`) },
	"look-alikes": func(n int) string { return object(n, `"ROLEſ%d":1`) },
	"long name":   func(n int) string { return `{"` + strings.Repeat("ſ", 8*n) + `":1}` },
	"long text":   func(n int) string { return `{"a":"` + strings.Repeat(`\ud83d`, 2*n) + `"}` },
	"long list": func(n int) string {
		return `{"roles":[` + strings.Repeat(`"x",`, n) + `"x"]}`
	},
	"many objects": func(n int) string {
		return `{"a":[` + strings.Repeat(`{"a":1,"a":2},`, n) + `7]}`
	},
	"nested, repeated": func(n int) string {
		return strings.Repeat(`{"a":`, 20) + object(n, `"a":%d`) + strings.Repeat(`,"a":1}`, 20)
	},
	"white space": func(n int) string { return `{"a":` + strings.Repeat(" ", 8*n) + `1}` },
}

func object(n int, member string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, member, i)
	}
	return "{" + b.String() + "}"
}

// hostileReaders read each kind of document.
func hostileReaders() map[string]func(document []byte) {
	o := &OIDC{Issuer: "https://op.example", ClientID: "c", RolesClaim: "roles.a.b"}
	o.ReportTo(slog.New(slog.DiscardHandler))
	token := &idToken{}
	return map[string]func([]byte){
		"metadata": func(d []byte) { o.readMetadata(d) },
		"JWKS":     func(d []byte) { readKeys(d, &o.notes) },
		"ID token": func(d []byte) {
			if document, err := idTokenSchema.read(d, &o.notes); err == nil {
				o.user(token, document)
			}
		},
		"profile": func(d []byte) {
			Profile{User: d}.user("i", Fields{ID: "id", Roles: "roles.name"}, EmailByMember,
				&o.notes)
		},
	}
}

// P13: a document of twice the size takes at most 2.2 times as long. The metric is this ratio.
func BenchmarkDocuments_P13(b *testing.B) {
	for kind, read := range hostileReaders() {
		for shape, make := range hostileDocuments {
			once, twice := []byte(make(4000)), []byte(make(8000))
			b.Run(kind+"/"+shape, func(b *testing.B) {
				for b.Loop() {
					read(twice)
				}
				b.ReportMetric(ratio.Of(func() { read(twice) }, func() { read(once) }), "ratio")
			})
		}
	}
}

// P13: allocations do not depend on the machine.
func TestDocuments_P13_AllocationsAreLinear(t *testing.T) {
	for kind, read := range hostileReaders() {
		for shape, make := range hostileDocuments {
			once, twice := []byte(make(2000)), []byte(make(4000))
			short := testing.AllocsPerRun(1, func() { read(once) })
			long := testing.AllocsPerRun(1, func() { read(twice) })
			if long > 2.2*short+50 {
				t.Errorf("%s, %s: %v allocations, %v for twice the document", kind, shape,
					short, long)
			}
		}
	}
}
