package authtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The quirks by name. The table in the package documentation says what each one does.
const (
	quirkError200         = "error-200"
	quirkOwnErrors        = "own-errors"
	quirkErrCode          = "errcode"
	quirkJSONAsText       = "json-as-text"
	quirkJSONAsHTML       = "json-as-html"
	quirkForm             = "form"
	quirkExpiresString    = "expires-string"
	quirkExpiresFloat     = "expires-float"
	quirkExpiresName      = "expires-name"
	quirkNoExpires        = "no-expires"
	quirkScopeList        = "scope-list"
	quirkScopeComma       = "scope-comma"
	quirkNoScope          = "no-scope"
	quirkTokenTypeLower   = "token-type-lower"
	quirkNoTokenType      = "no-token-type"
	quirkEnvelope         = "envelope"
	quirkCamelCase        = "camel-case"
	quirkChallenge        = "challenge"
	quirkGetToken         = "get-token"
	quirkPutToken         = "put-token"
	quirkJSONBody         = "json-body"
	quirkClientKey        = "client-key"
	quirkAppID            = "appid"
	quirkRawBasic         = "raw-basic"
	quirkRefreshURL       = "refresh-url"
	quirkRefreshScope     = "refresh-scope"
	quirkKeepRefreshToken = "keep-refresh-token"
	quirkPKCERefused      = "pkce-refused"
	quirkNoIss            = "no-iss"
	quirkIDString         = "id-string"
	quirkUserEnvelope     = "user-envelope"
	quirkUserPost         = "user-post"
	quirkTokenHeader      = "token-header"
	quirkSchemeOAuth      = "scheme-oauth"
	quirkUserAgent        = "user-agent"
)

var allQuirks = []string{
	quirkError200, quirkOwnErrors, quirkErrCode, quirkJSONAsText, quirkJSONAsHTML, quirkForm,
	quirkExpiresString, quirkExpiresFloat, quirkExpiresName, quirkNoExpires, quirkScopeList,
	quirkScopeComma, quirkNoScope, quirkTokenTypeLower, quirkNoTokenType, quirkEnvelope,
	quirkCamelCase, quirkChallenge, quirkGetToken, quirkPutToken, quirkJSONBody, quirkClientKey,
	quirkAppID, quirkRawBasic, quirkRefreshURL, quirkRefreshScope, quirkKeepRefreshToken,
	quirkPKCERefused, quirkNoIss, quirkIDString, quirkUserEnvelope, quirkUserPost,
	quirkTokenHeader, quirkSchemeOAuth, quirkUserAgent,
}

// SetQuirks gives the OAuth 2.0 side of the provider ([Provider.OAuth2]) these quirks and no
// others: ways in which OAuth 2.0 providers in use differ from the standard, or from each other.
// The package documentation lists them. The OpenID Connect side has none. An unknown name panics.
func (p *Provider) SetQuirks(names ...string) {
	set := quirkSet{}
	for _, name := range names {
		if !slices.Contains(allQuirks, name) {
			panic(
				fmt.Sprintf(
					"authtest: unknown quirk %q: the package documentation lists them",
					name,
				),
			)
		}
		set[name] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quirks = set
}

// A quirkSet is never changed once it is in use.
type quirkSet map[string]bool

func (p *Provider) quirky() quirkSet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.quirks
}

// standard gives the parameters of a request their standard names.
func (q quirkSet) standard(params url.Values) url.Values {
	named := maps.Clone(params)
	move := func(name, other string) {
		delete(named, name)
		if values, ok := named[other]; ok {
			named[name] = values
			delete(named, other)
		}
	}
	if q[quirkClientKey] {
		move("client_id", "client_key")
	}
	if q[quirkAppID] {
		move("client_id", "appid")
		move("client_secret", "secret")
	}
	if q[quirkScopeComma] && named.Has("scope") {
		named.Set("scope", strings.ReplaceAll(named.Get("scope"), ",", " "))
	}
	return named
}

