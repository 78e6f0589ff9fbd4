package settings_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// acme and forge are vendors; how many others are known does not matter here.
var few = []vendors.Vendor{
	{
		Name: "acme", Label: "Acme", Protocol: vendors.OpenIDConnect,
		Settings: []vendors.Setting{
			{Name: "tenant", Help: "the directory, such as example.com", Required: true},
			{Name: "signing_secret", Help: "a secret", Secret: true},
		},
		New: func(v vendors.Values) (provider.Provider, error) {
			if v["tenant"] == "bad" {
				return nil, &provider.FieldError{Field: "tenant",
					Err: errors.New("must not be bad")}
			}
			id, secret := v.Client()
			return &provider.OIDC{Issuer: "https://" + v["tenant"] + ".acme.example", ClientID: id,
				ClientSecret: secret + v["signing_secret"], DisplayName: "Acme",
				Scopes: []string{"openid"}, AuthParams: map[string][]string{"of": {"acme"},
					"old": {"1"}}}, nil
		},
	},
	{
		Name: "forge", Label: "Forge", Protocol: vendors.OAuthTwo,
		Settings: []vendors.Setting{{Name: "issuer", Help: "where your forge is"}},
		New: func(v vendors.Values) (provider.Provider, error) {
			id, secret := v.Client()
			return &provider.OAuth2{
				Issuer: v["issuer"], ClientID: id, ClientSecret: secret,
				UserFields: provider.Fields{ID: "id"},
				Header:     map[string][]string{"User-Agent": {"forge"}},
				Endpoints: provider.Endpoints{
					Authorization: v["issuer"] + "/a",
					Token:         v["issuer"] + "/t",
					UserInfo:      v["issuer"] + "/user",
				},
			}, nil
		},
	},
}

// make reads a file, if there is one, and the environment.
func makeAll(t *testing.T, file string, env map[string]string) (provider.Set, string) {
	t.Helper()
	e := &settings.Env{Lookup: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}}
	s := &settings.Source{Env: e, Names: e.Names("SALLYPORT_PROVIDERS"), Vendors: few,
		Loopback: true}
	if file != "" {
		var err error
		if s.Document, err = settings.Parse(filepath.Join(env["DIR"], "p.json"),
			[]byte(file)); err != nil {
			e.Mistakes = append(e.Mistakes, err)
		}
	}
	set := s.Providers()
	if err := errors.Join(e.Mistakes...); err != nil {
		return set, err.Error()
	}
	return set, ""
}

