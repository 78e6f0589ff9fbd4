package rig

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// Secrets returns every secret that has passed between the application and its providers: states,
// nonces, codes, verifiers, tokens, client secrets.
func (app *App) Secrets() []string {
	secrets := []string{Secret, authtest.ClientSecret}
	for _, op := range []*authtest.Provider{app.OP, app.OP2} {
		if op == nil {
			continue
		}
		for _, endpoint := range []string{"authorize", "par", "token", "userinfo", "user", "emails",
			"revoke", "introspect", "device", "end_session"} {
			for _, r := range op.Requests(endpoint) {
				for _, form := range []url.Values{r.Query, r.Form} {
					for _, name := range []string{"state", "nonce", "code", "code_verifier",
						"client_secret", "secret", "access_token", "id_token_hint", "request_uri",
						"refresh_token", "token", "assertion", "client_assertion", "subject_token",
						"device_code"} {
						secrets = append(secrets, form.Get(name))
					}
				}
				_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				secrets = append(secrets, token, r.Header.Get("X-Access-Token"))
			}
		}
		secrets = append(secrets, answeredSecrets(op)...)
		secrets = append(secrets, signedSecrets(op)...)
	}
	return secrets
}

// answeredSecrets returns the tokens that a provider has issued, in JSON or as a form.
func answeredSecrets(op *authtest.Provider) []string {
	var secrets []string
	for _, endpoint := range []string{"token", "par", "device", "oauth1/request_token",
		"oauth1/access_token"} {
		for _, r := range op.Requests(endpoint) {
			for _, m := range secretAnswer.FindAllSubmatch(r.Answer, -1) {
				value, err := url.QueryUnescape(string(m[1]))
				if err == nil {
					secrets = append(secrets, string(m[1]), value)
				}
			}
		}
	}
	return secrets
}

// secretAnswer is a member of an answer that the log must not show.
var secretAnswer = regexp.MustCompile(
	`(?i:access_?token|refresh_?token|id_token|oauth_token_secret|device_code|request_uri)(?:":"|=)([^"&]+)`,
)

// secretParam is a secret protocol parameter of OAuth 1.0a in a header.
var secretParam = regexp.MustCompile(
	`(oauth_(?:token|verifier|signature|nonce|callback))="([^"]*)"`,
)

// signedSecrets returns those of the requests that were signed the OAuth 1.0a way, as they were
// sent and as they are, with the state that is part of the callback.
func signedSecrets(op *authtest.Provider) []string {
	var secrets []string
	for _, r := range op.Requests("oauth1/authorize") {
		secrets = append(secrets, r.Query.Get("oauth_token"))
	}
	for _, endpoint := range []string{"oauth1/request_token", "oauth1/access_token",
		"oauth1/profile"} {
		for _, r := range op.Requests(endpoint) {
			for _, m := range secretParam.FindAllStringSubmatch(r.Header.Get("Authorization"), -1) {
				value, err := url.PathUnescape(m[2])
				if callback, parseErr := url.Parse(value); m[1] == "oauth_callback" &&
					parseErr == nil {
					value = callback.Query().Get("state")
				}
				if err == nil {
					secrets = append(secrets, m[2], value)
				}
			}
		}
	}
	return secrets
}

// Leaked returns the first secret that a text holds, also base64 or URL encoded.
func (app *App) Leaked(text string) string {
	for _, secret := range app.Secrets() {
		if len(secret) < 8 {
			continue
		}
		for _, form := range []string{
			secret, url.QueryEscape(secret), strings.ReplaceAll(url.QueryEscape(secret), "+",
				"%20"), base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.RawURLEncoding.EncodeToString([]byte(secret)),
		} {
			if strings.Contains(text, form) {
				return secret
			}
		}
	}
	return ""
}

// checkLog is what every test with a rig ends with (R134).
func (app *App) checkLog(t testing.TB) {
	if secret := app.Leaked(app.Log()); secret != "" {
		t.Errorf("the log holds the secret %q:\n%s", secret, app.Log())
	}
}

// LastLine returns the last line of a log.
func LastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return lines[len(lines)-1]
}
