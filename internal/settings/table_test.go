package settings_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// fields are the paths of all exported fields of a struct, and of those inside of it that the
// library declares.
func fields(t reflect.Type) []string {
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		inside := f.Type
		if inside.Kind() == reflect.Pointer {
			inside = inside.Elem()
		}
		if inside.Kind() == reflect.Struct && (inside.PkgPath() == t.PkgPath()) {
			for _, path := range fields(inside) {
				all = append(all, f.Name+"."+path)
			}
			continue
		}
		all = append(all, f.Name)
	}
	return all
}

// set are the fields of a type that settings set, by their keys.
func set(t *testing.T, typ reflect.Type) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, s := range settings.All() {
		for name := range strings.FieldsSeq(s.Fields) {
			path := strings.TrimPrefix(name, typ.Name()+".")
			if !slices.Contains(fields(typ), path) {
				continue
			}
			if other, twice := found[path]; twice {
				t.Errorf("%s.%s is set by %s and by %s", typ.Name(), path, other, s.Key)
			}
			found[path] = s.Key
		}
	}
	return found
}

// Every field of a provider can be set, or a table says why not: a field that is added later must
// be in one of the tables.
func TestTable_EveryFieldCanBeSet(t *testing.T) {
	inCode, _ := settings.InCode()
	unused := maps.Clone(inCode)
	for _, typ := range []reflect.Type{
		reflect.TypeFor[provider.OIDC](), reflect.TypeFor[provider.OAuth2](),
		reflect.TypeFor[provider.OAuth1](),
	} {
		found := set(t, typ)
		for _, path := range fields(typ) {
			_, code := inCode[path]
			_, codeOfType := inCode[typ.Name()+"."+path]
			delete(unused, path)
			delete(unused, typ.Name()+"."+path)
			if _, ok := found[path]; ok == (code || codeOfType) {
				t.Errorf("%s.%s must be in one of two tables of internal/settings: the "+
					"settings in "+
					"providertable.go, or the fields that are set in code, with the reason",
					typ.Name(), path)
			}
		}
	}
	if len(unused) > 0 {
		t.Errorf("there are no such fields: %v", unused)
	}
}

// Every setting applies to a protocol, and has a help.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range settings.All() {
		fits := s.For(vendors.OpenIDConnect) || s.For(vendors.OAuthTwo) || s.For(vendors.OAuthOne)
		if seen[s.Key] || s.Help == "" || !fits {
			t.Errorf("%q is a duplicate, has no help, or applies to no protocol", s.Key)
		}
		seen[s.Key] = true
	}
}

// written is a value for a field, as the environment and as the file have it.
func written(t *testing.T, typ reflect.Type, key string) (env, file string) {
	t.Helper()
	switch {
	case key == "userinfo_mode", key == "email_trust":
		return "never", `"never"`
	case key == "token_endpoint_auth_method":
		return "client_secret_post", `"client_secret_post"`
	case key == "max_age", key == "leeway":
		return "90s", `"90s"`
	case typ.Kind() == reflect.Bool:
		return "true", "true"
	case typ.Kind() == reflect.String:
		return "text", `"text"`
	case typ == reflect.TypeFor[[]provider.Document]():
		return "z?=z%20z&a=b", `{"z?": "z z", "a": "b"}`
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.String:
		return "one two", `["one", "two"]`
	case typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.String:
		return "a=b%26c&d=e", `{"a": "b&c", "d": "e"}`
	case typ.Kind() == reflect.Map:
		return "A=b&A=c&D=e", `{"A": ["b", "c"], "D": "e"}`
	}
	return "", "" // PEM: TestProviders_Secrets
}

