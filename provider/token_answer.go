package provider

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// answerNames are the members of a token response that are read. All but the lifetime decide.
var answerNames = []string{"access_token", "token_type", "refresh_token", "id_token", "scope",
	"expires_in", "error"}

// tokens reads a token response (RFC 6749 section 5.1). It also returns the whole response as
// received, as a JSON object. An error response is an error with any status.
func (d *Dialect) tokens(a answer, now time.Time, secrets []string, n *notes) (session.Tokens,
	json.RawMessage, error) {
	if a.status != http.StatusOK {
		return session.Tokens{}, nil, d.refused(faultToken, a, nil, secrets)
	}
	fault := func(err error) (session.Tokens, json.RawMessage, error) {
		return session.Tokens{}, nil, &Error{Fault: faultToken, Err: err}
	}
	received, err := d.object(a)
	if err != nil {
		return fault(err)
	}
	c, err := d.members(received, n)
	if err != nil {
		return fault(err)
	}
	access, err := c.text("access_token")
	switch {
	case err != nil:
		return fault(err)
	case c.has("error"):
		return session.Tokens{}, nil,
			d.refused(faultToken, a, errors.New("the response is an error with status 200"),
				secrets)
	case access == "":
		return session.Tokens{}, nil,
			d.refused(faultToken, a, errors.New("the response has no access_token"), secrets)
	}
	tokens, err := d.readTokens(c, now)
	if err != nil {
		return fault(err)
	}
	return tokens, received, nil
}

// object returns a response as a JSON object.
func (d *Dialect) object(a answer) (json.RawMessage, error) {
	raw := json.RawMessage(a.body)
	switch {
	case !d.Sniff && !a.isJSON():
		return nil, errors.New("the response is not application/json")
	case d.Sniff && !bytes.HasPrefix(a.body, []byte("{")):
		var err error
		if raw, err = formAsObject(a.body); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// formAsObject converts a form-encoded response to a JSON object, which may have duplicate names.
func formAsObject(body []byte) (json.RawMessage, error) {
	form, err := readForm(body)
	if err != nil {
		return nil, fmt.Errorf("the response is neither JSON nor form-encoded: %w", err)
	}
	var members []string
	for name, values := range form {
		for _, value := range values {
			members = append(members, asJSON(name)+":"+asJSON(value))
		}
	}
	return json.RawMessage("{" + strings.Join(members, ",") + "}"), nil
}

// maxForm bounds a form-encoded response.
const maxForm = 64 << 10

// readForm reads a response in application/x-www-form-urlencoded with any Content-Type. It rejects
// HTML pages.
func readForm(body []byte) (url.Values, error) {
	if len(body) > maxForm {
		return nil, fmt.Errorf("it is larger than %d bytes", maxForm)
	}
	malformed := errors.New("malformed form") // the text of package url would quote it
	for _, c := range body {
		if c <= ' ' || c > '~' || c == '<' || c == '>' || c == '"' {
			return nil, malformed
		}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, malformed
	}
	for name, values := range form {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(values, "")) {
			return nil, errors.New("it is not UTF-8")
		}
	}
	return form, nil
}

func asJSON(text string) string {
	raw, _ := json.Marshal(text) // a string always marshals
	return string(raw)
}

// standardAnswer is the schema of a response of RFC 6749.
var standardAnswer = (&Dialect{}).newSchema()

// schema names the members of a response that decide: in the envelope, or at the top without one.
func (d *Dialect) schema() *schema {
	if d.Envelope == "" && len(d.AnswerNames) == 0 {
		return standardAnswer
	}
	return d.newSchema()
}

func (d *Dialect) newSchema() *schema {
	s := newSchema("token response")
	for _, name := range answerNames {
		path := cmp.Or(d.AnswerNames[name], name)
		if name == "expires_in" {
			continue
		}
		s.paths(path)
		if d.Envelope != "" {
			s.paths(d.Envelope + "." + path)
		}
	}
	return s
}

// members returns the members of a response that are read, by their standard names.
func (d *Dialect) members(received json.RawMessage, n *notes) (claims, error) {
	c, err := d.opened(received, n)
	if err != nil {
		return nil, err
	}
	found := claims{}
	for _, name := range answerNames {
		raw, there := c.at(cmp.Or(d.AnswerNames[name], name))
		if there && string(raw) != "null" && !(name == "error" && string(raw) == `""`) {
			found[name] = raw
		}
	}
	return found, nil
}

// opened returns the members in the envelope, or those of the response without one.
func (d *Dialect) opened(raw json.RawMessage, n *notes) (claims, error) {
	answer, err := d.schema().read(raw, n)
	if err != nil {
		return nil, err
	}
	if d.EditAnswer != nil {
		if answer, err = d.edited(answer); err != nil {
			return nil, fmt.Errorf("Dialect.EditAnswer: %w", err)
		}
	}
	if d.Envelope == "" {
		return answer.claims, nil
	}
	var inner claims
	if raw, there := answer.at(d.Envelope); there && json.Unmarshal(raw, &inner) == nil &&
		inner != nil {
		return inner, nil
	}
	return answer.claims, nil
}

// edited returns a response after Dialect.EditAnswer.
func (d *Dialect) edited(answer document) (document, error) {
	raw, err := recovered.Get(func() (json.RawMessage, error) {
		return d.EditAnswer(slices.Clone(answer.raw))
	})
	if err != nil {
		return document{}, err
	}
	return d.schema().read(raw, answer.notes)
}

// readTokens reads the members of a successful response.
func (d *Dialect) readTokens(c claims, now time.Time) (session.Tokens, error) {
	var texts [4]string
	for i, name := range []string{"access_token", "refresh_token", "id_token", "token_type"} {
		text, err := c.text(name)
		if err != nil {
			return session.Tokens{}, err
		}
		texts[i] = text
	}
	if kind := texts[3]; kind != "" && !strings.EqualFold(kind, "Bearer") &&
		!slices.Contains(d.TokenTypes, kind) {
		return session.Tokens{}, fmt.Errorf("token_type %q is not supported", printable(kind))
	}
	tokens := session.Tokens{AccessToken: texts[0], RefreshToken: texts[1], IDToken: texts[2],
		TokenType: "Bearer"}
	var err error
	if tokens.Scopes, err = d.granted(c); err != nil {
		return session.Tokens{}, err
	}
	if lifetime, ok := expiresIn(c["expires_in"]); ok {
		tokens.Expiry = now.Add(lifetime)
	}
	return tokens, nil
}

// granted reads the scopes. It returns nil if the response has none.
func (d *Dialect) granted(c claims) ([]string, error) {
	if !c.has("scope") {
		return nil, nil
	}
	text, err := c.text("scope")
	between := func(r rune) bool { return r == ' ' || r == ',' && d.CommaScopes }
	scopes := boundedScopes(strings.FieldsFuncSeq(text, between))
	if err != nil {
		scopes, err = c.texts("scope")
		scopes = boundedScopes(slices.Values(scopes))
	}
	for i, scope := range scopes {
		scopes[i] = cmp.Or(d.ScopeNames[scope], d.withoutPrefix(scope))
	}
	if scopes == nil { // an empty scope grants nothing; a missing one grants the requested scopes
		scopes = []string{}
	}
	return scopes, err
}

// expiresIn reads a lifetime in seconds, as a number or as a string, which some providers send.
// Other values are treated as missing.
func expiresIn(raw json.RawMessage) (time.Duration, bool) {
	text := string(raw)
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		text = quoted
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return 0, false
	}
	const longest = 100 * 365 * 24 * 3600
	return time.Duration(min(seconds, longest)) * time.Second, true
}