// The same providers in the file and in the environment.
func TestProviders_Kinds(t *testing.T) {
	type env = map[string]string
	for name, row := range map[string]struct {
		file string
		env  env
		want provider.Provider
	}{
		"vendor by name": {
			`{"acme": {"client_id": "c", "client_secret": "s", "tenant": "x"}}`,
			env{"SALLYPORT_PROVIDERS": "acme", "SALLYPORT_ACME_CLIENT_ID": "c",
				"SALLYPORT_ACME_CLIENT_SECRET": "s", "SALLYPORT_ACME_TENANT": "x"},
			&provider.OIDC{Issuer: "https://x.acme.example", ClientID: "c", ClientSecret: "s",
				DisplayName: "Acme", Scopes: []string{"openid"},
				AuthParams: map[string][]string{"of": {"acme"}, "old": {"1"}}},
		},
		"vendor under another name, and more": {
			`{"my-work": {"vendor": "acme", "client_id": "c", "tenant": "x", "signing_secret": "t", "scopes": ["openid", "email"], "display_name": "Work", "roles_claim": "a.b", "pushed_authorization": false, "auth_params": {"old": "2", "hd": "x"}}}`,
			env{
				"SALLYPORT_PROVIDERS": "my-work", "SALLYPORT_MY_WORK_VENDOR": "acme",
				"SALLYPORT_MY_WORK_CLIENT_ID": "c", "SALLYPORT_MY_WORK_TENANT": "x",
				"SALLYPORT_MY_WORK_SIGNING_SECRET": "t", "SALLYPORT_MY_WORK_SCOPES": "openid email",
				"SALLYPORT_MY_WORK_DISPLAY_NAME": "Work", "SALLYPORT_MY_WORK_ROLES_CLAIM": "a.b",
				"SALLYPORT_MY_WORK_AUTH_PARAMS":          "old=2&hd=x",
				"SALLYPORT_MY_WORK_PUSHED_AUTHORIZATION": "false",
			},
			&provider.OIDC{Issuer: "https://x.acme.example", ClientID: "c", ClientSecret: "t",
				DisplayName: "Work", Scopes: []string{"openid", "email"}, RolesClaim: "a.b",
				AuthParams: map[string][]string{"of": {"acme"}, "old": {"2"}, "hd": {"x"}}},
		},
		"a vendor's yes": {
			`{"acme": {"client_id": "c", "tenant": true}}`,
			env{"SALLYPORT_PROVIDERS": "acme", "SALLYPORT_ACME_CLIENT_ID": "c",
				"SALLYPORT_ACME_TENANT": "true"},
			&provider.OIDC{Issuer: "https://true.acme.example", ClientID: "c", DisplayName: "Acme",
				Scopes: []string{"openid"}, AuthParams: map[string][]string{"of": {"acme"},
					"old": {"1"}}},
		},
		"a vendor's name, but an address": {
			`{"acme": {"client_id": "c", "issuer": "https://other.example"}}`,
			env{"SALLYPORT_PROVIDERS": "acme", "SALLYPORT_ACME_CLIENT_ID": "c",
				"SALLYPORT_ACME_ISSUER": "https://other.example"},
			&provider.OIDC{Issuer: "https://other.example", ClientID: "c"},
		},
		"an address that the vendor asks for": {
			`{"forge": {"client_id": "c", "issuer": "http://127.0.0.1:1", "email_trust": "always", "headers": {"accept": "b"}, "token_endpoint_auth_method": "none"}}`,
			env{"SALLYPORT_PROVIDERS": "forge", "SALLYPORT_FORGE_CLIENT_ID": "c",
				"SALLYPORT_FORGE_ISSUER":      "http://127.0.0.1:1",
				"SALLYPORT_FORGE_EMAIL_TRUST": "always", "SALLYPORT_FORGE_HEADERS": "Accept=b",
				"SALLYPORT_FORGE_TOKEN_ENDPOINT_AUTH_METHOD": "none"},
			&provider.OAuth2{
				Issuer: "http://127.0.0.1:1", ClientID: "c", AuthMethod: "none",
				UserFields: provider.Fields{ID: "id"}, EmailTrust: provider.EmailAlwaysVerified,
				Endpoints: provider.Endpoints{
					Authorization: "http://127.0.0.1:1/a",
					Token:         "http://127.0.0.1:1/t",
					UserInfo:      "http://127.0.0.1:1/user",
				}, InsecureLoopbackHTTP: true,
				Header: map[string][]string{"User-Agent": {"forge"}, "Accept": {"b"}},
			},
		},
		"OpenID Connect": {
			`{"op": {"client_id": "c", "client_secret": "s", "issuer": "https://op.example", "auth_params": {"hd": "example.com"}, "token_endpoint_auth_method": "client_secret_post",
				"max_age": "8h", "acr_values": ["gold"], "userinfo_mode": "always", "pushed_authorization": true, "insecure_no_pkce": true, "api_base_url": "https://api.example/",
				"response_type": "code id_token", "signing_algs": ["ES256"], "trusted_audiences": ["x"]}}`,
			env{
				"SALLYPORT_PROVIDERS": "op", "SALLYPORT_OP_CLIENT_ID": "c",
				"SALLYPORT_OP_CLIENT_SECRET": "s", "SALLYPORT_OP_ISSUER": "https://op.example",
				"SALLYPORT_OP_AUTH_PARAMS":                "hd=example.com",
				"SALLYPORT_OP_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post",
				"SALLYPORT_OP_MAX_AGE":                    "8h",
				"SALLYPORT_OP_ACR_VALUES":                 "gold",
				"SALLYPORT_OP_USERINFO_MODE":              "always",
				"SALLYPORT_OP_PUSHED_AUTHORIZATION":       "true",
				"SALLYPORT_OP_INSECURE_NO_PKCE":           "true",
				"SALLYPORT_OP_API_BASE_URL":               "https://api.example/",
				"SALLYPORT_OP_RESPONSE_TYPE":              "code id_token",
				"SALLYPORT_OP_SIGNING_ALGS":               "ES256",
				"SALLYPORT_OP_TRUSTED_AUDIENCES":          "x",
			},
			&provider.OIDC{
				ClientID: "c", ClientSecret: "s", Issuer: "https://op.example",
				AuthParams: map[string][]string{"hd": {"example.com"}},
				AuthMethod: "client_secret_post",
				MaxAge:     new(8 * time.Hour), ACRValues: []string{"gold"}, UserInfo: "always",
				PAR: true, InsecureNoPKCE: true, APIBase: "https://api.example/",
				ResponseType: "code id_token", SigningAlgs: []string{"ES256"},
				TrustedAudiences: []string{"x"},
			},
		},
		"OAuth 2.0": {
			`{"in": {"client_id": "c", "client_secret": "s", "authorization_endpoint": "https://in.example/a", "token_endpoint": "https://in.example/t", "refresh_token_url": "https://in.example/r",
				"revocation_endpoint": "https://in.example/v", "api_base_url": "https://in.example/api", "userinfo_endpoint": "me", "scopes": ["a", "b"], "scope_separator": ",", "headers": {"user-agent": "x"},
				"dialect": {"params": {"p": "q"}}, "token_endpoint_auth_method": "client_secret_post", "user_issuer": "in",
				"user": {"id": "data.id", "name": "n", "username": "u", "email": "e", "email_verified": "v", "picture": "p", "roles": "r"}, "email_trust": "never"}}`,
			env{
				"SALLYPORT_PROVIDERS": "in", "SALLYPORT_IN_CLIENT_ID": "c",
				"SALLYPORT_IN_CLIENT_SECRET":          "s",
				"SALLYPORT_IN_AUTHORIZATION_ENDPOINT": "https://in.example/a",
				"SALLYPORT_IN_TOKEN_ENDPOINT":         "https://in.example/t",
				"SALLYPORT_IN_REFRESH_TOKEN_URL":      "https://in.example/r",
				"SALLYPORT_IN_REVOCATION_ENDPOINT":    "https://in.example/v",
				"SALLYPORT_IN_API_BASE_URL":           "https://in.example/api",
				"SALLYPORT_IN_USERINFO_ENDPOINT":      "me", "SALLYPORT_IN_SCOPES": "a b",
				"SALLYPORT_IN_SCOPE_SEPARATOR":            ",",
				"SALLYPORT_IN_HEADERS":                    "user-agent=x",
				"SALLYPORT_IN_DIALECT_PARAMS":             "p=q",
				"SALLYPORT_IN_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post",
				"SALLYPORT_IN_USER_ISSUER":                "in",
				"SALLYPORT_IN_USER_ID":                    "data.id", "SALLYPORT_IN_USER_NAME": "n",
				"SALLYPORT_IN_USER_USERNAME": "u", "SALLYPORT_IN_USER_EMAIL": "e",
				"SALLYPORT_IN_USER_EMAIL_VERIFIED": "v",
				"SALLYPORT_IN_USER_PICTURE":        "p", "SALLYPORT_IN_USER_ROLES": "r",
				"SALLYPORT_IN_EMAIL_TRUST": "never",
			},
			&provider.OAuth2{
				ClientID: "c", ClientSecret: "s", Endpoints: provider.Endpoints{
					Authorization: "https://in.example/a",
					Token:         "https://in.example/t",
					UserInfo:      "me",
					Revocation:    "https://in.example/v",
				},
				AuthMethod: "client_secret_post",
				RefreshURL: "https://in.example/r", APIBase: "https://in.example/api",
				Scopes: []string{"a", "b"}, ScopeSeparator: ",",
				Header:  map[string][]string{"User-Agent": {"x"}},
				Dialect: provider.Dialect{Params: map[string][]string{"p": {"q"}}}, Issuer: "in",
				EmailTrust: provider.EmailNeverVerified,
				UserFields: provider.Fields{ID: "data.id", Name: "n", Username: "u", Email: "e",
					EmailVerified: "v", Picture: "p", Roles: "r"},
			},
		},
		"OAuth 1.0a": {
			`{"one": {"client_id": "c", "client_secret": "s", "request_token_endpoint": "http://localhost:1/r", "authorization_endpoint": "http://localhost:1/a", "token_endpoint": "http://localhost:1/t",
				"userinfo_endpoint": "http://localhost:1/me", "user": {"id": "id"}, "signature_method": "HMAC-SHA256", "realm": "x", "insecure_unconfirmed_callback": true}}`,
			env{
				"SALLYPORT_PROVIDERS": "one", "SALLYPORT_ONE_CLIENT_ID": "c",
				"SALLYPORT_ONE_CLIENT_SECRET":                 "s",
				"SALLYPORT_ONE_REQUEST_TOKEN_ENDPOINT":        "http://localhost:1/r",
				"SALLYPORT_ONE_AUTHORIZATION_ENDPOINT":        "http://localhost:1/a",
				"SALLYPORT_ONE_TOKEN_ENDPOINT":                "http://localhost:1/t",
				"SALLYPORT_ONE_USERINFO_ENDPOINT":             "http://localhost:1/me",
				"SALLYPORT_ONE_USER_ID":                       "id",
				"SALLYPORT_ONE_SIGNATURE_METHOD":              "HMAC-SHA256",
				"SALLYPORT_ONE_REALM":                         "x",
				"SALLYPORT_ONE_INSECURE_UNCONFIRMED_CALLBACK": "true",
			},
			&provider.OAuth1{
				ClientID: "c", ClientSecret: "s", Endpoints: provider.Endpoints{
					RequestToken:  "http://localhost:1/r",
					Authorization: "http://localhost:1/a",
					Token:         "http://localhost:1/t",
					UserInfo:      "http://localhost:1/me",
				},
				UserFields:      provider.Fields{ID: "id"},
				SignatureMethod: "HMAC-SHA256", Realm: "x", InsecureUnconfirmedCallback: true,
				InsecureLoopbackHTTP: true,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fromFile, mistakes := makeAll(t, row.file, nil)
			if mistakes != "" || len(fromFile) != 1 {
				t.Fatalf("the file: %s", mistakes)
			}
			fromEnv, mistakes := makeAll(t, "", row.env)
			if mistakes != "" || len(fromEnv) != 1 {
				t.Fatalf("the environment: %s", mistakes)
			}
			for _, set := range []provider.Set{fromFile, fromEnv} {
				for _, p := range set {
					if !reflect.DeepEqual(p, row.want) {
						t.Errorf("got %s", differences(p, row.want))
					}
				}
			}
		})
	}
}