// The environment and the file set the same field to the same value, for each setting.
func TestTable_EnvironmentAndFileAgree(t *testing.T) {
	for protocol, deciding := range map[vendors.Protocol]string{
		vendors.OpenIDConnect: "issuer", vendors.OAuthTwo: "authorization_endpoint",
		vendors.OAuthOne: "request_token_endpoint",
	} {
		typ := map[vendors.Protocol]reflect.Type{
			vendors.OpenIDConnect: reflect.TypeFor[provider.OIDC](),
			vendors.OAuthTwo:      reflect.TypeFor[provider.OAuth2](),
			vendors.OAuthOne:      reflect.TypeFor[provider.OAuth1](),
		}[protocol]
		for path, key := range set(t, typ) {
			field := fieldOf(reflect.New(typ), path)
			env, file := written(t, field.Type(), key)
			if env == "" {
				continue
			}
			var want reflect.Value
			for i, row := range []struct {
				file string
				env  map[string]string
			}{
				{`{"x": {"` + deciding + `": "text", ` + object(key, file) + `}}`, nil},
				{"", map[string]string{
					"SALLYPORT_PROVIDERS": "x", "SALLYPORT_X_" + strings.ToUpper(deciding): "text",
					"SALLYPORT_X_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_")): env,
				}},
			} {
				if key == deciding && row.file != "" {
					row.file = `{"x": {"` + deciding + `": "text"}}`
				}
				made := makeOne(t, row.file, row.env)
				got := fieldOf(reflect.ValueOf(made), path)
				if got.IsZero() {
					t.Errorf("%s: row %d does not set %s.%s", key, i, typ.Name(), path)
				} else if i == 0 {
					want = got
				} else if !reflect.DeepEqual(got.Interface(), want.Interface()) {
					t.Errorf("%s is %v in the file, and %v in the environment", key, want, got)
				}
			}
		}
	}
}

// object is a key with a value in JSON, in an object of its own if the key has a dot.
func object(key, value string) string {
	if before, after, nested := strings.Cut(key, "."); nested {
		return `"` + before + `": {"` + after + `": ` + value + `}`
	}
	return `"` + key + `": ` + value
}

// fieldOf is a field by its path, with structs on the way made.
func fieldOf(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.FieldByName(name)
	}
	return v
}

// makeOne makes a provider, whose other settings may be wrong.
func makeOne(t *testing.T, file string, env map[string]string) provider.Provider {
	t.Helper()
	e := &settings.Env{Lookup: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}}
	s := &settings.Source{Env: e, Names: e.Names("SALLYPORT_PROVIDERS"), Loopback: true}
	if file != "" {
		var err error
		if s.Document, err = settings.Parse("p.json", []byte(file)); err != nil {
			t.Fatal(err)
		}
	}
	s.Providers()
	for _, m := range e.Mistakes {
		for _, bad := range []string{"is not known", "does not apply", "must be a", "must look"} {
			if strings.Contains(m.Error(), bad+" ") {
				t.Errorf("%s%v: %v", file, env, m)
			}
		}
	}
	return s.Made("x")
}

// Whatever a variable holds, it is read or rejected in one line, and a secret is not shown.
func FuzzEnvironment(f *testing.F) {
	for _, seed := range []string{
		"", "x", "true", "90s", "-1s", "9999999h", "a=b&a=c&=d&e", "a?=b", "%zz", "a;b", "a b  c",
		"https://op.example/{tenantid}#x", "a\nb",
		"http://u:p@localhost:1?x", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
		"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
		"..|a.b|", "\xff\x00", "client_id=client_id&code=x", "id_token token", "Cookie=x&=", "*=*",
		"state=x", "none", "lax",
	} {
		for i := range settings.All() {
			f.Add(uint(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint, text string) {
		s := settings.All()[which%uint(len(settings.All()))]
		variable := "SALLYPORT_X_" + strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_"))
		for _, kind := range []string{"ISSUER", "AUTHORIZATION_ENDPOINT",
			"REQUEST_TOKEN_ENDPOINT"} {
			env := map[string]string{"SALLYPORT_X_" + kind: "https://op.example", variable: text}
			e := &settings.Env{Lookup: func(name string) (string, bool) {
				v, ok := env[name]
				return v, ok
			}}
			(&settings.Source{Env: e, Names: []string{"x"}}).Providers()
			for _, m := range e.Mistakes {
				shown := s.Secret && len(text) > 12 && strings.Contains(m.Error(), text)
				if strings.ContainsAny(m.Error(), "\r\n") || shown {
					t.Errorf("%s: the mistake %q", variable, m)
				}
			}
		}
	})
}
