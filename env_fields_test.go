package sallyport_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// configFields are the fields of sallyport.Config by their paths, and those of session.Config.
func configFields() []string {
	var all []string
	for f := range reflect.TypeFor[sallyport.Config]().Fields() {
		if f.Name != "Session" {
			all = append(all, f.Name)
		}
	}
	for f := range reflect.TypeFor[session.Config]().Fields() {
		all = append(all, "Session."+f.Name)
	}
	return all
}

// Every field of the configuration can be set in the environment, or a table says why not: a field
// that is added later must be in one of the tables.
func TestFromEnv_EveryFieldCanBeSet(t *testing.T) {
	_, inCode := settings.InCode()
	inCode = maps.Clone(inCode)
	byField := map[string]string{}
	for _, s := range settings.General() {
		byField[s.Fields] = s.Key
	}
	for _, field := range configFields() {
		_, set := byField[field]
		if _, code := inCode[field]; code == set {
			t.Errorf("%s must be in one of two tables of internal/settings/general.go: the "+
				"settings, or "+
				"the fields that are set in code, with the reason", field)
		}
		delete(byField, field)
		delete(inCode, field)
	}
	if len(byField)+len(inCode) > 0 {
		t.Errorf("there are no such fields: %v, %v", byField, inCode)
	}
}

// The settings of the application and of sessions arrive in the Config.
func TestFromEnv_GeneralSettings(t *testing.T) {
	env := maps.Clone(complete)
	maps.Copy(env, map[string]string{
		"BASE_URL": "https://app.example.com/r", "SALLYPORT_PROXY_STRIPS_PATH": "true",
		"SALLYPORT_ORIGINS":  "https://a.example.com https://b.example.com",
		"SALLYPORT_APP_NAME": "Reports", "SALLYPORT_PREFIX": "/login", "SALLYPORT_HOME": "/app/",
		"SALLYPORT_TRUSTED_ORIGINS":   "https://a.example.com https://b.example.com",
		"SALLYPORT_THIRD_PARTY_LOGIN": "true", "SALLYPORT_FRONTCHANNEL_LOGOUT": "true",
		"SALLYPORT_RETURN_ORIGINS":   "https://www.example.com",
		"SALLYPORT_SESSION_ENDPOINT": "true", "SALLYPORT_REFRESH_AHEAD": "2m",
		"SALLYPORT_CACHEABLE_AFTER_SIGN_OUT": "false", "SALLYPORT_NO_STORE": "true",
		"SESSION_OLD_SECRETS": "a secret with spaces, older 1b0c9d8e\n" +
			strings.ToUpper(sessionSecret) + "\n",
		"SESSION_COOKIE_NAME": "reports", "SESSION_DOMAIN": "example.com",
		"SESSION_SAME_SITE": "none", "SESSION_IDLE": "1h", "SESSION_LIFETIME": "10h",
		"SESSION_REVALIDATE": "15m", "SESSION_WATCH": "5s", "SESSION_PROFILE_ONLY": "true",
		"OIDC_MAX_AGE": "8h", "OIDC_ACR_VALUES": "gold silver", "OIDC_LEEWAY": "30s",
	})
	got, err := sallyport.FromEnv(lookupIn(env))
	if err != nil {
		t.Fatal(err)
	}
	want := sallyport.Config{
		BaseURL: "https://app.example.com/r", ProxyStripsPath: true,
		Origins: []string{"https://a.example.com", "https://b.example.com"},
		AppName: "Reports", Prefix: "/login", Home: "/app/",
		TrustedOrigins:  []string{"https://a.example.com", "https://b.example.com"},
		ThirdPartyLogin: true, FrontchannelLogout: true,
		ReturnOrigins:   []string{"https://www.example.com"},
		SessionEndpoint: true, RefreshAhead: 2 * time.Minute, NoStore: true,
		Providers: got.Providers,
		Order:     []string{"login", "plain", "oidc"},
		Session: session.Config{
			Secret: sessionSecret, OldSecrets: []string{"a secret with spaces, older 1b0c9d8e",
				strings.ToUpper(sessionSecret)},
			CookieName: "reports", Domain: "example.com", SameSite: 4, Idle: time.Hour,
			Lifetime:   10 * time.Hour,
			Revalidate: 15 * time.Minute, Watch: 5 * time.Second, ProfileOnly: true,
		},
	}
	for f := range reflect.TypeFor[sallyport.Config]().Fields() {
		g, w := reflect.ValueOf(got).FieldByIndex(f.Index),
			reflect.ValueOf(want).FieldByIndex(f.Index)
		if !reflect.DeepEqual(g.Interface(), w.Interface()) {
			t.Errorf("%s is %v, want %v", f.Name, g, w)
		}
	}
	o := oidcOf(t, got)
	if o.MaxAge == nil || *o.MaxAge != 8*time.Hour ||
		!slices.Equal(o.ACRValues, []string{"gold", "silver"}) || o.Leeway != 30*time.Second {
		t.Errorf("max age %v, ACR values %v, leeway %v", o.MaxAge, o.ACRValues, o.Leeway)
	}
}

// F46: a value of the application or of sessions that cannot be right names its variable.
func TestFromEnv_F46_GeneralSettingsNameTheirVariable(t *testing.T) {
	for name, value := range map[string]string{
		"SALLYPORT_PREFIX": "nonsense", "SALLYPORT_TRUSTED_ORIGINS": "https://Ä.example",
		"SALLYPORT_THIRD_PARTY_LOGIN": "1",
		"SALLYPORT_REFRESH_AHEAD":     "1", "SALLYPORT_NO_STORE": "yes",
		"SESSION_OLD_SECRETS": "hunter2", "SESSION_COOKIE_NAME": "a b",
		"SESSION_DOMAIN": "example.org", "SESSION_SAME_SITE": "strict", "SESSION_IDLE": "1s",
		"SESSION_LIFETIME": "9601h", "SESSION_REVALIDATE": "1s",
		"SESSION_WATCH": "1ms", "SESSION_PROFILE_ONLY": "y", "OIDC_MAX_AGE": "soon",
		"OIDC_LEEWAY": "1h", "OIDC_REQUIRED_CLAIMS": "%zz",
		"SALLYPORT_LOGIN_DIALECT_METHOD":      "PATCH",
		"SALLYPORT_LOGIN_TOKEN_ENDPOINT":      "http://op.example.com",
		"SALLYPORT_PLAIN_DOCUMENTS":           "a=x",
		"SALLYPORT_LOGIN_SECRET_SIGNS_TOKENS": "true", "SALLYPORT_LOGIN_KEY_CERTIFICATE": "x",
		"SALLYPORT_LOGIN_VENDOR_LOGOUT_URL": "x",
		"SALLYPORT_PLAIN_INSECURE_NO_PKCE":  "true",
	} {
		env := maps.Clone(complete)
		env[name] = value
		_, err := sallyport.FromEnv(lookupIn(env))
		if err == nil || !strings.Contains(err.Error(), name) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func oidcOf(t *testing.T, c sallyport.Config) *provider.OIDC {
	t.Helper()
	o, ok := c.Providers["oidc"].(*provider.OIDC)
	if !ok {
		t.Fatalf("the providers are %v", c.Providers)
	}
	return o
}
