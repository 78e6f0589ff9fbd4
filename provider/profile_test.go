package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// R153: the ID is a string or an integer, kept to the last digit; anything else fails the login.
func TestProfile_R153_StableID(t *testing.T) {
	const refused = ""
	long := strings.Repeat("7", maxSubject)
	for name, row := range map[string]struct{ document, path, want string }{
		"number":                     {`{"id":1}`, "id", "1"},
		"text":                       {`{"id":"1"}`, "id", "1"},
		"zero":                       {`{"id":0}`, "id", "0"},
		"beyond 53 bits":             {`{"id":9007199254740993}`, "id", "9007199254740993"},
		"beyond 64 bits":             {`{"id":18446744073709551617}`, "id", "18446744073709551617"},
		"of maximum length":          {`{"id":` + long + `}`, "id", long},
		"white space around":         {"{\"id\" :\n\t 1 }", "id", "1"},
		"text with an escape":        {`{"id":"\u0061b"}`, "id", "ab"},
		"text like a number":         {`{"id":"1.0"}`, "id", "1.0"},
		"text like null":             {`{"id":"null"}`, "id", "null"},
		"text with braces":           {`{"id":"{0f3c}"}`, "id", "{0f3c}"},
		"inside an object":           {`{"data":{"id":7}}`, "data.id", "7"},
		"inside an array":            {`{"response":[{"id":7}]}`, "response.0.id", "7"},
		"second alternative":         {`{"openid":"o"}`, "unionid|openid", "o"},
		"first alternative":          {`{"openid":"o","unionid":"u"}`, "unionid|openid", "u"},
		"with a fraction":            {`{"id":1.0}`, "id", refused},
		"with an exponent":           {`{"id":1e3}`, "id", refused},
		"with a large exponent":      {`{"id":1E+2}`, "id", refused},
		"negative":                   {`{"id":-1}`, "id", refused},
		"minus zero":                 {`{"id":-0}`, "id", refused},
		"true":                       {`{"id":true}`, "id", refused},
		"null":                       {`{"id":null}`, "id", refused},
		"object":                     {`{"id":{"id":1}}`, "id", refused},
		"list":                       {`{"id":[1]}`, "id", refused},
		"empty":                      {`{"id":""}`, "id", refused},
		"missing":                    {`{"login":"x"}`, "id", refused},
		"too long":                   {`{"id":"` + long + `7"}`, "id", refused},
		"number too long":            {`{"id":` + long + `7}`, "id", refused},
		"first alternative is empty": {`{"unionid":"","openid":"o"}`, "unionid|openid", refused},
		"first alternative is null":  {`{"unionid":null,"openid":"o"}`, "unionid|openid", refused},
		"twice":                      {`{"id":1,"id":2}`, "id", refused},
		"twice, deeper":              {`{"data":{"id":1,"id":2}}`, "data.id", refused},
		"look-alike":                 {`{"id":1,"ID":2}`, "id", refused},
		"look-alike alone":           {`{"ID":2}`, "id", refused},
		"name with a dot":            {`{"data.id":7}`, "data.id", refused},
		"index beyond the end":       {`{"a":[1]}`, "a.1", refused},
		"index below the start":      {`{"a":[1]}`, "a.-1", refused},
		"index with a plus":          {`{"a":[1]}`, "a.+0", refused},
		"name in a list":             {`{"a":[{"id":1}]}`, "a.id", refused},
		"inside a text":              {`{"a":"xyz"}`, "a.0", refused},
		"inside null":                {`{"a":null}`, "a.id", refused},
		"half a surrogate pair":      {`{"id":"\ud800"}`, "id", refused},
		"not UTF-8":                  {"{\"id\":\"\xff\"}", "id", refused},
		"a list":                     {`[{"id":1}]`, "0.id", refused},
		"nothing":                    {``, "id", refused},
		"null alone":                 {`null`, "id", refused},
		"data after the object":      {`{"id":1}{"id":2}`, "id", refused},
		"too deep": {`{"id":1,"x":` + strings.Repeat("[", 40) +
			strings.Repeat("]", 40) + `}`, "id", refused},
	} {
		u, err := Profile{User: json.RawMessage(row.document)}.user("https://op.example",
			Fields{ID: row.path}, EmailByMember, nil)
		if u.Subject != row.want || (err == nil) != (row.want != refused) {
			t.Errorf("%s: subject %q, error %v; want %q", name, u.Subject, err, row.want)
		}
		if err == nil && u.Issuer != "https://op.example" {
			t.Errorf("%s: issuer %q", name, u.Issuer)
		}
		if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Fault != FaultUserInfo) {
			t.Errorf("%s: error %v of another kind", name, err)
		}
	}
}

