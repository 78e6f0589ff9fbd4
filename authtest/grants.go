package authtest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/sallyport-go/sallyport/session"
)

// machineGrant handles the grants of programs beside the web page. It reports false for one it does
// not know.
func (p *Provider) machineGrant(w http.ResponseWriter, r *http.Request) bool {
	a := &authorization{
		clientID: ClientID,
		scopes:   strings.Fields(r.PostForm.Get("scope")),
		maxAge:   -1,
	}
	var refused string
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
		a.scopes = slices.DeleteFunc(a.scopes, func(s string) bool { return s == "openid" })
	case "password":
		refused = p.becomes(
			a, r.PostForm.Get("username"),
			r.PostForm.Get("password") == r.PostForm.Get("username"),
		)
	case "urn:ietf:params:oauth:grant-type:token-exchange":
		subject := p.valid(r.PostForm.Get("subject_token"))
		if subject == nil || r.PostForm.Get("subject_token_type") == "" {
			refused = "invalid_request"
		} else {
			a.login = subject.login
		}
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		refused = p.becomes(a, p.subjectOf(r.PostForm.Get("assertion")), true)
	case "urn:ietf:params:oauth:grant-type:device_code":
		a, refused = p.pollDevice(r.PostForm.Get("device_code"))
	default:
		return false
	}
	if refused != "" {
		writeError(w, http.StatusBadRequest, refused, "")
		return true
	}
	writeJSON(w, http.StatusOK, p.grant(a))
	return true
}

// becomes signs a user in to an authorization, or says why not.
func (p *Provider) becomes(a *authorization, username string, right bool) (refused string) {
	user, known := p.user(username)
	if !known || !right {
		return "invalid_grant"
	}
	a.login = login{user: user, sid: rand.Text(), at: p.time()}
	return ""
}

// subjectOf returns the user name that an assertion names, which has to be signed by the provider
// itself (Sign).
func (p *Provider) subjectOf(assertion string) string {
	jws, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return ""
	}
	payload, err := jws.Verify(p.signer().private.Public())
	if err != nil {
		return ""
	}
	var claims struct{ Sub string }
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Sub
}

// A device is a sign-in on a device without a browser (RFC 8628).
type device struct {
	userCode string
	scopes   []string
	until    time.Time
	user     *session.User
	denied   bool
}

const deviceLifetime = 10 * time.Minute

// deviceAuthorization is the device authorization endpoint.
func (p *Provider) deviceAuthorization(w http.ResponseWriter, r *http.Request) {
	if !p.authenticated(r) {
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return
	}
	secret, d := rand.Text(), &device{
		userCode: rand.Text()[:8],
		scopes:   strings.Fields(r.PostForm.Get("scope")),
		until:    p.time().Add(deviceLifetime),
	}
	p.mu.Lock()
	p.devices[secret] = d
	p.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{
		"device_code": secret, "user_code": d.userCode, "verification_uri": p.base() + "/device",
		"expires_in": int(deviceLifetime.Seconds()), "interval": 0.02, // tests have no time to lose
	})
}

// ApproveDevice does what a person does who enters a user code and signs in. It reports whether the
// code is known.
func (p *Provider) ApproveDevice(userCode, username string) bool {
	user, known := p.user(username)
	return known && p.decideDevice(userCode, func(d *device) { d.user = &user })
}

// DenyDevice does what a person does who does not want it.
func (p *Provider) DenyDevice(userCode string) bool {
	return p.decideDevice(userCode, func(d *device) { d.denied = true })
}

func (p *Provider) decideDevice(userCode string, decide func(*device)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.devices {
		if d.userCode == userCode {
			decide(d)
			return true
		}
	}
	return false
}

func (p *Provider) pollDevice(secret string) (a *authorization, refused string) {
	now := p.time()
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.devices[secret]
	switch {
	case d == nil || !now.Before(d.until):
		return nil, "expired_token"
	case d.denied:
		return nil, "access_denied"
	case d.user == nil:
		return nil, "authorization_pending"
	}
	delete(p.devices, secret)
	return &authorization{
		clientID: ClientID,
		scopes:   d.scopes,
		maxAge:   -1,
		login:    login{user: *d.user, sid: rand.Text(), at: now},
	}, ""
}

// introspect is the introspection endpoint (RFC 7662).
func (p *Provider) introspect(w http.ResponseWriter, r *http.Request) {
	if !p.authenticated(r) {
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return
	}
	token := r.PostForm.Get("token")
	answer := map[string]any{"active": false}
	if a := p.valid(token); a != nil {
		p.mu.Lock()
		until := p.access[token].until
		p.mu.Unlock()
		answer = map[string]any{
			"active":     true,
			"iss":        p.Issuer(),
			"sub":        a.login.user.Subject,
			"client_id":  a.clientID,
			"username":   a.login.user.Username,
			"scope":      strings.Join(a.scopes, " "),
			"token_type": "Bearer",
			"exp":        until.Unix(),
			"aud":        []string{ClientID},
		}
	}
	f, _ := p.fault()
	apply(f.Introspection, answer)
	writeJSON(w, http.StatusOK, answer)
}
