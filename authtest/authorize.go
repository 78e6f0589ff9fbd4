package authtest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/loopback"
	"github.com/sallyport-go/sallyport/session"
)

// An authorization is one request of an application, from the authorization endpoint to its tokens.
type authorization struct {
	clientID, redirectURI, state, nonce string
	challenge                           string // PKCE S256
	responseType, responseMode          string
	scopes, acrValues, prompt           []string
	maxAge                              time.Duration // negative: not asked
	requestToken                        string        // of OAuth 1.0a; empty otherwise

	login    login // filled in when the user has signed in
	reauthed bool  // the user has signed in for this very request
	revoked  bool  // a refresh token was used twice: none of the tokens works any more
	plain    bool  // without OpenID Connect
}

// A login is a user's session at the provider.
type login struct {
	user     session.User
	sid      string
	number   int // of the sign-in
	at       time.Time
	consents map[string]bool // by client and scopes
}

// authorize is the authorization endpoint (OpenID Connect Core section 3.1.2).
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	a, problem := p.readAuthorization(r.Form)
	if uri := r.Form.Get("request_uri"); uri != "" {
		a, problem = p.takePushed(uri, r.Form.Get("client_id"))
	}
	if problem != "" {
		// The redirect URI cannot be trusted, so the error is shown here.
		p.page(w, http.StatusBadRequest, page{Title: "Bad request", Text: problem})
		return
	}
	p.start(w, r, a)
}

// start takes up a request.
func (p *Provider) start(w http.ResponseWriter, r *http.Request, a *authorization) {
	id := rand.Text()
	p.mu.Lock()
	p.pending[id] = a
	p.mu.Unlock()
	p.proceed(w, r, id)
}

// readAuthorization checks the parameters of a request.
func (p *Provider) readAuthorization(form url.Values) (a *authorization, problem string) {
	a, problem = readParameters(form)
	switch {
	case problem != "":
		return nil, problem
	case !slices.Contains([]string{"code", "id_token", "code id_token"}, a.responseType):
		return nil, "The response type is not supported."
	case a.responseType != "code" && a.responseMode != "form_post":
		return nil, "The response type needs form_post."
	case !slices.Contains(a.scopes, "openid"):
		return nil, "The scope openid is missing."
	case a.responseType != "id_token" &&
		(a.challenge == "" || form.Get("code_challenge_method") != "S256"):
		return nil, "PKCE with S256 is required."
	}
	return a, ""
}

// readParameters reads what is the same with and without OpenID Connect.
func readParameters(form url.Values) (a *authorization, problem string) {
	for name, values := range form {
		if len(values) > 1 && name != "resource" {
			return nil, "The parameter " + name + " is repeated."
		}
	}
	a = &authorization{
		clientID:     form.Get("client_id"),
		redirectURI:  form.Get("redirect_uri"),
		state:        form.Get("state"),
		nonce:        form.Get("nonce"),
		responseType: form.Get("response_type"),
		responseMode: form.Get("response_mode"),
		challenge:    form.Get("code_challenge"),
		scopes:       strings.Fields(form.Get("scope")),
		acrValues:    strings.Fields(form.Get("acr_values")),
		prompt:       strings.Fields(form.Get("prompt")),
		maxAge:       -1,
	}
	if seconds, err := strconv.Atoi(form.Get("max_age")); err == nil {
		a.maxAge = time.Duration(seconds) * time.Second
	}
	switch {
	case a.clientID != ClientID:
		return nil, "The client is not known."
	case !loopback.URL(a.redirectURI): // instead of registered ones
		return nil, "The redirect URI is not on this machine."
	}
	return a, ""
}