// differences names the fields that differ.
func differences(got, want any) string {
	g, w := reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem()
	if g.Type() != w.Type() {
		return g.Type().String() + ", want " + w.Type().String()
	}
	var names []string
	for i := range g.NumField() {
		if f := g.Type().Field(i); f.IsExported() && !reflect.DeepEqual(g.Field(i).Interface(),
			w.Field(i).Interface()) {
			names = append(names, f.Name)
		}
	}
	return "other " + strings.Join(names, ", ")
}

// Secrets come from where the file says, relative to its folder, and the environment goes before
// all of it.
func TestProviders_Secrets(t *testing.T) {
	dir := t.TempDir()
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY",
		Bytes: x509.MarshalPKCS1PrivateKey(authtest.ClientKey())})
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(exchange)
	if err != nil {
		t.Fatal(err)
	}
	other := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	for name, content := range map[string][]byte{"s": []byte("from file\r\n"), "key.pem": key,
		"other.pem": other, "broken.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
			Bytes: []byte("x")}), "empty": nil, "big": make([]byte, 100<<10)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for given, want := range map[string]string{
		`"client_secret": "in it"`:                                "in it",
		`"client_secret_file": "s"`:                               "from file",
		`"client_secret_file": "` + filepath.Join(dir, "s") + `"`: "from file",
		`"client_secret_env": "ACME"`:                             "from variable",
		`"client_secret_file": "hunter2"`: "! cannot be read from " +
			"client_secret_file: the file cannot be opened",
		`"client_secret_file": "empty"`:  "! is empty",
		`"client_secret_file": "big"`:    "! too large",
		`"client_secret_file": "."`:      "! cannot be read",
		`"client_secret_env": "hunter2"`: "! is not set",
		`"client_secret_env": "hunter 2"`: "! is not the name of an " +
			"environment variable",
		`"client_secret": "hunter2", "client_secret_file": "s"`:        "! in more than one way",
		`"client_secret": ["hunter2"]`:                                 "! must be a text",
		`"client_id_file": "hunter2"`:                                  "! client_id_file is not known",
		`"tenant_env": "hunter2"`:                                      "! tenant_env is not known",
		`"signing_secret_file": "s"`:                                   "from file",
		`"signing_secret_file": "s", "signing_secret_env": "hunter2"`:  "! in more than one way",
		`"client_secret_env": "ACME", "Client_Secret_File": "hunter2"`: "! did you mean client_secret_file?",
	} {
		file := `{"acme": {"client_id": "c", "tenant": "x", ` + given + `}}`
		set, mistakes := makeAll(t, file, map[string]string{"DIR": dir, "ACME": "from variable"})
		if complaint, wrong := strings.CutPrefix(want, "! "); wrong {
			if !strings.Contains(mistakes, complaint) || strings.Contains(mistakes, "hunter") ||
				strings.Contains(mistakes, "\n") ||
				!strings.HasPrefix(mistakes, filepath.Join(dir, "p.json")+":1: acme.") {
				t.Errorf("%s: got\n%s", given, mistakes)
			}
			continue
		}
		if mistakes != "" || set["acme"].(*provider.OIDC).ClientSecret != want {
			t.Errorf("%s: %s", given, mistakes)
		}
	}

	set, mistakes := makeAll(t,
		`{"acme": {"client_id": "c", "tenant": "x", "client_secret_file": "none"}}`,
		map[string]string{"DIR": dir, "SALLYPORT_ACME_CLIENT_SECRET_FILE": filepath.Join(dir, "s"),
			"SALLYPORT_ACME_TENANT": "y"})
	if mistakes != "" || set["acme"].(*provider.OIDC).ClientSecret != "from file" ||
		set["acme"].(*provider.OIDC).Issuer != "https://y.acme.example" {
		t.Errorf("the environment does not go before the file: %s", mistakes)
	}

	rsa := `{"one": {"client_id": "c", "private_key_file": "FILE", "signature_method": "RSA-SHA1", "request_token_endpoint": "https://a.example/r", "authorization_endpoint": "https://a.example/a", "token_endpoint": "https://a.example/t", "user": {"id": "id"}}}`
	set, mistakes = makeAll(t, strings.Replace(rsa, "FILE", "key.pem", 1),
		map[string]string{"DIR": dir})
	if mistakes != "" || !authtest.ClientKey().Equal(set["one"].(*provider.OAuth1).PrivateKey) {
		t.Errorf("RSA: %s", mistakes)
	}
	for file, want := range map[string]string{"s": "must be a key in PEM",
		"other.pem": "must be a private key that", "broken.pem": "must be a private key that"} {
		if _, mistakes = makeAll(t, strings.Replace(rsa, "FILE", file, 1),
			map[string]string{"DIR": dir}); !strings.Contains(mistakes, "one.private_key "+want) ||
			strings.Contains(mistakes, "\n") {
			t.Errorf("%s, which holds no such key: %s", file, mistakes)
		}
	}
}

