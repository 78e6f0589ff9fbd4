package sallyport

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// FromEnv reads a Config from settings such as environment variables (pass os.LookupEnv):
//
//	BASE_URL             public origin of the application; may be left out when LISTEN_ADDR is on loopback
//	SESSION_SECRET       openssl rand -base64 32
//	SALLYPORT_HOME       start page of an application below a path, such as /app/; default: /
//
// Providers are named in a list, a file, or both:
//
//	SALLYPORT_PROVIDERS  names with commas between them, such as google,intranet
//	SALLYPORT_CONFIG     a JSON file of providers by name; see [FromFile]
//
// and SALLYPORT_NAME_CLIENT_ID and so on say the rest about each, with its name in capitals and '_' for '-'. Settings in the
// environment go before those of the file. What there is to set, docs/providers.md lists; the most common are:
//
//	SALLYPORT_NAME_PRESET             the vendor (vendors.All); not needed when the provider has its name
//	SALLYPORT_NAME_CLIENT_ID
//	SALLYPORT_NAME_CLIENT_SECRET      may be left out for a public client
//	SALLYPORT_NAME_ISSUER             makes it OpenID Connect, by discovery
//	SALLYPORT_NAME_REQUEST_TOKEN_URL  makes it OAuth 1.0a
//	SALLYPORT_NAME_AUTHORIZE_URL      and
//	SALLYPORT_NAME_ACCESS_TOKEN_URL   make it OAuth 2.0, without one of the above
//	SALLYPORT_NAME_USERINFO_URL       the user's profile, and where in it the ID is that never changes:
//	SALLYPORT_NAME_USER_ID
//	SALLYPORT_NAME_SCOPES             separated by spaces
//
// For the provider named "oidc" of OpenID Connect there are shorter ones. They are needed when there is no other provider:
//
//	OIDC_ISSUER          the provider's issuer, such as https://accounts.google.com
//	OIDC_CLIENT_ID
//	OIDC_CLIENT_SECRET   may be left out for a public client
//	OIDC_SCOPES          separated by spaces; default: openid profile email
//	OIDC_INTERNAL_URL    where the application itself reaches the provider, such as http://keycloak:8080
//	OIDC_CA              certificate of a private authority, as PEM; best kept in the file of OIDC_CA_FILE
//
// Each but SALLYPORT_CONFIG may be given as a file instead, for secrets that are mounted:
// SESSION_SECRET_FILE names a file whose content, less the line end, is the value. To set both is a
// mistake. So is a variable that nothing asks for, if it has the prefix of a provider or looks like one
// that is not set. All mistakes are returned at once (errors.Join), as one line each, without a secret.
//
// The redirect URI to register at a provider is BASE_URL + "/auth/callback/" + its name; [Auth.RedirectURIs] lists them. A
// provider by http is accepted only on loopback, or beside this machine by OIDC_INTERNAL_URL, and only
// if BASE_URL is on loopback. Where to listen is for [ListenAddr] to say.
func FromEnv(lookup func(name string) (value string, ok bool)) (Config, error) {
	env := &settings.Env{Lookup: lookup}
	file, _ := lookup("SALLYPORT_CONFIG")
	if other, _ := lookup("SALLYPORT_CONFIG_FILE"); other != "" {
		env.Wrong("SALLYPORT_CONFIG_FILE is not supported: set SALLYPORT_CONFIG to the file name")
	}
	return read(env, file)
}

// FromFile is [FromEnv] with the providers of a JSON file, which SALLYPORT_CONFIG need not name:
//
//	{
//	  "google": {
//	    "client_id": "4711.apps.googleusercontent.com",
//	    "client_secret_file": "google.secret"
//	  },
//	  "intranet": {
//	    "client_id": "reports",
//	    "client_secret_env": "INTRANET_SECRET",
//	    "authorize_url": "https://intranet.example.com/oauth/authorize",
//	    "access_token_url": "https://intranet.example.com/oauth/token",
//	    "userinfo_url": "https://intranet.example.com/api/me",
//	    "user": {"id": "data.id", "name": "data.name"}
//	  }
//	}
//
// The keys are those of the settings, in small letters. A secret is best kept in a file, whose name is relative to
// the folder of this one, or in a variable; SALLYPORT_GOOGLE_CLIENT_SECRET works without either being mentioned. A file of more than 256
// KiB, a key that is not known or stands twice, and a value of the wrong type are mistakes.
func FromFile(name string, lookup func(name string) (value string, ok bool)) (Config, error) {
	env := &settings.Env{Lookup: lookup}
	if name == "" {
		env.Wrong("the name of the file of providers is empty")
	}
	return read(env, name)
}

// read reads everything there is. file may be empty.
func read(env *settings.Env, file string) (Config, error) {
	c := Config{BaseURL: baseURL(env), Home: env.Optional("SALLYPORT_HOME")}
	c.Session.Secret = env.RequiredExact("SESSION_SECRET", "make one with: openssl rand -base64 32")
	source := &settings.Source{Env: env, Names: env.Names("SALLYPORT_PROVIDERS"), Vendors: vendors.All(), Loopback: loopback.URL(c.BaseURL)}
	if file != "" {
		var err error
		if source.Document, err = settings.ReadFile(file); err != nil {
			env.Mistakes = append(env.Mistakes, err)
		}
	}
	c.Providers = source.Providers()
	others := file != "" || env.IsSet("SALLYPORT_PROVIDERS")
	if !others || slices.ContainsFunc(short, env.IsSet) {
		addShort(env, c, others)
	} else if len(c.Providers) == 0 && len(env.Mistakes) == 0 {
		env.Wrong("there is no provider: SALLYPORT_PROVIDERS and the file of SALLYPORT_CONFIG name none")
	}
	source.Misspelled(slices.Concat(general, short), listed(env.Lookup))
	env.Mistakes = append(env.Mistakes, try(env, c))
	return c, errors.Join(env.Mistakes...)
}

