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

// A Quirk is a way in which OAuth 2.0 providers in use differ from the standard, or from each other.
type Quirk string

// The quirks of the token endpoint's answers.
const (
	QuirkError200       Quirk = "error-200"        // errors come with status 200
	QuirkOwnErrors      Quirk = "own-errors"       // {"error": {"message", "type", "code": 190}}; code 100 unless the code or token is bad
	QuirkErrCode        Quirk = "errcode"          // {"errcode": 40029, "errmsg"}; 40001 unless the code or token is bad
	QuirkJSONAsText     Quirk = "json-as-text"     // JSON is called text/plain, also that of the profile
	QuirkJSONAsHTML     Quirk = "json-as-html"     // JSON is called text/html, also that of the profile
	QuirkForm           Quirk = "form"             // answers are form-encoded
	QuirkExpiresString  Quirk = "expires-string"   // expires_in is a text
	QuirkExpiresFloat   Quirk = "expires-float"    // expires_in is 3600.5 instead of 3600
	QuirkExpiresName    Quirk = "expires-name"     // it is called expires
	QuirkNoExpires      Quirk = "no-expires"       // it is missing
	QuirkScopeList      Quirk = "scope-list"       // scope is a JSON array
	QuirkScopeComma     Quirk = "scope-comma"      // scope is asked for and answered with commas
	QuirkNoScope        Quirk = "no-scope"         // scope is missing
	QuirkTokenTypeLower Quirk = "token-type-lower" // token_type is bearer
	QuirkNoTokenType    Quirk = "no-token-type"    // it is missing
	QuirkEnvelope       Quirk = "envelope"         // tokens and errors are in an object called data
	QuirkCamelCase      Quirk = "camel-case"       // accessToken, refreshToken and expireIn
	QuirkChallenge      Quirk = "challenge"        // successful answers carry WWW-Authenticate
)

// The quirks of the requests that are accepted.
const (
	QuirkGetToken         Quirk = "get-token"          // GET at the token endpoint, and nothing else
	QuirkPutToken         Quirk = "put-token"          // PUT at the token endpoint, and nothing else
	QuirkJSONBody         Quirk = "json-body"          // token requests are JSON
	QuirkClientKey        Quirk = "client-key"         // client_id is called client_key, everywhere
	QuirkAppID            Quirk = "appid"              // client_id and client_secret are called appid and secret, everywhere
	QuirkRawBasic         Quirk = "raw-basic"          // Basic credentials are not decoded
	QuirkRefreshURL       Quirk = "refresh-url"        // tokens are refreshed at /oauth/refresh only
	QuirkRefreshScope     Quirk = "refresh-scope"      // a refresh needs scope
	QuirkKeepRefreshToken Quirk = "keep-refresh-token" // a refresh answers no refresh token: the old one stays
	QuirkPKCERefused      Quirk = "pkce-refused"       // code_challenge and code_verifier are errors
	QuirkNoIss            Quirk = "no-iss"             // the callback carries no iss
)

// The quirks of the API.
const (
	QuirkIDString     Quirk = "id-string"     // the user's id is a text
	QuirkUserEnvelope Quirk = "user-envelope" // the profile is in an object called data
	QuirkUserPost     Quirk = "user-post"     // the profile is fetched by POST
	QuirkTokenHeader  Quirk = "token-header"  // the access token goes into X-Access-Token
	QuirkSchemeOAuth  Quirk = "scheme-oauth"  // Authorization: OAuth instead of Bearer
	QuirkUserAgent    Quirk = "user-agent"    // a User-Agent is needed that is not Go's own
)

var allQuirks = []Quirk{
	QuirkError200, QuirkOwnErrors, QuirkErrCode, QuirkJSONAsText, QuirkJSONAsHTML, QuirkForm, QuirkExpiresString, QuirkExpiresFloat, QuirkExpiresName,
	QuirkNoExpires, QuirkScopeList, QuirkScopeComma, QuirkNoScope, QuirkTokenTypeLower, QuirkNoTokenType, QuirkEnvelope, QuirkCamelCase, QuirkChallenge,
	QuirkGetToken, QuirkPutToken, QuirkJSONBody, QuirkClientKey, QuirkAppID, QuirkRawBasic, QuirkRefreshURL, QuirkRefreshScope, QuirkKeepRefreshToken,
	QuirkPKCERefused, QuirkNoIss, QuirkIDString, QuirkUserEnvelope, QuirkUserPost, QuirkTokenHeader, QuirkSchemeOAuth, QuirkUserAgent,
}