// R157: every mistake at once, each with its place.
func TestProviders_R157_Mistakes(t *testing.T) {
	const oauth = `"client_id": "c", "authorization_endpoint": "https://a.example/a", "token_endpoint": "https://a.example/t", "userinfo_endpoint": "https://a.example/me"`
	for file, want := range map[string][]string{
		`{"acme": {}}`: {"acme.client_id is not set", "acme.tenant is not set: the directory"},
		`{"acme": {"client_id": "c", "tenant": "bad"}}`:                                                            {"acme.tenant must not be bad"},
		`{"acme": {"client_id": "c", "tenant": 1}}`:                                                                {"acme.tenant must be a text"},
		`{"acme": {"client_id": "", "tenant": "x"}}`:                                                               {"acme.client_id must be a text that is not empty"},
		`{"acme": {"client_id": null, "tenant": "x"}}`:                                                             {"acme.client_id must be a text that is not empty"},
		`{"acme": {"clientid": "c", "tenants": "x"}}`:                                                              {"acme.clientid is not known; did you mean client_id?", "acme.tenants is not known; did you mean tenant?", "acme.client_id is not set", "acme.tenant is not set"},
		`{"acme": {"client_id": "c", "tenant": "x", "realm": "x", "user": {"id": "x"}}}`:                           {"acme.realm does not apply to Acme", "acme.user.id does not apply to Acme"},
		`{"forge": {"client_id": "c", "issuer": "http://a.example"}}`:                                              {"forge: authorization_endpoint must be https", "forge: token_endpoint must be https", "forge: userinfo_endpoint must be https"},
		`{"acne": {"client_id": "c", "tenant": "x"}}`:                                                              {"acne: the kind of provider is not set: set vendor", "did you mean acme?"},
		`{"x": {"vendor": "acne", "client_id": "c"}}`:                                                              {"x.vendor is not a known vendor; did you mean acme?"},
		`{"x": {"vendor": 1, "zzz": 1}}`:                                                                           {"x.vendor must be a text", "x.zzz is not known"},
		`{"x": {"scope": "a", "issuer": "https://x.example"}}`:                                                     {"x.scope is not known; did you mean scopes?", "x.client_id is not set"},
		`{"x": {"client_id": "c", "request_token_endpoint": "https://x.example"}}`:                                 {"x.authorization_endpoint is not set", "x.token_endpoint is not set", "x.user.id is not set", "x.client_secret is missing"},
		`{"x": {"token_endpoint": "https://x.example"}}`:                                                           {"x.client_id is not set", "x.authorization_endpoint is not set", "x.user.id is not set"},
		`{"x": {` + oauth + `, "user": "id"}}`:                                                                     {"x.user must be an object", "x.user.id is not set"},
		`{"x": {` + oauth + `, "user": {"id": "a..b", "nam": "x"}}}`:                                               {`x.user.id "a..b" has an empty name in it`, "x.user.nam is not known; did you mean user.name?"},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "scopes": "a"}}`:                                              {`x.scopes must be a list of texts`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "scopes": ["a", 1]}}`:                                         {`x.scopes must be a list of texts`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "scopes": []}}`:                                               {`x.scopes must be a list of texts`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "scopes": [""]}}`:                                             {`x.scopes must be a list of texts`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "headers": {"": "a"}}}`:                                       {`x.headers must be an object of texts`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "client_secret": "s", "token_endpoint_auth_method": "none"}}`: {`x.token_endpoint_auth_method must not be none: a client secret is set`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "headers": {"a": 1}}}`:                                        {`x.headers must be an object of texts`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "headers": {"Cookie": "a"}}}`:                                 {`x.headers "Cookie" is set by the library`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "insecure_no_pkce": "true"}}`:                                 {`x.insecure_no_pkce must be true or false, without quotation marks`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "email_trust": "yes"}}`:                                       {`x.email_trust must be by_member, never or always`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "token_endpoint_auth_method": "x"}}`:                          {`x.token_endpoint_auth_method "x" is not client_secret_basic`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "api_base_url": "ftp://x"}}`:                                  {`x.api_base_url must be https`},
		`{"x": {` + oauth + `, "user": {"id": "id"}, "auth_params": {"state": "x"}}}`:                              {`x.auth_params "state" is set by the library`},
		`{"x": {"client_id": "c", "issuer": "http://op.example"}}`:                                                 {`x.issuer must be https`},
		`{"x": {"client_id": "c", "issuer": "https://op.example", "max_age": "-1s"}}`:                              {`x.max_age must be a duration`},
		`{"X": {}, "a/b": {}, "": {}, "y": 1, "a\nb": {}}`:                                                         {"X must consist of", "a/b must consist of", ": must consist of"[1:], "y must be an object", `a\nb must consist of`},
		`{"a-b": {"client_id": "c", "issuer": "https://op.example"}, "a_b": {}}`:                                   {"a_b has the same settings in the environment as a-b"},
	} {
		set, mistakes := makeAll(t, file, nil)
		for _, line := range strings.Split(mistakes, "\n") {
			if !strings.HasPrefix(line, "p.json:1: ") {
				t.Errorf("%s: a mistake without a place: %q", file, line)
			}
		}
		if got := strings.Count(mistakes, "\n") + 1; got != len(want) {
			sameLine := len(want) == 2 && strings.HasPrefix(want[1], "did you")
			if !sameLine {
				t.Errorf("%s: %d mistakes, want %d:\n%s", file, got, len(want), mistakes)
			}
		}
		for _, w := range want {
			if !strings.Contains(mistakes, w) {
				t.Errorf("%s: no mention of %q:\n%s", file, w, mistakes)
			}
		}
		if len(set) != 0 && !strings.Contains(file, "a_b") {
			t.Errorf("%s: a provider with a mistake was made", file)
		}
	}
}