// general are the settings that are not about providers.
var general = []string{"BASE_URL", "SESSION_SECRET", "SALLYPORT_HOME", "LISTEN_ADDR", "SALLYPORT_PROVIDERS", "SALLYPORT_CONFIG"}

// listed are the variables that are known to be set: those of the environment, where they are also the
// settings.
func listed(lookup func(string) (string, bool)) []string {
	var names []string
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if found, ok := lookup(name); ok && found == value && value != "" {
			names = append(names, name)
		}
	}
	return names
}

// short are the settings of the provider named "oidc".
var short = []string{"OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_SCOPES", "OIDC_INTERNAL_URL", "OIDC_CA"}

// addShort adds the provider of the OIDC_... settings.
func addShort(env *settings.Env, c Config, others bool) {
	hint := "the provider's issuer URL, such as https://accounts.google.com"
	if !others {
		hint += "; or name other providers in SALLYPORT_PROVIDERS, or their file in SALLYPORT_CONFIG"
	}
	oidc := &provider.OIDC{
		Issuer:       env.Required("OIDC_ISSUER", hint),
		ClientID:     env.Required("OIDC_CLIENT_ID", "the client ID that the provider gave this application"),
		ClientSecret: env.Optional("OIDC_CLIENT_SECRET"),
		Scopes:       strings.Fields(env.Optional("OIDC_SCOPES")),
		InternalURL:  env.Optional("OIDC_INTERNAL_URL"),
	}
	near := settings.NearHTTP(oidc.Issuer) || settings.NearHTTP(oidc.InternalURL)
	oidc.InsecureLoopbackHTTP = near && loopback.URL(c.BaseURL)
	if pem := env.Optional("OIDC_CA"); pem != "" {
		var err error
		if oidc.HTTPClient, err = provider.ClientWithCA([]byte(pem)); err != nil {
			env.Wrong("OIDC_CA must be a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")
		}
	}
	if c.Providers["oidc"] != nil {
		env.Wrong("OIDC_ISSUER: there is a provider named oidc already: give it another name, or leave the OIDC_... settings out")
	}
	c.Providers["oidc"] = oidc
}

// try has New judge the values themselves, of which some may stand in for those that are known to be wrong.
func try(env *settings.Env, c Config) error {
	standIn := provider.Set{"oidc": &provider.OIDC{Issuer: "https://invalid", ClientID: "c"}}
	if env.Complained("OIDC_ISSUER") || env.Complained("OIDC_CLIENT_ID") || len(c.Providers) == 0 {
		c.Providers = standIn
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://localhost" // refuses nothing
	}
	c.Session.Secret = cmp.Or(c.Session.Secret, "no secret, and as such known to be missing, but long enough: 4f1c8a2e9b7d6350")
	c.Logger = slog.New(slog.DiscardHandler) // New will say it again
	_, err := New(c)
	return named(err)
}

// variables are the settings behind the fields that errors of New begin with.
var variables = [][2]string{
	{"sallyport: BaseURL", "BASE_URL"},
	{"sallyport: Home", "SALLYPORT_HOME"},
	{"session: Secret", "SESSION_SECRET"},
	{`sallyport: provider "oidc": Issuer`, "OIDC_ISSUER"},
	{`sallyport: provider "oidc": ClientID`, "OIDC_CLIENT_ID"},
	{`sallyport: provider "oidc": ClientSecret`, "OIDC_CLIENT_SECRET"},
	{`sallyport: provider "oidc": InternalURL`, "OIDC_INTERNAL_URL"},
	{`sallyport: provider "oidc": Scopes`, "OIDC_SCOPES"},
}

// named adds to each line of an error the variable that it is about.
func named(err error) error {
	if err == nil {
		return nil
	}
	var lines []error
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSuffix(line, "\n")
		for _, v := range variables {
			if strings.HasPrefix(line, v[0]) {
				line += " (" + v[1] + ")"
				break
			}
		}
		lines = append(lines, errors.New(line))
	}
	return errors.Join(lines...)
}

// Setting reads a setting of the application's own in the way of the others: from name, or from the file that name_FILE
// names. It is empty when neither is set.
func Setting(lookup func(name string) (value string, ok bool), name string) (string, error) {
	env := &settings.Env{Lookup: lookup}
	value := env.Optional(name)
	return value, errors.Join(env.Mistakes...)
}

// defaultListen is where an application listens unless told otherwise: on this machine only.
const defaultListen = "localhost:8080"

// ListenAddr reads where to listen, as host:port, from LISTEN_ADDR or the file that LISTEN_ADDR_FILE names.
// The default is localhost:8080.
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
		env.Mistakes = append(env.Mistakes, fmt.Errorf("LISTEN_ADDR %q is not host:port, such as %s", addr, defaultListen))
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
	return env.Required("BASE_URL", "the public address of this application, such as https://app.example.com")
}
