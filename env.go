package sallyport

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// FromEnv reads a Config with one OpenID Connect provider, named "oidc", from settings such
// as environment variables (pass os.LookupEnv):
//
//	BASE_URL            public origin of the application; may be left out when LISTEN_ADDR is on loopback
//	SESSION_SECRET      openssl rand -base64 32
//	OIDC_ISSUER         the provider's issuer, such as https://accounts.google.com
//	OIDC_CLIENT_ID
//	OIDC_CLIENT_SECRET  may be left out for a public client
//	OIDC_SCOPES         separated by spaces; default: openid profile email
//
// Each may be given as a file instead, for secrets that are mounted: SESSION_SECRET_FILE names a file whose
// content, less the line end, is the value. To set both is a mistake. All mistakes are returned at once
// (errors.Join), as one line each.
//
// The redirect URI to register at the provider is BASE_URL + "/auth/callback/oidc". An http issuer is accepted
// only if it and BASE_URL are both on loopback. Where to listen is for [ListenAddr] to say.
func FromEnv(lookup func(name string) (value string, ok bool)) (Config, error) {
	env := settings{lookup: lookup}
	base := env.baseURL()
	secret := env.required("SESSION_SECRET", "make one with: openssl rand -base64 32")
	oidc := &provider.OIDC{
		Issuer:       env.required("OIDC_ISSUER", "the provider's issuer URL, such as https://accounts.google.com"),
		ClientID:     env.required("OIDC_CLIENT_ID", "the client ID that the provider gave this application"),
		ClientSecret: env.optional("OIDC_CLIENT_SECRET"),
		Scopes:       strings.Fields(env.optional("OIDC_SCOPES")),
	}
	oidc.InsecureLoopbackHTTP = loopbackHTTP(oidc.Issuer) && loopbackHTTP(base)
	c := Config{BaseURL: base, Providers: provider.Set{"oidc": oidc}, Session: session.Config{Secret: secret}}
	if len(env.mistakes) == 0 {
		trial := c
		trial.Logger = slog.New(slog.DiscardHandler) // New will say it again
		_, err := New(trial)                         // judges the values themselves
		env.mistakes = append(env.mistakes, err)
	}
	return c, errors.Join(env.mistakes...)
}

// Setting reads a setting of the application's own in the way of the others: from name, or from the file that name_FILE
// names. It is empty when neither is set.
func Setting(lookup func(name string) (value string, ok bool), name string) (string, error) {
	env := settings{lookup: lookup}
	value := env.optional(name)
	return value, errors.Join(env.mistakes...)
}

// defaultListen is where an application listens unless told otherwise: on this machine only.
const defaultListen = "localhost:8080"

// ListenAddr reads where to listen, as host:port, from LISTEN_ADDR or the file that LISTEN_ADDR_FILE names.
// The default is localhost:8080.
func ListenAddr(lookup func(name string) (value string, ok bool)) (string, error) {
	env := settings{lookup: lookup}
	addr := env.listenAddr()
	return addr, errors.Join(env.mistakes...)
}

func (s *settings) listenAddr() string {
	addr := s.optional("LISTEN_ADDR")
	if addr == "" {
		return defaultListen
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		s.mistakes = append(s.mistakes, fmt.Errorf("LISTEN_ADDR %q is not host:port, such as %s", addr, defaultListen))
	}
	return addr
}

// baseURL is the public address. Behind an address on loopback there is nothing else it could be.
func (s *settings) baseURL() string {
	if base := s.optional("BASE_URL"); base != "" {
		return base
	}
	listen := s.listenAddr()
	if host, _, err := net.SplitHostPort(listen); err == nil && loopback.Host(host) {
		return "http://" + listen
	}
	return s.required("BASE_URL", "the public address of this application, such as https://app.example.com")
}

func loopbackHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "http" && loopback.Host(u.Hostname())
}

// settings reads named values and gathers what is wrong with them.
type settings struct {
	lookup   func(string) (string, bool)
	mistakes []error
}

// required is a setting that must be there; hint tells what to write.
func (s *settings) required(name, hint string) string {
	value := s.optional(name)
	if value == "" && !s.complained(name) {
		s.mistakes = append(s.mistakes, fmt.Errorf("%s is not set: %s", name, hint))
	}
	return value
}

// complained reports whether something is already known to be wrong with the setting.
func (s *settings) complained(name string) bool {
	for _, err := range s.mistakes {
		if strings.HasPrefix(err.Error(), name+" ") || strings.HasPrefix(err.Error(), name+"_FILE") {
			return true
		}
	}
	return false
}

// maxSettingFile bounds a file that is named by mistake.
const maxSettingFile = 64 << 10

// optional is the value of name, or the content of the file that name_FILE names. Empty counts as not set.
func (s *settings) optional(name string) string {
	value, _ := s.lookup(name)
	file, _ := s.lookup(name + "_FILE")
	switch {
	case file == "":
		return value
	case value != "":
		s.mistakes = append(s.mistakes, fmt.Errorf("%s and %s_FILE are both set: keep one", name, name))
		return ""
	}
	content, err := os.ReadFile(file)
	switch {
	case err != nil:
		s.mistakes = append(s.mistakes, fmt.Errorf("%s_FILE: %w", name, err))
	case len(content) > maxSettingFile:
		s.mistakes = append(s.mistakes, fmt.Errorf("%s_FILE: %s is too large for a setting", name, file))
	case strings.TrimRight(string(content), "\r\n") == "":
		s.mistakes = append(s.mistakes, fmt.Errorf("%s_FILE: %s is empty", name, file))
	default:
		return strings.TrimRight(string(content), "\r\n")
	}
	return ""
}
