package authtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// OAuth2 returns the configuration for the provider's other side, which speaks OAuth 2.0 without
// OpenID Connect, to adjust before its first use. Users, client, login and consent pages are the
// same; the endpoints are /oauth/authorize, /oauth/token (also /oauth/refresh), /user for the
// profile, and /user/emails, which needs the scope email. A user's id is a number if the Subject is
// one. See [Provider.SetQuirks].
func (p *Provider) OAuth2() *provider.OAuth2 {
	base := p.base()
	return &provider.OAuth2{
		ClientID: ClientID, ClientSecret: ClientSecret,
		Endpoints: provider.Endpoints{
			Authorization: base + "/oauth/authorize",
			Token:         base + "/oauth/token",
			UserInfo:      base + "/user",
			Revocation:    base + "/revoke",
		},
		APIBase: base,
		Scopes:  []string{"profile", "email"},
		More:    []provider.Document{{Name: "emails", URL: base + "/user/emails", Optional: true}},
		UserFields: provider.Fields{
			ID:            "id",
			Name:          "name|login",
			Username:      "login",
			Email:         "email",
			EmailVerified: "email_verified",
			Picture:       "avatar_url",
			Roles:         "roles",
		},
		DisplayName: "authtest (OAuth 2.0)", Now: p.time,
		HTTPClient: p.trusted(), InsecureLoopbackHTTP: !p.secure(),
	}
}

// plainAuthorize is the authorization endpoint without OpenID Connect: no scope is needed, and PKCE
// is the client's choice.
func (p *Provider) plainAuthorize(w http.ResponseWriter, r *http.Request) {
	a, problem := p.readPlainAuthorization(p.quirky().standard(r.Form))
	if problem != "" {
		p.page(w, http.StatusBadRequest, page{Title: "Bad request", Text: problem})
		return
	}
	p.start(w, r, a)
}

func (p *Provider) readPlainAuthorization(form url.Values) (a *authorization, problem string) {
	a, problem = readParameters(form)
	switch {
	case problem != "":
		return nil, problem
	case a.responseType != "code" || a.responseMode != "":
		return nil, "The response type is not supported."
	case a.challenge != "" && form.Get("code_challenge_method") != "S256":
		return nil, "PKCE is supported with S256 only."
	case a.challenge != "" && p.quirky()[quirkPKCERefused]:
		return nil, "The parameter code_challenge is not known."
	}
	a.plain = true
	return a, ""
}

// plainToken is the token endpoint without OpenID Connect: that of OpenID Connect, with what is
// between it and the client changed as the quirks say.
func (p *Provider) plainToken(w http.ResponseWriter, r *http.Request) {
	quirks := p.quirky()
	params, problem := quirks.tokenRequest(r)
	if problem != "" {
		quirks.write(
			w, http.StatusBadRequest,
			map[string]any{"error": "invalid_request", "error_description": problem},
		)
		return
	}
	r.PostForm, r.URL.RawQuery = params, ""
	recorder := httptest.NewRecorder()
	p.token(recorder, r)
	var answer map[string]any
	json.Unmarshal(recorder.Body.Bytes(), &answer) // it is ours
	status := recorder.Code
	if status == http.StatusOK {
		delete(answer, "id_token")
		p.keepRefreshToken(quirks, params, answer)
		quirks.changeTokens(answer)
	} else {
		status = quirks.changeError(status, answer)
	}
	quirks.write(w, status, answer)
}

// keepRefreshToken lets a refresh token be used for ever, where that is the custom.
func (p *Provider) keepRefreshToken(quirks quirkSet, params url.Values, answer map[string]any) {
	token := params.Get("refresh_token")
	if !quirks[quirkKeepRefreshToken] || token == "" {
		return
	}
	delete(answer, "refresh_token")
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.refresh[token]
	t.used = false
	p.refresh[token] = t
}

// owner returns whom the access token of an API request belongs to. Without one it answers the
// request.
func (p *Provider) owner(w http.ResponseWriter, r *http.Request) (session.User, []string, bool) {
	quirks := p.quirky()
	scheme, header := "Bearer ", r.Header.Get("Authorization")
	if quirks[quirkSchemeOAuth] {
		scheme = "OAuth "
	}
	if quirks[quirkTokenHeader] {
		scheme, header = "", r.Header.Get("X-Access-Token")
	}
	token, ok := strings.CutPrefix(header, scheme)
	a := p.valid(token)
	switch {
	case !ok || a == nil:
		w.Header().Set("WWW-Authenticate", "Bearer")
		writeJSON(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
	case quirks[quirkUserAgent] && strings.HasPrefix(r.UserAgent(), "Go-http-client"):
		writeJSON(
			w, http.StatusForbidden,
			map[string]string{"message": "Please say who you are in User-Agent"},
		)
	default:
		return a.login.user, a.scopes, true
	}
	return session.User{}, nil, false
}

// profileAPI is the profile endpoint of the API.
func (p *Provider) profileAPI(w http.ResponseWriter, r *http.Request) {
	u, _, ok := p.owner(w, r)
	if !ok {
		return
	}
	quirks := p.quirky()
	if (r.Method == http.MethodPost) != quirks[quirkUserPost] {
		writeJSON(
			w, http.StatusMethodNotAllowed, map[string]string{"message": "Method not allowed"},
		)
		return
	}
	document := map[string]any{
		"id":             quirks.id(u.Subject),
		"login":          u.Username,
		"name":           u.Name,
		"email":          u.Email,
		"email_verified": u.EmailVerified,
		"avatar_url":     p.pictureOf(u),
		"roles":          u.Roles,
	}
	p.mu.Lock()
	maps.Copy(document, p.claims[u.Username])
	p.mu.Unlock()
	f, _ := p.fault()
	apply(f.UserInfo, document)
	if quirks[quirkUserEnvelope] {
		document = map[string]any{"data": document}
	}
	quirks.write(w, http.StatusOK, document)
}

// emailsAPI lists the user's addresses.
func (p *Provider) emailsAPI(w http.ResponseWriter, r *http.Request) {
	u, scopes, ok := p.owner(w, r)
	switch {
	case !ok:
	case !slices.Contains(scopes, "email"):
		writeJSON(
			w, http.StatusForbidden, map[string]string{"message": "The scope email is missing"},
		)
	case u.Email == "":
		writeJSON(w, http.StatusOK, []any{})
	default:
		writeJSON(w, http.StatusOK, []any{
			map[string]any{"email": "old-" + u.Email, "primary": false, "verified": false},
			map[string]any{"email": u.Email, "primary": true, "verified": u.EmailVerified},
		})
	}
}
