package provider

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A Dialect says where a provider's token endpoint differs from RFC 6749. The zero value is the standard: a POST with
// a form, answered by application/json. Each field permits one deviation, for the providers that need it.
//
// A few deviations need no field, because nobody gains by them: an error with status 200 is an error; expires_in may be a text or have a
// fraction; scope may be a list of texts, or missing (as asked for); token_type may be missing or in lower case; members that are null count as
// missing; header fields such as WWW-Authenticate do not matter. A refresh token stays until another comes.
type Dialect struct {
	// Method is that of token requests: POST (the default), PUT, or GET. A GET carries the code, the refresh token and the client's
	// secret in the address, which logs on the way may keep; it is for providers that take nothing else.
	Method string

	// JSONBody sends a JSON object of texts instead of a form.
	JSONBody bool

	// RawBasic puts client ID and secret into Basic credentials as they are, for providers that do not decode them as
	// RFC 6749 section 2.3.1 has it. It matters when there are characters beyond letters, digits and "-._~" in them.
	RawBasic bool

	// Names are other names of request parameters by their standard ones, such as {"client_id": "appid", "client_secret": "secret"}.
	Names map[string]string

	// Params are sent along with every token request, such as {"action": {"requesttoken"}}.
	Params url.Values

	// RefreshScope sends the scopes of the session with a refresh.
	RefreshScope bool

	// EditRequest has the last word on the parameters of a token request: renamed, with the client's credentials unless they go
	// into a header. grant_type tells a login from a refresh.
	EditRequest func(params url.Values)

	// Sniff reads an answer by what it looks like instead of by its Content-Type: what begins with "{" is JSON, anything else
	// form-encoded.
	Sniff bool

	// Envelope is the path of the object that holds the tokens, such as "data" (see [Fields]). An answer without it
	// is read as it is.
	Envelope string

	// AnswerNames are the paths of members of an answer by their standard names, such as {"access_token": "accessToken"}. They
	// begin in the envelope.
	AnswerNames map[string]string

	// CommaScopes are scopes with commas between them, in answers; spaces count as well then.
	CommaScopes bool

	// ScopeNames are the provider's own names of scopes, in answers, by the names that they are asked for with, such as
	// {"https://www.googleapis.com/auth/userinfo.email": "email"}.
	ScopeNames map[string]string

	// ScopePrefixes are what the provider puts in front of scopes, in answers, such as
	// "https://graph.microsoft.com/". Scopes that were asked for are also recognized without it, and in
	// another case.
	ScopePrefixes []string

	// TokenTypes are further values of token_type that mean Bearer.
	TokenTypes []string

	// ErrorCodes are the provider's own error codes or messages, by what they are in RFC 6749, such as
	// {"40029": "invalid_grant"}. A refresh ends the session if, and only if, the error is
	// invalid_grant. They are looked for in the members error, error.code, error.type, error_code,
	// errcode, code, status, error_description, error.message, message, errmsg and msg of an answer, and
	// in the parameter error of the callback.
	ErrorCodes map[string]string

	// EditAnswer may rewrite an answer, a JSON object, before it is read. MapUser still gets the one that was received.
	EditAnswer func(answer json.RawMessage) (json.RawMessage, error)
}

// check returns what is wrong with the dialect.
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
		if slices.Contains(tokenParams, name) || slices.Contains(slices.Collect(maps.Values(d.Names)), name) {
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
			wrong("AnswerNames", "%q for %q: the name is not one of %v, or that is no path", path, name, answerNames)
		}
	}
	for _, prefix := range d.ScopePrefixes {
		if !validScope(prefix) || !strings.HasSuffix(prefix, "/") {
			wrong("ScopePrefixes", "%q is not an address that ends with a slash", prefix)
		}
	}
	for own, code := range d.ErrorCodes {
		if registeredCode(code) == "" {
			wrong("ErrorCodes", "%q for %q is not registered", code, own)
		}
	}
	return mistakes
}

// tokenParams are the parameters of token requests that the library sets.
var tokenParams = []string{
	"grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "refresh_token", "scope",
}

// checkNames makes sure that no two parameters have one name.
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
			mistakes = append(mistakes, wrongField(field, "gives two parameters the name %q", other))
		}
		taken[other] = true
	}
	return mistakes
}

// renamed gives parameters their other names.
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

// translated is a callback whose error is a registered one, if it stands for one.
func (d *Dialect) translated(callback url.Values) url.Values {
	code := d.ErrorCodes[callback.Get("error")]
	if code == "" {
		return callback
	}
	callback = maps.Clone(callback)
	callback.Set("error", code)
	return callback
}
