package provider

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A Dialect describes how a provider's token endpoint differs from RFC 6749. The zero value is the
// standard: a POST with a form and a JSON response. Each field permits one deviation.
//
// Harmless deviations are always accepted: an error with status 200; expires_in as a string or with
// a fraction; scope as a list of strings, or missing (as requested); token_type missing or in lower
// case; null for a missing member; missing or wrong header fields such as WWW-Authenticate. A
// refresh token is kept until a response has another.
type Dialect struct {
	// Method is the HTTP method of token requests: POST (the default), PUT, or GET. A GET carries
	// the code, the refresh token and the client secret in the URL, which proxies may log; use it
	// only for providers that accept nothing else.
	Method string

	// JSONBody sends a JSON object of strings instead of a form.
	JSONBody bool

	// RawBasic puts client ID and secret into Basic credentials without form-encoding, for
	// providers that do not decode them (RFC 6749 section 2.3.1). It matters for characters other
	// than letters, digits and "-._~".
	RawBasic bool

	// Names maps standard names of request parameters to the provider's, such as {"client_id":
	// "appid", "client_secret": "secret"}.
	Names map[string]string

	// Params are additional parameters of every token request, such as {"action":
	// {"requesttoken"}}.
	Params url.Values

	// RefreshScope sends the scopes of the session in refresh requests.
	RefreshScope bool

	// EditRequest may change the final parameters of a token request: renamed, with the client's
	// credentials unless a header carries them. grant_type distinguishes a login from a refresh.
	EditRequest func(params url.Values)

	// Sniff ignores the Content-Type of a response: a body that begins with "{" is read as JSON,
	// any other as a form.
	Sniff bool

	// Envelope is the path of the object that holds the tokens, such as "data" (see [Fields]). A
	// response without it is read from the top.
	Envelope string

	// AnswerNames maps standard names of response members to paths within the envelope, such as
	// {"access_token": "accessToken"}.
	AnswerNames map[string]string

	// CommaScopes splits the scopes in responses at commas and spaces.
	CommaScopes bool

	// ScopeNames maps scopes in responses to the names with which they are requested, such as
	// {"https://www.googleapis.com/auth/userinfo.email": "email"}.
	ScopeNames map[string]string

	// ScopePrefixes are prefixes that the provider adds to scopes in responses, such as
	// "https://graph.microsoft.com/". Requested scopes are recognized with and without them, in any
	// case.
	ScopePrefixes []string

	// TokenTypes are additional values of token_type that mean Bearer.
	TokenTypes []string

	// ErrorCodes maps the provider's own error codes or messages to those of RFC 6749, such as
	// {"40029": "invalid_grant"}. A refresh ends the session if and only if the error is
	// invalid_grant. They are recognized in the members error, error.code, error.type, error_code,
	// errcode, code, status, error_description, error.message, message, errmsg and msg of a
	// response, and in the error parameter of the callback.
	ErrorCodes map[string]string

	// EditAnswer may rewrite a response, a JSON object, before it is read. MapUser gets the
	// original.
	EditAnswer func(answer json.RawMessage) (json.RawMessage, error)
}

// check returns the mistakes in the dialect.
func (d *Dialect) check() []error {
	var mistakes []error
	wrong := func(field, format string, args ...any) {
		mistakes = append(mistakes, wrongField("Dialect."+field, format, args...))
	}
	switch d.Method {
	case "", http.MethodPost, http.MethodPut:
	case http.MethodGet:
		if d.JSONBody {
			wrong("JSONBody", "needs a Method other than GET, which has no body")
		}
	default:
		wrong("Method", "%q is not POST, PUT or GET", d.Method)
	}
	mistakes = append(mistakes, checkNames("Dialect.Names", d.Names, tokenParams)...)
	for name, values := range d.Params {
		if slices.Contains(tokenParams, name) ||
			slices.Contains(slices.Collect(maps.Values(d.Names)), name) {
			wrong("Params", "%q is set by the library", name)
		}
		if len(values) != 1 {
			wrong("Params", "%q must have one value", name)
		}
	}
	if d.Envelope != "" {
		if err := checkPath(d.Envelope); err != nil {
			wrong("Envelope", "%w", err)
		}
	}
	for name, path := range d.AnswerNames {
		if err := checkPath(path); err != nil || !slices.Contains(answerNames, name) {
			wrong("AnswerNames", "%q for %q: the name is not one of %v, or the path is malformed",
				path, name, answerNames)
		}
	}
	for _, prefix := range d.ScopePrefixes {
		if !validScope(prefix) || !strings.HasSuffix(prefix, "/") {
			wrong("ScopePrefixes", "%q is not a URL that ends with a slash", prefix)
		}
	}
	for own, code := range d.ErrorCodes {
		if registeredCode(code) == "" {
			wrong("ErrorCodes", "%q for %q is not a registered error code", code, own)
		}
	}
	return mistakes
}

// tokenParams are the parameters of token requests that the library sets.
var tokenParams = []string{
	"grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret",
	"refresh_token", "scope",
}

// checkNames rejects names that are unknown, or used for two parameters.
func checkNames(field string, names map[string]string, standard []string) []error {
	var mistakes []error
	taken := map[string]bool{}
	for name, other := range names {
		switch {
		case !slices.Contains(standard, name):
			mistakes = append(mistakes, wrongField(field, "%q is not one of %v", name, standard))
		case other == "":
			mistakes = append(mistakes, wrongField(field, "has an empty name for %s", name))
		case taken[other] || slices.Contains(standard, other) && names[other] == "":
			mistakes = append(mistakes,
				wrongField(field, "gives two parameters the name %q", other))
		}
		taken[other] = true
	}
	return mistakes
}

// renamed returns parameters under the provider's names.
func renamed(params url.Values, names map[string]string) url.Values {
	sent := make(url.Values, len(params))
	for name, values := range params {
		if other := names[name]; other != "" {
			name = other
		}
		sent[name] = values
	}
	return sent
}

// translated returns the callback with its error code translated to the registered one.
func (d *Dialect) translated(callback url.Values) url.Values {
	code := d.ErrorCodes[callback.Get("error")]
	if code == "" {
		return callback
	}
	callback = maps.Clone(callback)
	callback.Set("error", code)
	return callback
}