// par takes a pushed request (RFC 9126 section 2).
func (p *Provider) par(w http.ResponseWriter, r *http.Request) {
	if !p.authenticated(r) {
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return
	}
	a, problem := p.readAuthorization(withoutSecret(r.PostForm))
	if problem != "" {
		writeError(w, http.StatusBadRequest, "invalid_request", problem)
		return
	}
	uri := "urn:ietf:params:oauth:request_uri:" + rand.Text()
	p.mu.Lock()
	p.pushed[uri] = a
	p.mu.Unlock()
	writeJSON(w, http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": 60})
}

func withoutSecret(form url.Values) url.Values {
	form.Del("client_secret")
	return form
}

// takePushed returns a pushed request, once.
func (p *Provider) takePushed(uri, clientID string) (a *authorization, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a = p.pushed[uri]
	delete(p.pushed, uri)
	if a == nil || a.clientID != clientID {
		return nil, "The request_uri is not known or was used before."
	}
	return a, ""
}

// proceed takes a pending request as far as it goes without the user: to the login page, to the
// consent page, or back to the application.
func (p *Provider) proceed(w http.ResponseWriter, r *http.Request, id string) {
	p.mu.Lock()
	a := p.pending[id]
	p.mu.Unlock()
	if a == nil {
		p.page(w, http.StatusBadRequest, page{
			Title: "Nothing to do",
			Text:  "This sign-in is over. Go back to the application and start again.",
		})
		return
	}
	l, signedIn := p.current(r)
	silent := slices.Contains(a.prompt, "none")
	switch {
	case !signedIn || p.mustSignIn(a, l):
		if silent {
			p.respond(w, r, id, a, url.Values{"error": {"login_required"}})
			return
		}
		p.page(w, http.StatusOK, page{Title: "Sign in", Request: id, Login: true})
	case !l.consents[consentKey(a)]:
		if silent {
			p.respond(w, r, id, a, url.Values{"error": {"consent_required"}})
			return
		}
		p.page(w, http.StatusOK, page{
			Title:   "Allow access?",
			Request: id,
			User:    l.user,
			Scopes:  a.scopes,
			Client:  a.clientID,
		})
	default:
		a.login = l
		p.respond(w, r, id, a, p.success(a))
	}
}

// success is the response with what was asked for.
func (p *Provider) success(a *authorization) url.Values {
	if a.requestToken != "" {
		return p.agree(a)
	}
	response := url.Values{}
	code := ""
	if strings.Contains(a.responseType, "code") {
		code = rand.Text()
		p.mu.Lock()
		p.codes[code] = a
		p.mu.Unlock()
		response.Set("code", code)
	}
	if strings.Contains(a.responseType, "id_token") {
		f, _ := p.fault()
		response.Set("id_token", p.frontIDToken(f, a, code))
	}
	return response
}

// mustSignIn reports whether the request wants a fresher sign-in than there is.
func (p *Provider) mustSignIn(a *authorization, l login) bool {
	if a.reauthed {
		return false
	}
	stale := a.maxAge >= 0 && p.time().Sub(l.at) > a.maxAge
	return stale || slices.Contains(a.prompt, "login") || len(a.acrValues) > 0
}

func consentKey(a *authorization) string { return a.clientID + " " + strings.Join(a.scopes, " ") }

// respond ends the request: the browser goes back to the application (RFC 6749 section 4.1.2, RFC
// 9207).
func (p *Provider) respond(
	w http.ResponseWriter, _ *http.Request, id string, a *authorization, response url.Values,
) {
	p.mu.Lock()
	delete(p.pending, id)
	p.mu.Unlock()
	switch {
	case a.requestToken == "":
		response.Set("state", a.state)
		if !a.plain || !p.quirky()[quirkNoIss] {
			response.Set("iss", p.Issuer())
		}
	case response.Has("error"):
		response = p.disagree(a)
	}
	f, _ := p.fault()
	apply(f.Callback, response)
	if a.responseMode == "form_post" {
		p.page(w, http.StatusOK, page{
			Title: "Back to the application", Action: a.redirectURI, Fields: response,
		})
		return
	}
	separator := "?"
	if strings.Contains(a.redirectURI, "?") {
		separator = "&"
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", a.redirectURI+separator+response.Encode())
	w.WriteHeader(http.StatusSeeOther)
}