// SetQuirks gives the OAuth 2.0 side of the provider these quirks and no others. The OpenID side has none. A quirk that does
// not exist panics.
func (p *Provider) SetQuirks(names ...Quirk) {
	set := quirkSet{}
	for _, name := range names {
		if !slices.Contains(allQuirks, name) {
			panic(fmt.Sprintf("authtest: there is no quirk %q", name))
		}
		set[name] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quirks = set
}

// A quirkSet is never changed once it is in use.
type quirkSet map[Quirk]bool

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
	if q[QuirkClientKey] {
		move("client_id", "client_key")
	}
	if q[QuirkAppID] {
		move("client_id", "appid")
		move("client_secret", "secret")
	}
	if q[QuirkScopeComma] && named.Has("scope") {
		named.Set("scope", strings.ReplaceAll(named.Get("scope"), ",", " "))
	}
	return named
}

// tokenRequest reads a token request from where it has to be.
func (q quirkSet) tokenRequest(r *http.Request) (params url.Values, problem string) {
	method := http.MethodPost
	switch {
	case q[QuirkGetToken]:
		method = http.MethodGet
	case q[QuirkPutToken]:
		method = http.MethodPut
	}
	params = r.PostForm
	switch {
	case r.Method != method:
		return nil, "the method has to be " + method
	case q[QuirkGetToken]:
		params = r.URL.Query()
	case r.URL.RawQuery != "":
		return nil, "there must be no query"
	case q[QuirkJSONBody]:
		params = jsonForm(r)
	}
	params = q.standard(params)
	refresh := params.Get("grant_type") == "refresh_token"
	switch {
	case q[QuirkPKCERefused] && params.Has("code_verifier"):
		return nil, "code_verifier is not known"
	case refresh && q[QuirkRefreshURL] != (r.URL.Path == "/oauth/refresh"):
		return nil, "this is not the place to refresh tokens"
	case refresh && q[QuirkRefreshScope] && !params.Has("scope"):
		return nil, "scope is missing"
	}
	if id, secret, ok := r.BasicAuth(); ok && q[QuirkRawBasic] {
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
		quirk Quirk
		apply func()
	}{
		{QuirkExpiresString, func() { answer["expires_in"] = strconv.Itoa(int(seconds)) }},
		{QuirkExpiresFloat, func() { answer["expires_in"] = seconds + 0.5 }},
		{QuirkExpiresName, func() { rename(answer, "expires_in", "expires") }},
		{QuirkNoExpires, func() { delete(answer, "expires_in") }},
		{QuirkScopeList, func() { answer["scope"] = strings.Fields(scope) }},
		{QuirkScopeComma, func() { answer["scope"] = strings.ReplaceAll(scope, " ", ",") }},
		{QuirkNoScope, func() { delete(answer, "scope") }},
		{QuirkTokenTypeLower, func() { answer["token_type"] = "bearer" }},
		{QuirkNoTokenType, func() { delete(answer, "token_type") }},
		{QuirkCamelCase, func() {
			rename(answer, "access_token", "accessToken")
			rename(answer, "refresh_token", "refreshToken")
			rename(answer, "expires_in", "expireIn")
		}},
		{QuirkEnvelope, func() { wrap(answer) }},
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
	case q[QuirkOwnErrors]:
		number := map[bool]int{true: 190, false: 100}[bad]
		answer["error"] = map[string]any{"message": description, "type": "OAuthException", "code": number}
		delete(answer, "error_description")
	case q[QuirkErrCode]:
		clear(answer)
		answer["errcode"], answer["errmsg"] = map[bool]int{true: 40029, false: 40001}[bad], description
	}
	if q[QuirkEnvelope] {
		wrap(answer)
	}
	if q[QuirkError200] {
		return http.StatusOK
	}
	return status
}

// write sends an answer in the format that is the custom.
func (q quirkSet) write(w http.ResponseWriter, status int, answer map[string]any) {
	if q[QuirkChallenge] {
		w.Header().Set("WWW-Authenticate", `Bearer realm="x", error="invalid_token"`)
	}
	if _, tokens := answer["access_token"]; q[QuirkForm] && (tokens || answer["error"] != nil) {
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
	case q[QuirkJSONAsText]:
		media = "text/plain; charset=utf-8"
	case q[QuirkJSONAsHTML]:
		media = "text/html; charset=utf-8"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

// id is a number where it can be.
func (q quirkSet) id(subject string) any {
	if q[QuirkIDString] || subject == "" || strings.Trim(subject, "0123456789") != "" {
		return subject
	}
	return json.Number(subject)
}