// Mistakes in the environment are told by the names of variables.
func TestProviders_MistakesInTheEnvironment(t *testing.T) {
	_, mistakes := makeAll(t, "", map[string]string{
		"SALLYPORT_PROVIDERS":                "x, y,acme,x,,Z,x-user,y-2,y_2",
		"SALLYPORT_X_CLIENT_ID":              "c",
		"SALLYPORT_X_CLIENT_SECRET":          "hunter2",
		"SALLYPORT_X_CLIENT_SECRET_FILE":     "hunter2",
		"SALLYPORT_X_AUTHORIZATION_ENDPOINT": "https://a.example",
		"SALLYPORT_X_TOKEN_ENDPOINT":         "ftp://a.example",
		"SALLYPORT_X_USER_ISSUER":            "https://two.example",
		"SALLYPORT_X_USER_ID":                "id",
		"SALLYPORT_X_REALM":                  "r",
		"SALLYPORT_X_AUTH_PARAMS":            "%zz",
		"SALLYPORT_X_INSECURE_NO_PKCE":       "1",
		"SALLYPORT_X_USER_CLIENT_ID":         "c",
		"SALLYPORT_ACME_CLIENT_ID":           "c",
		"SALLYPORT_ACME_SIGNING_SECRET_FILE": "hunter2",
		"SALLYPORT_Y_2_VENDOR":               "acem",
	})
	want := []string{
		`SALLYPORT_PROVIDERS: "x" is a duplicate`,
		`SALLYPORT_PROVIDERS must be names`,
		`SALLYPORT_PROVIDERS: "Z" must consist of`,
		`SALLYPORT_PROVIDERS: "y_2" has the same settings in the environment as y-2`,
		`SALLYPORT_X_CLIENT_SECRET and SALLYPORT_X_CLIENT_SECRET_FILE are both set`,
		`SALLYPORT_X_TOKEN_ENDPOINT must be https`,
		`SALLYPORT_X_REALM does not apply to a provider of OAuth 2.0`,
		`SALLYPORT_X_AUTH_PARAMS must look like a query`,
		`SALLYPORT_X_INSECURE_NO_PKCE must be true or false`,
		`SALLYPORT_X_USER_ISSUER could be about x or about x-user`,
		`SALLYPORT_PROVIDERS: y: the kind of provider is not set: set SALLYPORT_Y_VENDOR, _ISSUER`,
		`SALLYPORT_ACME_TENANT is not set`,
		`SALLYPORT_ACME_SIGNING_SECRET_FILE: the file cannot be opened`,
		`SALLYPORT_Y_2_VENDOR is not a known vendor; did you mean acme?`,
	}
	lines := strings.Split(mistakes, "\n")
	for _, w := range want {
		if !slices.ContainsFunc(lines, func(line string) bool {
			return strings.HasPrefix(line, w)
		}) {
			t.Errorf("no mention of %q", w)
		}
	}
	if len(lines) != len(want) || strings.Contains(mistakes, "hunter2") {
		t.Errorf("%d mistakes, want %d:\n%s", len(lines), len(want), mistakes)
	}
}

