package sallyport

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// FromEnv reads a Config from environment variables (pass os.LookupEnv). docs/settings.md lists all
// of them; an application with one provider of OpenID Connect needs four:
//
//	BASE_URL             public address of the application; optional if LISTEN_ADDR is on loopback
//	SESSION_SECRET       openssl rand -base64 32
//	OIDC_ISSUER          the provider's issuer, such as https://accounts.google.com
//	OIDC_CLIENT_ID       and OIDC_CLIENT_SECRET, unless it is a public client
//
// Several providers, or those of other kinds, are named in a list, a file, or both:
//
//	SALLYPORT_PROVIDERS  names with commas between them, such as google,intranet
//	SALLYPORT_CONFIG     a JSON file of providers by name; see [FromFile]
//
// SALLYPORT_NAME_CLIENT_ID and so on set up each of them, with its name in capitals and '_' for
// '-'. The environment overrides the file. The most common settings are:
//
//	SALLYPORT_NAME_VENDOR             the vendor, unless the provider has its name
//	SALLYPORT_NAME_CLIENT_ID
//	SALLYPORT_NAME_CLIENT_SECRET      optional for a public client
//	SALLYPORT_NAME_ISSUER             makes it OpenID Connect, by discovery
//	SALLYPORT_NAME_REQUEST_TOKEN_ENDPOINT  makes it OAuth 1.0a
//	SALLYPORT_NAME_AUTHORIZATION_ENDPOINT  and
//	SALLYPORT_NAME_TOKEN_ENDPOINT          make it OAuth 2.0, without one of the above
//	SALLYPORT_NAME_USERINFO_ENDPOINT       the profile, and the path in it to the permanent ID:
//	SALLYPORT_NAME_USER_ID
//	SALLYPORT_NAME_SCOPES             separated by spaces
//
// The provider named "oidc" has the prefix OIDC_ for the same settings, such as OIDC_SCOPES,
// OIDC_MAX_AGE and OIDC_CA. SESSION_IDLE, SESSION_LIFETIME, SESSION_OLD_SECRETS and others set the
// fields of [session.Config].
//
// Each variable but SALLYPORT_CONFIG may name a file instead, for secrets that are mounted:
// SESSION_SECRET_FILE names a file whose content, without the line end, is the value. Setting both
// is an error. So is an unknown variable that has the prefix of a provider or resembles a variable
// that is not set. All errors are returned together (errors.Join), one line each, without secrets.
//
// The redirect URI to register at a provider is BASE_URL + "/auth/callback/" + its name;
// [Auth.RedirectURIs] lists them. A provider by http is accepted only on loopback, or beside this
// machine by an internal URL, and only if BASE_URL is on loopback. [ListenAddr] reads where to
// listen.
func FromEnv(lookup func(name string) (value string, ok bool)) (Config, error) {
	env := &settings.Env{Lookup: lookup}
	file, _ := lookup("SALLYPORT_CONFIG")
	if other, _ := lookup("SALLYPORT_CONFIG_FILE"); other != "" {
		env.Wrong("SALLYPORT_CONFIG_FILE is not supported: set SALLYPORT_CONFIG to the file name")
	}
	return read(env, file)
}

// FromFile is [FromEnv] with the providers of a JSON file, instead of the one in SALLYPORT_CONFIG:
//
//	{
//	  "google": {
//	    "client_id": "4711.apps.googleusercontent.com",
//	    "client_secret_file": "google.secret"
//	  },
//	  "intranet": {
//	    "client_id": "reports",
//	    "client_secret_env": "INTRANET_SECRET",
//	    "authorization_endpoint": "https://intranet.example.com/oauth/authorize",
//	    "token_endpoint": "https://intranet.example.com/oauth/token",
//	    "userinfo_endpoint": "https://intranet.example.com/api/me",
//	    "user": {"id": "data.id", "name": "data.name"}
//	  }
//	}
//
// The keys are those of docs/settings.md. Keep a secret in a file, whose name is relative to the
// folder of this one, or in a variable; SALLYPORT_GOOGLE_CLIENT_SECRET needs neither key. A file of
// more than 256 KiB, an unknown or duplicate key, and a value of the wrong type are errors.
func FromFile(name string, lookup func(name string) (value string, ok bool)) (Config, error) {
	env := &settings.Env{Lookup: lookup}
	if name == "" {
		env.Wrong("the name of the file of providers is empty")
	}
	return read(env, name)
}