// tokenRequest reads a token request from where it has to be.
func (q quirkSet) tokenRequest(r *http.Request) (params url.Values, problem string) {
	method := http.MethodPost
	switch {
	case q[quirkGetToken]:
		method = http.MethodGet
	case q[quirkPutToken]:
		method = http.MethodPut
	}
	params = r.PostForm
	switch {
	case r.Method != method:
		return nil, "the method has to be " + method
	case q[quirkGetToken]:
		params = r.URL.Query()
	case r.URL.RawQuery != "":
		return nil, "there must be no query"
	case q[quirkJSONBody]:
		params = jsonForm(r)
	}
	params = q.standard(params)
	refresh := params.Get("grant_type") == "refresh_token"
	switch {
	case q[quirkPKCERefused] && params.Has("code_verifier"):
		return nil, "code_verifier is not known"
	case refresh && q[quirkRefreshURL] != (r.URL.Path == "/oauth/refresh"):
		return nil, "this is not the place to refresh tokens"
	case refresh && q[quirkRefreshScope] && !params.Has("scope"):
		return nil, "scope is missing"
	}
	if id, secret, ok := r.BasicAuth(); ok && q[quirkRawBasic] {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) // decoding does no harm to it
	}
	return params, ""
}

// jsonForm reads a JSON object of texts.
func jsonForm(r *http.Request) url.Values {
	var object map[string]string
	params := url.Values{}
	if json.NewDecoder(r.Body).Decode(&object) == nil {
		for name, value := range object {
			params.Set(name, value)
		}
	}
	return params
}

// changeTokens changes a successful answer of the token endpoint.
func (q quirkSet) changeTokens(answer map[string]any) {
	seconds, _ := answer["expires_in"].(float64)
	scope, _ := answer["scope"].(string)
	for _, change := range []struct {
		quirk string
		apply func()
	}{
		{quirkExpiresString, func() { answer["expires_in"] = strconv.Itoa(int(seconds)) }},
		{quirkExpiresFloat, func() { answer["expires_in"] = seconds + 0.5 }},
		{quirkExpiresName, func() { rename(answer, "expires_in", "expires") }},
		{quirkNoExpires, func() { delete(answer, "expires_in") }},
		{quirkScopeList, func() { answer["scope"] = strings.Fields(scope) }},
		{quirkScopeComma, func() { answer["scope"] = strings.ReplaceAll(scope, " ", ",") }},
		{quirkNoScope, func() { delete(answer, "scope") }},
		{quirkTokenTypeLower, func() { answer["token_type"] = "bearer" }},
		{quirkNoTokenType, func() { delete(answer, "token_type") }},
		{quirkCamelCase, func() {
			rename(answer, "access_token", "accessToken")
			rename(answer, "refresh_token", "refreshToken")
			rename(answer, "expires_in", "expireIn")
		}},
		{quirkEnvelope, func() { wrap(answer) }},
	} {
		if q[change.quirk] {
			change.apply()
		}
	}
}

func rename(answer map[string]any, name, other string) {
	if value, ok := answer[name]; ok {
		answer[other] = value
		delete(answer, name)
	}
}

func wrap(answer map[string]any) {
	inner := maps.Clone(answer)
	clear(answer)
	answer["data"] = inner
}

// changeError changes an error of the token endpoint, and returns its status.
func (q quirkSet) changeError(status int, answer map[string]any) int {
	code, description := answer["error"], answer["error_description"]
	bad := code == "invalid_grant"
	switch {
	case q[quirkOwnErrors]:
		number := map[bool]int{true: 190, false: 100}[bad]
		answer["error"] = map[string]any{
			"message": description,
			"type":    "OAuthException",
			"code":    number,
		}
		delete(answer, "error_description")
	case q[quirkErrCode]:
		clear(answer)
		answer["errcode"], answer["errmsg"] = map[bool]int{true: 40029, false: 40001}[bad],
			description
	}
	if q[quirkEnvelope] {
		wrap(answer)
	}
	if q[quirkError200] {
		return http.StatusOK
	}
	return status
}

// write sends an answer in the format that is the custom.
func (q quirkSet) write(w http.ResponseWriter, status int, answer map[string]any) {
	if q[quirkChallenge] {
		w.Header().Set("WWW-Authenticate", `Bearer realm="x", error="invalid_token"`)
	}
	if _, tokens := answer["access_token"]; q[quirkForm] && (tokens || answer["error"] != nil) {
		form := url.Values{}
		for name, value := range answer {
			form.Set(name, fmt.Sprint(value))
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
		w.WriteHeader(status)
		w.Write([]byte(form.Encode()))
		return
	}
	media := "application/json"
	switch {
	case q[quirkJSONAsText]:
		media = "text/plain; charset=utf-8"
	case q[quirkJSONAsHTML]:
		media = "text/html; charset=utf-8"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

// id is a number where it can be.
func (q quirkSet) id(subject string) any {
	if q[quirkIDString] || subject == "" || strings.Trim(subject, "0123456789") != "" {
		return subject
	}
	return json.Number(subject)
}