// Every vendor that is known by name can be written down: no setting has a name that means
// something else, in the file or in the environment, where all of them are there at once.
func TestVendors(t *testing.T) {
	env := map[string]string{}
	var names []string
	e := &settings.Env{Lookup: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}}
	for _, p := range vendors.All() {
		names = append(names, p.Name)
		prefix := "SALLYPORT_" + strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_")) + "_"
		if !directory.ValidName(p.Name) || p.Label == "" || p.New == nil {
			t.Errorf("the vendor %q", p.Name)
		}
		for _, s := range append(p.Settings, vendors.Setting{Name: "client_id"},
			vendors.Setting{Name: "client_secret", Secret: true}) {
			if !key.MatchString(s.Name) || s.Name == "vendor" ||
				strings.HasSuffix(s.Name, "_file") || strings.HasSuffix(s.Name, "_env") {
				t.Errorf("%s: the setting %q", p.Name, s.Name)
			}
			env[prefix+strings.ToUpper(s.Name)] = "x"
		}
	}
	source := &settings.Source{Env: e, Names: names, Vendors: vendors.All()}
	source.Providers()
	for _, err := range e.Mistakes { // values may be wrong, names may not
		for _, bad := range []string{"could be about", "no setting of", "not known", "not a known",
			"the same settings", "the kind of provider"} {
			if strings.Contains(err.Error(), bad) {
				t.Error(err)
			}
		}
	}
}