// Display fields come from the first alternative that is a non-empty string; trusted fields only
// from the right type.
func TestProfile_Fields(t *testing.T) {
	full := Fields{ID: "id", Name: "name|login", Username: "login", Email: "email",
		EmailVerified: "verified", Picture: "images.0.url", Roles: "groups"}
	for name, row := range map[string]struct {
		document string
		want     session.User
	}{
		"all": {
			`{"id":1,"name":"Alice","login":"alice","email":"a@example.com","verified":true,"images":[{"url":"https://op.example/a.png"}],"groups":["x","y"]}`,
			session.User{Name: "Alice", Username: "alice", Email: "a@example.com",
				EmailVerified: true, Picture: "https://op.example/a.png",
				Roles: []string{"x", "y"}},
		},
		"name is null": {`{"id":1,"name":null,"login":"alice"}`,
			session.User{Name: "alice", Username: "alice"}},
		"name is empty": {`{"id":1,"name":"","login":"alice"}`,
			session.User{Name: "alice", Username: "alice"}},
		"name is a number": {`{"id":1,"name":5,"login":"alice"}`,
			session.User{Name: "alice", Username: "alice"}},
		"the ID only": {`{"id":1}`, session.User{}},
		"verified as text": {`{"id":1,"email":"a","verified":"true"}`,
			session.User{Email: "a", EmailVerified: true}},
		"verified as other text": {`{"id":1,"email":"a","verified":"yes"}`,
			session.User{Email: "a"}},
		"verified as number": {`{"id":1,"email":"a","verified":1}`,
			session.User{Email: "a"}},
		"verified as list": {`{"id":1,"email":"a","verified":[true]}`,
			session.User{Email: "a"}},
		"verified false": {`{"id":1,"email":"a","verified":false}`,
			session.User{Email: "a"}},
		"verified without an address": {`{"id":1,"verified":true}`, session.User{}},
		"address of another type":     {`{"id":1,"email":["a"],"verified":true}`, session.User{}},
		"picture is not a web URL": {`{"id":1,"images":[{"url":"javascript:alert(1)"}]}`,
			session.User{}},
		"no pictures": {`{"id":1,"images":[]}`, session.User{}},
		"one role": {`{"id":1,"groups":"x,y"}`,
			session.User{Roles: []string{"x,y"}}},
		"roles of mixed types": {`{"id":1,"groups":["x",1]}`, session.User{}},
		"roles as object":      {`{"id":1,"groups":{"admin":true}}`, session.User{}},
	} {
		row.want.Issuer, row.want.Subject = "i", "1"
		got, err := Profile{User: json.RawMessage(row.document)}.user("i", full, EmailByMember, nil)
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, row.want)
		}
	}
	// R151: the first alternative of roles that is present is used, even if it holds none.
	roles := Fields{ID: "id", Roles: "https://op.example/roles|realm.roles"}
	for document, want := range map[string][]string{
		`{"id":1,"https://op.example/roles":["a"],"realm":{"roles":["b"]}}`: {"a"},
		`{"id":1,"https://op.example/roles":5,"realm":{"roles":["b"]}}`:     nil,
		`{"id":1,"https://op.example/roles":[],"realm":{"roles":["b"]}}`:    nil,
		`{"id":1,"realm":{"roles":["b"]}}`:                                  {"b"},
		`{"id":1}`:                                                          nil,
	} {
		if got, err := (Profile{User: json.RawMessage(document)}).user("i", roles, EmailByMember,
			nil); err != nil || !reflect.DeepEqual(got.Roles, want) {
			t.Errorf("%s: roles %v, %v; want %v", document, got.Roles, err, want)
		}
	}
}

// F45, F21: roles and irregular members are read like those of claims.
func TestProfile_F45_RolesAndOddMembers(t *testing.T) {
	for document, want := range map[string][]string{
		`{"id":1,"teams":[{"name":"a"},{"name":"b"}]}`:           {"a", "b"},
		`{"id":1,"teams":{"name":{"a":{},"b":{}}}}`:              {"a", "b"},
		`{"id":1,"teams":[{"name":7}]}`:                          nil,
		`{"id":1,"teams":{"name":"a","name":"b"}}`:               nil,
		`{"id":1,"teams":{"name":"a"},"x":1,"x":2,"y":"\ud83d"}`: {"a"},
	} {
		var log strings.Builder
		n := new(notes)
		n.reportTo(slog.New(slog.NewTextHandler(&log, nil)))
		f := Fields{ID: "id", Roles: "teams.name"}
		u, err := Profile{User: json.RawMessage(document)}.user("i", f, EmailByMember, n)
		if err != nil || !reflect.DeepEqual(u.Roles, want) {
			t.Errorf("%s: roles %v, %v; want %v", document, u.Roles, err, want)
		}
		if logged := strings.Contains(log.String(), "teams.name"); logged != (want == nil) {
			t.Errorf("%s: the log says %q", document, log.String())
		}
	}
}