// read reads everything there is. file may be empty.
func read(env *settings.Env, file string) (Config, error) {
	c := Config{BaseURL: baseURL(env)}
	c.Session.Secret = env.RequiredExact(
		"SESSION_SECRET", "generate one with: openssl rand -base64 32",
	)
	env.Set(&c)
	source := &settings.Source{
		Env: env, Names: env.Names("SALLYPORT_PROVIDERS"), Vendors: vendors.All(),
		Loopback: loopback.URL(c.BaseURL),
	}
	if file != "" {
		var err error
		if source.Document, err = settings.ReadFile(file); err != nil {
			env.Mistakes = append(env.Mistakes, err)
		}
	}
	if others := file != "" || env.IsSet("SALLYPORT_PROVIDERS"); !others {
		source.Short = true
		source.ShortHint = "; or name other providers in SALLYPORT_PROVIDERS, or their file in " +
			"SALLYPORT_CONFIG"
	} else {
		source.Short = source.ShortIsSet()
	}
	c.Providers = source.Providers()
	c.Order = source.Order(c.Providers)
	if len(c.Providers) == 0 && len(env.Mistakes) == 0 {
		env.Wrong("no provider is configured: SALLYPORT_PROVIDERS and the file of " +
			"SALLYPORT_CONFIG name none")
	}
	set, all := listed(env.Lookup)
	source.Misspelled([]string{"LISTEN_ADDR", "SALLYPORT_PROVIDERS", "SALLYPORT_CONFIG"}, set, all)
	env.Mistakes = append(env.Mistakes, try(source, c)...)
	return c, errors.Join(env.Mistakes...)
}

// listed are the variables that are known to be set: those of the process's environment, if they
// are also the settings. all reports whether there can be no others.
func listed(lookup func(string) (string, bool)) (names []string, all bool) {
	all = true
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if found, ok := lookup(name); !ok || found != value {
			all = false
		} else if value != "" {
			names = append(names, name)
		}
	}
	return names, all
}

// try has New check the values. Valid ones replace those that are known to be missing.
func try(source *settings.Source, c Config) []error {
	if len(c.Providers) == 0 {
		c.Providers = provider.Set{"oidc": &provider.OIDC{Issuer: "https://invalid", ClientID: "c"}}
	}
	c.BaseURL = cmp.Or(c.BaseURL, "http://localhost")
	c.Session.Secret = cmp.Or(c.Session.Secret,
		"long enough, and no secret: it is known to be missing")
	c.Logger = slog.New(slog.DiscardHandler) // New will say it again
	_, err := New(c)
	mistakes := settings.Each(err)
	for i, mistake := range mistakes {
		if variable := variableOf(source, mistake); variable != "" {
			mistakes[i] = fmt.Errorf("%w (%s)", mistake, variable)
		}
	}
	return mistakes
}

// variableOf is the variable behind the field that a mistake is about, or "".
func variableOf(source *settings.Source, mistake error) string {
	wrong, _ := errors.AsType[*provider.FieldError](mistake)
	if in, ok := errors.AsType[*providerError](mistake); ok && wrong != nil {
		return source.Variable(in.name, wrong.Field)
	}
	if wrong != nil {
		return settings.GeneralVariable(wrong.Field)
	}
	var session interface{ SessionField() string }
	if errors.As(mistake, &session) {
		return settings.GeneralVariable("Session." + session.SessionField())
	}
	return ""
}

// Setting reads a setting of the application's own in the way of the others: from name, or from the
// file that name_FILE names. It is empty when neither is set.
func Setting(lookup func(name string) (value string, ok bool), name string) (string, error) {
	env := &settings.Env{Lookup: lookup}
	value := env.Optional(name)
	return value, errors.Join(env.Mistakes...)
}

// defaultListen is where an application listens unless told otherwise: on this machine only.
const defaultListen = "localhost:8080"

// ListenAddr reads where to listen, as host:port, from LISTEN_ADDR or the file that
// LISTEN_ADDR_FILE names. The default is localhost:8080.
func ListenAddr(lookup func(name string) (value string, ok bool)) (string, error) {
	env := &settings.Env{Lookup: lookup}
	addr := listenAddr(env)
	return addr, errors.Join(env.Mistakes...)
}

func listenAddr(env *settings.Env) string {
	addr := env.Optional("LISTEN_ADDR")
	if addr == "" {
		return defaultListen
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		env.Mistakes = append(env.Mistakes,
			fmt.Errorf("LISTEN_ADDR %q is not host:port, such as %s", addr, defaultListen))
	}
	return addr
}

// baseURL is the public address. Behind an address on loopback there is nothing else it could be.
func baseURL(env *settings.Env) string {
	if base := env.Optional("BASE_URL"); base != "" {
		return base
	}
	listen := listenAddr(env)
	if host, _, err := net.SplitHostPort(listen); err == nil && loopback.Host(host) {
		return "http://" + listen
	}
	return env.Required("BASE_URL",
		"the public address of this application, such as https://app.example.com")
}
