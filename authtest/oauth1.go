package authtest

import (
	"crypto/rand"
	"crypto/subtle"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/session"
)

// signedLogins are what the provider remembers for OAuth 1.0a (RFC 5849).
type signedLogins struct {
	requests map[string]*requestToken
	tokens   map[string]oauth1Token
	nonces   map[string]bool // with their timestamps and tokens
}

func newSignedLogins() signedLogins {
	return signedLogins{
		requests: map[string]*requestToken{},
		tokens:   map[string]oauth1Token{},
		nonces:   map[string]bool{},
	}
}

// A requestToken is a login under way.
type requestToken struct {
	secret, callback, verifier string
	until                      time.Time
	user                       session.User // once the user has agreed
}

// An oauth1Token is a token for the API.
type oauth1Token struct {
	secret string
	user   session.User
}

const requestTokenLifetime = 10 * time.Minute

// credential makes a token and its secret.
func credential() (token, secret string) {
	return rand.Text(), "s+" + rand.Text() // with something to encode
}

// requestToken is the temporary credential request (RFC 5849 section 2.1).
func (p *Provider) requestToken(w http.ResponseWriter, r *http.Request) {
	params, problem := p.verify(r, func(token string) (string, bool) { return "", token == "" })
	if problem == "" && !loopback.URL(params["oauth_callback"]) { // instead of registered ones
		problem = "parameter_rejected"
	}
	if problem != "" {
		writeProblem(w, problem)
		return
	}
	token, secret := credential()
	p.mu.Lock()
	p.oauth1.requests[token] = &requestToken{
		secret:   secret,
		callback: params["oauth_callback"],
		until:    p.now().Add(requestTokenLifetime),
	}
	p.mu.Unlock()
	answer := url.Values{
		"oauth_token":              {token},
		"oauth_token_secret":       {secret},
		"oauth_callback_confirmed": {"true"},
	}
	f, _ := p.fault()
	apply(f.OAuth1RequestToken, answer)
	writeForm(w, http.StatusOK, answer)
}

// pendingRequest returns a request token that can still be used.
func (p *Provider) pendingRequest(token string) (requestToken, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.oauth1.requests[token]
	if t == nil || !p.now().Before(t.until) {
		return requestToken{}, false
	}
	return *t, true
}

// authorizeOAuth1 is the resource owner authorization (RFC 5849 section 2.2). Pages and cookies are
// those of OpenID Connect.
func (p *Provider) authorizeOAuth1(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query()["oauth_token"]
	if len(token) != 1 {
		token = []string{""}
	}
	t, known := p.pendingRequest(token[0])
	if !known || t.verifier != "" {
		p.page(w, http.StatusBadRequest, page{
			Title: "Bad request",
			Text:  "The request token is not known, was used before, or is too old.",
		})
		return
	}
	id := rand.Text()
	p.mu.Lock()
	p.pending[id] = &authorization{
		clientID:     ClientID,
		redirectURI:  t.callback,
		scopes:       []string{"profile", "email"},
		maxAge:       -1,
		requestToken: token[0],
	}
	p.mu.Unlock()
	p.proceed(w, r, id)
}

// agree notes that the user has agreed.
func (p *Provider) agree(a *authorization) url.Values {
	verifier := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.oauth1.requests[a.requestToken]; t != nil {
		t.verifier, t.user = verifier, a.login.user
	}
	return url.Values{"oauth_token": {a.requestToken}, "oauth_verifier": {verifier}}
}

// disagree ends a login that the user does not want. What the application gets to see then is X's
// way.
func (p *Provider) disagree(a *authorization) url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.oauth1.requests, a.requestToken)
	return url.Values{"denied": {a.requestToken}}
}

// accessToken is the token request (RFC 5849 section 2.3). A request token is good for one.
func (p *Provider) accessToken(w http.ResponseWriter, r *http.Request) {
	var pending requestToken
	params, problem := p.verify(r, func(token string) (string, bool) {
		t, known := p.pendingRequest(token)
		pending = t
		return t.secret, known
	})
	if problem == "" {
		p.mu.Lock()
		delete(p.oauth1.requests, params["oauth_token"])
		p.mu.Unlock()
		if pending.verifier == "" ||
			subtle.ConstantTimeCompare(
				[]byte(pending.verifier),
				[]byte(params["oauth_verifier"]),
			) != 1 {
			problem = "permission_denied"
		}
	}
	if problem != "" {
		writeProblem(w, problem)
		return
	}
	token, secret := credential()
	p.mu.Lock()
	p.oauth1.tokens[token] = oauth1Token{secret, pending.user}
	p.mu.Unlock()
	answer := url.Values{
		"oauth_token":        {token},
		"oauth_token_secret": {secret},
		"user_id":            {pending.user.Subject},
		"screen_name":        {pending.user.Username},
	}
	f, _ := p.fault()
	apply(f.OAuth1AccessToken, answer)
	writeForm(w, http.StatusOK, answer)
}

// profileOAuth1 is the API. It answers to every method, and to every signature that is right.
func (p *Provider) profileOAuth1(w http.ResponseWriter, r *http.Request) {
	var u session.User
	_, problem := p.verify(r, func(token string) (string, bool) {
		p.mu.Lock()
		defer p.mu.Unlock()
		t, known := p.oauth1.tokens[token]
		u = t.user
		return t.secret, known
	})
	if problem != "" {
		writeProblem(w, problem)
		return
	}
	profile := map[string]any{
		"id":             u.Subject,
		"name":           u.Name,
		"screen_name":    u.Username,
		"email":          u.Email,
		"email_verified": u.EmailVerified,
		"picture":        p.pictureOf(u),
		"roles":          u.Roles,
	}
	p.mu.Lock()
	maps.Copy(profile, p.claims[u.Username])
	p.mu.Unlock()
	f, _ := p.fault()
	apply(f.OAuth1Profile, profile)
	writeJSON(w, http.StatusOK, profile)
}

func writeForm(w http.ResponseWriter, status int, form url.Values) {
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(form.Encode()))
}

// writeProblem is an error answer, by the names of the OAuth Problem Reporting extension.
func writeProblem(w http.ResponseWriter, problem string) {
	status := http.StatusUnauthorized
	if strings.HasPrefix(problem, "parameter_") {
		status = http.StatusBadRequest
	} else {
		w.Header().Set("WWW-Authenticate", `OAuth realm="authtest"`)
	}
	writeForm(w, status, url.Values{"oauth_problem": {problem}})
}