// Without a profile document the token response is the profile.
func TestProfile_FromTheTokenResponse(t *testing.T) {
	token := json.RawMessage(`{"access_token":"a","owner":{"user":{"id":"u-1","name":"Alice"}}}`)
	f := Fields{ID: "owner.user.id", Name: "owner.user.name"}
	if u, err := (Profile{Token: token}).user("i", f, EmailByMember, nil); err != nil ||
		u.Subject != "u-1" || u.Name != "Alice" {
		t.Errorf("%+v, %v", u, err)
	}
	if u, err := (Profile{Token: token, User: json.RawMessage(`{}`)}).user("i", f, EmailByMember,
		nil); err == nil {
		t.Errorf("a profile document without an ID: %+v", u)
	}
}

func TestProfile_PrintsNothing(t *testing.T) {
	p := Profile{Token: json.RawMessage(`{"access_token":"hush-hush"}`)}
	raw, err := json.Marshal(p)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "p", p)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "p", &p)
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%+v %#v %s", p, p, &p), string(raw),
		log.String()} {
		if err != nil || strings.Contains(text, "hush") || strings.Contains(text, "104 117 115") {
			t.Errorf("%s, %v", text, err)
		}
	}
}

func TestFields_AreChecked(t *testing.T) {
	for path, good := range map[string]bool{
		"id": true, "a.b.0": true, "a|b": true, "a.b|c": true, "": false, "|": false, "a|": false,
		".": false, "a.": false, "a..b": false,
		strings.Repeat("a.", maxPath-1) + "a": true, strings.Repeat("a.", maxPath) + "a": false,
	} {
		if mistakes := (Fields{ID: path}).check(); (mistakes == nil) != good {
			t.Errorf("ID %q: %v", path, mistakes)
		}
		if path == "" {
			continue
		}
		if mistakes := (Fields{ID: "id", Roles: path}).check(); (mistakes == nil) != good {
			t.Errorf("Roles %q: %v", path, mistakes)
		}
	}
}

// R153: without a path to the ID there is no session, even if Validate was not called.
func TestProfile_R153_NoPath(t *testing.T) {
	o := &OAuth2{Issuer: "https://op.example", UserFields: Fields{Name: "name"}}
	profile := Profile{User: json.RawMessage(`{"id":"1","name":"Alice"}`)}
	if s, err := o.session(profile, session.Tokens{}); err == nil {
		t.Errorf("a session of %+v", s.User)
	}
}

// R153: for any document and path, an ID is a value in the document, or there is none.
func FuzzFields(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"id":1}`, "id"}, {`{"data":{"id":"x"}}`, "data.id"},
		{`{"a":[{"id":12345678901234567890}]}`, "a.0.id"}, {`{"id":1e3}`, "id"},
		{`{"b":"\u0000"}`, "a|b"}, {`{"id":1}`, ""},
		{`{"":{"":1}}`, "."}, {`{"id":null,"login":"x"}`, "id|login"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, document, path string) {
		fields := Fields{ID: path, Name: path, Email: path, EmailVerified: path, Picture: path,
			Roles: path}
		fields.check()
		u, err := Profile{User: json.RawMessage(document)}.user("i", fields, EmailByMember, nil)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Fault != FaultUserInfo ||
				u.Subject != "" {
				t.Errorf("%q at %q: %+v, error %v", document, path, u, err)
			}
			return
		}
		if path == "" { // the caller takes the ID from elsewhere, and checks it
			if u.Subject != "" {
				t.Errorf("%q without a path: the ID %q", document, u.Subject)
			}
			return
		}
		if u.Subject == "" || len(u.Subject) > maxSubject || u.EmailVerified && u.Email == "" {
			t.Errorf("%q at %q: %+v", document, path, u)
		}
		if !stands(document, u.Subject) {
			t.Errorf("%q at %q: the ID %q is not in the document", document, path, u.Subject)
		}
	})
}

// stands reports whether a string or number spelled like id is among the values of a document.
func stands(document, id string) bool {
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if fmt.Sprint(token) == id {
			return true
		}
	}
}

// MapUser reads strings, numbers and booleans of a profile by the paths of Fields.
func TestProfile_TextAndTrue(t *testing.T) {
	p := Profile{
		Token: []byte(`{"openid":"o1"}`),
		User: []byte(`{"id":7,"name":{"first":"Alice","last":null},"tags":["a","b"],"empty":"",
			"yes":true,"said":"true","one":1}`),
	}
	for path, want := range map[string]string{
		"name.first": "Alice", "id": "7", "tags.1": "b", "nick|name.first": "Alice",
		"empty|name.first": "Alice", "name.last": "", "name": "", "yes": "", "openid": "", "": "",
	} {
		if got := p.Text(path); got != want {
			t.Errorf("Text(%q) is %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]bool{
		"yes": true, "said": true, "no|yes": true, "one": false, "name": false, "no": false,
		"": false,
	} {
		if got := p.True(path); got != want {
			t.Errorf("True(%q) is %v, want %v", path, got, want)
		}
	}
	if got := (Profile{Token: p.Token}).Text("openid"); got != "o1" {
		t.Errorf("without a document, Text reads the token response: %q, want o1", got)
	}
	if got := (Profile{User: []byte(`[1]`)}).Text("id"); got != "" {
		t.Errorf("Text of a list is %q, want none", got)
	}
}
