package sallyport_test

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
)

// complete are settings of several providers, without a mistake.
var complete = map[string]string{
	"BASE_URL": "https://app.example.com", "SESSION_SECRET": sessionSecret,
	"OIDC_ISSUER": "https://op.example.com", "OIDC_CLIENT_ID": "client",
	"SALLYPORT_PROVIDERS": "login,plain", "SALLYPORT_LOGIN_ISSUER": "https://login.example.com",
	"SALLYPORT_LOGIN_CLIENT_ID": "client", "SALLYPORT_PLAIN_CLIENT_ID": "c",
	"SALLYPORT_PLAIN_AUTHORIZATION_ENDPOINT": "https://p.example/a",
	"SALLYPORT_PLAIN_TOKEN_ENDPOINT":         "https://p.example/t",
	"SALLYPORT_PLAIN_USERINFO_ENDPOINT":      "https://p.example/me",
	"SALLYPORT_PLAIN_USER_ID":                "id",
}

// misspelled are variables that would otherwise be ignored silently, each with its error.
var misspelled = map[string]string{
	"SALLYPORT_LOGIN_LEWAY":              "did you mean SALLYPORT_LOGIN_LEEWAY?",
	"SALLYPORT_LOGIN_CLIENT_SECRTE":      "did you mean SALLYPORT_LOGIN_CLIENT_SECRET?",
	"SALLYPORT_LOGIN_CLIENT_SECRET_FIEL": "did you mean SALLYPORT_LOGIN_CLIENT_SECRET_FILE?",
	"SALLYPORT_LOGIN_CLINT_SECRET_FILE":  "did you mean SALLYPORT_LOGIN_CLIENT_SECRET_FILE?",
	"SALLYPORT_LOGIN_SCOPE":              "did you mean SALLYPORT_LOGIN_SCOPES?",
	"SALLYPORT_LOGIN_METADATA_URL":       "did you mean SALLYPORT_LOGIN_DISCOVERY_URL?",
	"SALLYPORT_LOGIN_ROLES":              "did you mean SALLYPORT_LOGIN_ROLES_CLAIM?",
	"SALLYPORT_LOGIN_ROLES_CLAIMS":       "did you mean SALLYPORT_LOGIN_ROLES_CLAIM?",
	"SALLYPORT_PLAIN_USER_NAM":           "did you mean SALLYPORT_PLAIN_USER_NAME?",
	"SALLYPORT_PLAIN_REVOCATION_URL":     "did you mean SALLYPORT_PLAIN_REVOCATION_ENDPOINT?",
	"SALLYPORT_PLAIN_LEEWAY":             "SALLYPORT_PLAIN_LEEWAY does not apply to",
	"SALLYPORT_GOOGLE_CLIENT_ID":         "no provider is named google",
	"OIDC_SCOPE":                         "did you mean OIDC_SCOPES?",
	"OIDC_CLIENT_SECERT":                 "did you mean OIDC_CLIENT_SECRET?",
	"OIDC_CLIENT_SECRETFILE":             "did you mean OIDC_CLIENT_SECRET_FILE?",
	"SALLYPORT_CONFG":                    "did you mean SALLYPORT_CONFIG?",
	"SALLYPORT_HOM":                      "did you mean SALLYPORT_HOME?",
	"LISTEN_ADR":                         "did you mean LISTEN_ADDR?",
}

// F46: a variable with a slip in it is named, with the one that was meant, also where no list of
// variables exists.
func TestFromEnv_F46_MisspelledVariables(t *testing.T) {
	if _, err := sallyport.FromEnv(lookupIn(complete)); err != nil {
		t.Fatal(err)
	}
	for name, want := range misspelled {
		env := maps.Clone(complete)
		env[name] = "hunter2"
		_, err := sallyport.FromEnv(lookupIn(env))
		if err == nil || !strings.Contains(err.Error(), name+" ") ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", name, err, want)
			continue
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != 1 {
			t.Errorf("%s: %d lines: %v", name, len(lines), err)
		}
	}
}

// F46: variables of the environment can be listed, so that more than slips are found there. Those
// of other programs are left alone.
func TestFromEnv_F46_Environment(t *testing.T) {
	for name, value := range complete {
		t.Setenv(name, value)
	}
	for _, foreign := range []string{"SALLYPORT_DEMO", "OIDC_AUDIENCE", "SESSION_STORE",
		"SESSION_MANAGER", "HOMEPATH", "LISTEN_FDS", "BASE_URI"} {
		t.Setenv(foreign, "x")
	}
	if _, err := sallyport.FromEnv(os.LookupEnv); err != nil {
		t.Fatal(err)
	}
	wild := maps.Clone(misspelled)
	maps.Copy(wild, map[string]string{
		"SALLYPORT_LOGIN_CLNT_SCRT": "SALLYPORT_LOGIN_CLNT_SCRT is not known",
		"SALLYPORT_LOGIN_WHATEVER":  "SALLYPORT_LOGIN_WHATEVER is not known",
		"SALLYPORT_INTRANET_ISSUER": "no provider is named intranet",
		"SALLYPORT_LOGON_LEEWAY":    "no provider is named logon",
	})
	for name, want := range wild {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "hunter2")
			if _, err := sallyport.FromEnv(os.LookupEnv); err == nil ||
				!strings.Contains(err.Error(), name+" ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

// F46: a value that cannot be read is an error that names the variable.
func TestFromEnv_F46_ValuesNameTheirVariable(t *testing.T) {
	for name, value := range map[string]string{
		"SALLYPORT_LOGIN_LEEWAY": "nonsense", "SALLYPORT_LOGIN_MAX_AGE": "soon",
		"SALLYPORT_LOGIN_EMAIL_TRUST":          "maybe",
		"SALLYPORT_LOGIN_PUSHED_AUTHORIZATION": "perhaps",
		"SALLYPORT_LOGIN_PRIVATE_KEY":          "nonsense", "SALLYPORT_LOGIN_CA": "nonsense",
		"SALLYPORT_LOGIN_USERINFO_MODE": "x", "SALLYPORT_LOGIN_SIGNING_ALGS": "HS256",
		"SALLYPORT_PLAIN_INSECURE_NO_PKCE": "2",
		"SALLYPORT_LOGIN_INTERNAL_URL":     "nonsense", "SALLYPORT_LOGIN_DISCOVERY_URL": "nonsense",
		"SALLYPORT_LOGIN_RESPONSE_TYPE": "token",
		"SALLYPORT_HOME":                "nonsense", "BASE_URL": "nonsense",
		"SESSION_SECRET": "nonsense",
		"OIDC_ISSUER":    "nonsense", "OIDC_SCOPES": `"`,
		"OIDC_INTERNAL_URL": "nonsense", "OIDC_CA": "nonsense",
	} {
		env := maps.Clone(complete)
		env[name] = value
		if _, err := sallyport.FromEnv(lookupIn(env)); err == nil ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