var key = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// F56: an application that already stores Spotify's id keeps it by the setting user.id.
func TestProviders_F56_SpotifyUsersByID(t *testing.T) {
	for file, want := range map[string]string{
		`{"spotify": {"client_id": "c", "client_secret": "s"}}`:                       "account_id",
		`{"spotify": {"client_id": "c", "client_secret": "s", "user": {"id": "id"}}}`: "id",
	} {
		e := &settings.Env{Lookup: func(string) (string, bool) { return "", false }}
		s := &settings.Source{Env: e, Vendors: vendors.All()}
		var err error
		if s.Document, err = settings.Parse("providers.json", []byte(file)); err != nil {
			t.Fatal(err)
		}
		made, _ := s.Providers()["spotify"].(*provider.OAuth2)
		if err := errors.Join(e.Mistakes...); err != nil || made == nil ||
			made.UserFields.ID != want {
			t.Errorf("%s: %+v, %v; want users by %s", file, made, err, want)
		}
	}
}

// Endpoints with the name of a vendor replace those in the metadata of that vendor. A provider of
// one's own that has the name, without metadata, stays what it is.
func TestProviders_EndpointsOfAVendor(t *testing.T) {
	const acme = `{"acme": {"client_id": "c", "client_secret": "s", "tenant": "t",
		"token_endpoint": "https://t.acme.example/other"}}`
	set, mistakes := makeAll(t, acme, nil)
	if o, ok := set["acme"].(*provider.OIDC); !ok || mistakes != "" || o.DisplayName != "Acme" ||
		o.Endpoints.Token != "https://t.acme.example/other" {
		t.Errorf("the vendor: %#v, %s", set["acme"], mistakes)
	}
	const own = `{"acme": {"client_id": "c", "client_secret": "s", "user": {"id": "id"},
		"authorization_endpoint": "https://own.example/a", "token_endpoint": "https://own.example/t",
		"userinfo_endpoint": "https://own.example/me"}}`
	set, mistakes = makeAll(t, own, nil)
	if _, ok := set["acme"].(*provider.OAuth2); !ok || mistakes != "" {
		t.Errorf("a provider of one's own: %#v, %s", set["acme"], mistakes)
	}
}
