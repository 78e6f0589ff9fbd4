package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Responses of real token endpoints. The numbers are those of the catalog of vendor quirks.
func TestDialect_Responses(t *testing.T) {
	const asJSON, asText, asHTML, asForm = "application/json", "text/plain", "text/html",
		"application/x-www-form-urlencoded"
	const standard = `{"access_token":"a","token_type":"Bearer","expires_in":3600,"refresh_token":"r","scope":"x y"}`
	sniff := Dialect{Sniff: true}
	for name, row := range map[string]struct {
		d       Dialect
		media   string
		body    string
		want    string // access token, refresh token, seconds and scopes; or what the error says
		refused bool
	}{
		"the standard": {Dialect{}, asJSON, standard,
			"a r 3600 x|y", false},
		"quirk 14: form-encoded": {sniff, asForm,
			"access_token=a&scope=x%2Cy&token_type=bearer", "a  0 x,y", false},
		"quirk 14: form-encoded, not expected": {Dialect{}, asForm,
			"access_token=a&token_type=bearer", "not application/json", true},
		"quirk 14: form-encoded, twice": {sniff, asForm, "access_token=a&access_token=b",
			"twice", true},
		"quirk 14: form-encoded, malformed": {sniff, asForm, "access_token=%zz",
			"neither JSON nor form", true},
		"quirk 15: error with status 200": {Dialect{}, asJSON,
			`{"error":"invalid_grant","error_description":"used"}`, "invalid_grant", true},
		"quirk 15: error with a token": {Dialect{}, asJSON,
			`{"access_token":"a","error":"invalid_grant"}`, "invalid_grant", true},
		"quirk 15: proprietary error code": {
			Dialect{ErrorCodes: map[string]string{"bad_verification_code": "invalid_grant"}},
			asJSON, `{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}`, "invalid_grant", true},
		"quirk 15: error form-encoded": {sniff, asForm,
			"error=incorrect_client_credentials&error_description=The+client_id+is+wrong",
			"The client_id is wrong", true},
		"quirk 15: errcode": {
			Dialect{Sniff: true, ErrorCodes: map[string]string{"40029": "invalid_grant"}}, asText,
			`{"errcode":40029,"errmsg":"invalid code"}`, `invalid_grant): "invalid code"`, true},
		"quirk 15: ok false": {Dialect{}, asJSON,
			`{"ok":false,"error":"invalid_code"}`, "error with status 200", true},
		"quirk 15: null is not an error": {Dialect{}, asJSON,
			`{"access_token":"a","error":null}`, "a  0 nil", false},
		"quirk 15: empty is not an error": {Dialect{}, asJSON,
			`{"access_token":"a","error":""}`, "a  0 nil", false},
		"quirk 15: an error object": {Dialect{}, asJSON,
			`{"access_token":"a","error":{"code":1}}`, "error with status 200", true},
		"quirk 16: JSON as text/plain": {sniff, asText, standard, "a r 3600 x|y", false},
		"quirk 16: JSON as text/html": {sniff, asHTML, " \n" + standard,
			"a r 3600 x|y", false},
		"quirk 16: JSON as text/json": {sniff, "text/json", standard,
			"a r 3600 x|y", false},
		"quirk 16: JSON as a form":      {sniff, asForm, standard, "a r 3600 x|y", false},
		"quirk 16: JSON without a type": {sniff, "", standard, "a r 3600 x|y", false},
		"quirk 16: text/plain, not expected": {Dialect{}, asText, standard,
			"not application/json", true},
		"quirk 16: a page of HTML": {sniff, asHTML,
			"<html><body>access_token=a</body></html>", "neither JSON nor form", true},
		"quirk 16: a list": {sniff, asJSON, `[{"access_token":"a"}]`,
			"neither JSON nor form", true},
		"quirk 19: expires_in as text": {Dialect{}, asJSON,
			`{"access_token":"a","expires_in":"3600"}`, "a  3600 nil", false},
		"quirk 19: expires_in with a fraction": {Dialect{}, asJSON,
			`{"access_token":"a","expires_in":3600.0}`, "a  3600 nil", false},
		"quirk 19: expires_in missing": {Dialect{}, asJSON, `{"access_token":"a"}`,
			"a  0 nil", false},
		"quirk 19: expires_in null": {Dialect{}, asJSON,
			`{"access_token":"a","expires_in":null}`, "a  0 nil", false},
		"quirk 19: expires_in nonsense": {Dialect{}, asJSON,
			`{"access_token":"a","expires_in":"soon"}`, "a  0 nil", false},
		"quirk 19: expires": {
			Dialect{Sniff: true, AnswerNames: map[string]string{"expires_in": "expires"}}, asForm,
			"access_token=a&expires=86400", "a  86400 nil", false},
		"quirk 20: token_type missing": {Dialect{}, asJSON, `{"access_token":"a"}`,
			"a  0 nil", false},
		"quirk 20: token_type null": {Dialect{}, asJSON,
			`{"access_token":"a","token_type":null}`, "a  0 nil", false},
		"quirk 20: token_type in lower case": {Dialect{}, asJSON,
			`{"access_token":"a","token_type":"bearer"}`, "a  0 nil", false},
		"quirk 20: token_type odd": {Dialect{TokenTypes: []string{"user"}}, asJSON,
			`{"access_token":"a","token_type":"user"}`, "a  0 nil", false},
		"quirk 20: token_type unknown": {Dialect{TokenTypes: []string{"user"}}, asJSON,
			`{"access_token":"a","token_type":"mac"}`, "not supported", true},
		"quirk 20: token_type a number": {Dialect{}, asJSON,
			`{"access_token":"a","token_type":1}`, "not a string", true},
		"quirk 21: scope as a list": {Dialect{}, asJSON,
			`{"access_token":"a","scope":["x","y z"]}`, "a  0 x|y z", false},
		"quirk 21: scope with commas": {Dialect{CommaScopes: true}, asJSON,
			`{"access_token":"a","scope":"x,y"}`, "a  0 x|y", false},
		"quirk 21: scope with both": {Dialect{CommaScopes: true}, asJSON,
			`{"access_token":"a","scope":" x, y,,z"}`, "a  0 x|y|z", false},
		"quirk 21: commas, not expected": {Dialect{}, asJSON,
			`{"access_token":"a","scope":"x,y"}`, "a  0 x,y", false},
		"quirk 21: scope missing": {Dialect{}, asJSON, `{"access_token":"a"}`,
			"a  0 nil", false},
		"quirk 21: scope empty": {Dialect{}, asJSON,
			`{"access_token":"a","scope":""}`, "a  0 ", false},
		"quirk 21: scope a list of numbers": {Dialect{}, asJSON,
			`{"access_token":"a","scope":[1]}`, "list of strings", true},
		"quirk 21: scope an object": {Dialect{}, asJSON,
			`{"access_token":"a","scope":{}}`, "list of strings", true},
		"quirk 22: an envelope": {Dialect{Envelope: "body"}, asJSON,
			`{"status":0,"body":{"access_token":"a","refresh_token":"r","expires_in":60}}`,
			"a r 60 nil", false},
		"quirk 22: an envelope in another": {Dialect{Envelope: "d.e"}, asJSON,
			`{"d":{"e":{"access_token":"a"}}}`, "a  0 nil", false},
		"quirk 22: an envelope that is missing": {Dialect{Envelope: "body"}, asJSON,
			`{"access_token":"a"}`, "a  0 nil", false},
		"quirk 22: an envelope that is null": {Dialect{Envelope: "body"}, asJSON,
			`{"body":null,"access_token":"a"}`, "a  0 nil", false},
		"quirk 22: an envelope not expected": {Dialect{}, asJSON,
			`{"body":{"access_token":"a"}}`, "no access_token", true},
		"quirk 22: other names": {
			Dialect{AnswerNames: map[string]string{"access_token": "accessToken",
				"refresh_token": "refreshToken", "expires_in": "expireIn"}}, asJSON,
			`{"accessToken":"a","refreshToken":"r","expireIn":7200}`, "a r 7200 nil", false},
		"quirk 22: a name inside an object": {
			Dialect{AnswerNames: map[string]string{"access_token": "authed_user.access_token"}},
			asJSON, `{"authed_user":{"access_token":"a"}}`, "a  0 nil", false},
		"quirk 22: an answer rewritten": {
			Dialect{EditAnswer: rewrite("token", "access_token")}, asJSON, `{"token":"a"}`,
			"a  0 nil", false},
		"quirk 22: an answer rewritten badly": {Dialect{EditAnswer: rewrite("{", "[")}, asJSON,
			`{"token":"a"}`, "EditAnswer", true},
		"quirk 23: error in an envelope": {Dialect{Envelope: "data"}, asJSON,
			`{"data":{"error":"invalid_grant","error_description":"used"}}`,
			`invalid_grant): "used"`, true},
		"quirk 25: more than tokens": {Dialect{}, asJSON,
			`{"access_token":"a","owner":{"user":{"id":"u"}}}`, "a  0 nil", false},
		"strict: twice": {sniff, asJSON,
			`{"access_token":"a","access_token":"b"}`, "twice", true},
		"strict: look-alike": {sniff, asJSON,
			`{"access_token":"a","Access_Token":"b"}`, "looks like", true},
		"strict: data after it": {sniff, asJSON, standard + standard,
			"data after", true},
		"strict: not closed": {sniff, asJSON, `{"access_token":"a"`,
			"malformed", true},
		"strict: a token that is a number": {sniff, asJSON, `{"access_token":1}`,
			"not a string", true},
		"strict: an empty token": {sniff, asJSON, `{"access_token":""}`,
			"no access_token", true},
		"strict: a refresh token of no type": {sniff, asJSON,
			`{"access_token":"a","refresh_token":1}`, "not a string", true},
		"strict: nothing": {sniff, asJSON, ``, "no access_token", true},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1_000_000, 0)
			tokens, raw, err := row.d.tokens(answer{status: http.StatusOK, media: row.media,
				body: []byte(strings.TrimSpace(row.body))}, now, nil, nil)
			if row.refused {
				if err == nil || !strings.Contains(err.Error(), row.want) || raw != nil ||
					tokens.AccessToken != "" {
					t.Errorf("%v, %v; want an error with %q", tokens.AccessToken, err, row.want)
				}
				if e, ok := errors.AsType[*Error](err); !ok || e.Fault != faultToken {
					t.Errorf("error %v of another kind", err)
				}
				return
			}
			scopes := "nil"
			if tokens.Scopes != nil {
				scopes = strings.Join(tokens.Scopes, "|")
			}
			seconds := 0.0
			if !tokens.Expiry.IsZero() {
				seconds = tokens.Expiry.Sub(now).Seconds()
			}
			got := fmt.Sprintf("%s %s %g %s", tokens.AccessToken, tokens.RefreshToken,
				seconds, scopes)
			if err != nil || got != row.want || tokens.TokenType != "Bearer" || !json.Valid(raw) {
				t.Errorf("%q, %v, answer %s; want %q", got, err, raw, row.want)
			}
		})
	}
}

func rewrite(old, fresh string) func(json.RawMessage) (json.RawMessage, error) {
	return func(raw json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(strings.ReplaceAll(string(raw), old, fresh)), nil
	}
}

// Quirk 23: proprietary error bodies. R67, R76: the code is registered or empty, and the text is
// sanitized.
func TestDialect_Errors(t *testing.T) {
	own := Dialect{ErrorCodes: map[string]string{
		"190": "invalid_grant", "40029": "invalid_grant", "Invalid refresh token": "invalid_grant",
		"oauth_problem": "invalid_request", "1e2": "invalid_scope",
	}}
	for name, row := range map[string]struct {
		status            int
		media, body       string
		code, description string
	}{
		"the standard": {400, "application/json",
			`{"error":"invalid_grant","error_description":"used"}`, "invalid_grant", "used"},
		"quirk 23: {error: {code}}": {400, "application/json",
			`{"error":{"message":"Expired","type":"OAuthException","code":190,"fbtrace_id":"x"}}`,
			"invalid_grant", "Expired"},
		"quirk 23: {error: {code}} by name": {400, "application/json",
			`{"error":{"code":"invalid_client","message":"m"}}`, "invalid_client", "m"},
		"quirk 23: {status, message}": {400, "application/json",
			`{"status":400,"message":"Invalid refresh token"}`, "invalid_grant",
			"Invalid refresh token"},
		"quirk 23: {errcode, errmsg}": {400, "application/json",
			`{"errcode":40029,"errmsg":"invalid code"}`, "invalid_grant", "invalid code"},
		"quirk 23: an unknown code": {400, "application/json",
			`{"error":"weird","error_description":"text"}`, "", "text"},
		"quirk 23: more members": {400, "application/json",
			`{"error":"invalid_grant","error_description":"AADSTS1","error_codes":[1],"trace_id":"t"}`, "invalid_grant", "AADSTS1"},
		"a number with an exponent": {400, "application/json", `{"code":1e2}`,
			"invalid_scope", ""},
		"a description that is a code": {400, "application/json",
			`{"error":"weird","error_description":"invalid_grant"}`, "", "invalid_grant"},
		"nothing known": {400, "application/json", `{"x":1}`, "", ""},
		"a page": {400, "text/html", `<html>invalid_grant</html>`,
			"", ""},
		"a page as application/json": {400, "application/json", `<html>invalid_grant</html>`,
			"", ""},
		"controls": {400, "application/json",
			`{"error":"invalid_grant","error_description":"a\r\nb\u0000c\u001b[31m"}`,
			"invalid_grant", "a..b.c.[31m"},
		"long": {400, "application/json",
			`{"error":"invalid_grant","error_description":"` + strings.Repeat("x", 1000) + `"}`,
			"invalid_grant", strings.Repeat("x", 200) + "…"},
		"secrets of the request": {400, "application/json",
			`{"error":"invalid_grant","error_description":"code s3cret-code is used"}`,
			"invalid_grant", "code [redacted] is used"},
		"tokens of the answer": {400, "application/json",
			`{"error":"invalid_grant","access_token":"t0ken","error_description":"t0ken"}`,
			"invalid_grant", "[redacted]"},
		"quirk 23: status 500, mapped": {500, "application/json", `{"error":{"code":190}}`,
			"invalid_grant", ""},
	} {
		err := own.refused(faultToken, answer{status: row.status, media: row.media,
			body: []byte(row.body)}, nil, []string{"s3cret-code", ""})
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Code != row.code || e.Description != row.description ||
			errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v; want code %q and description %q", name, err, row.code,
				row.description)
		}
	}
	for _, body := range []string{``, `<html>`, `{"error":"temporarily_unavailable"}`,
		`{"error":"invalid_grant"}`, `{"message":"over capacity"}`, `{"error":{}}`} {
		if err := own.refused(faultToken, answer{status: 502, media: "application/json",
			body: []byte(body)}, nil, nil); !errors.Is(err, ErrUnavailable) {
			t.Errorf("status 502 with %q: %v, want ErrUnavailable", body, err)
		}
	}
}

func TestDialect_IsChecked(t *testing.T) {
	for name, d := range map[string]Dialect{
		"method": {Method: "DELETE"}, "GET with a body": {Method: "GET", JSONBody: true},
		"renames nothing":    {Names: map[string]string{"state": "x"}},
		"renamed to nothing": {Names: map[string]string{"code": ""}},
		"two of one name":    {Names: map[string]string{"code": "x", "scope": "x"}},
		"another's name":     {Names: map[string]string{"code": "scope"}},
		"owned":              {Params: url.Values{"code": {"x"}}},
		"owned by another name": {Names: map[string]string{"client_id": "appid"},
			Params: url.Values{"appid": {"x"}}},
		"two values":    {Params: url.Values{"action": {"a", "b"}}},
		"envelope":      {Envelope: "a..b"},
		"answer's name": {AnswerNames: map[string]string{"token": "x"}},
		"answer's path": {AnswerNames: map[string]string{"scope": ""}},
		"code":          {ErrorCodes: map[string]string{"1": "not_a_code"}},
	} {
		if d.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	good := Dialect{
		Method: "GET", Names: map[string]string{"client_id": "appid", "client_secret": "secret",
			"code": "refresh_token", "refresh_token": "code"},
		Params: url.Values{"action": {"requesttoken"}}, Envelope: "a.b",
		AnswerNames: map[string]string{"expires_in": "expires"},
		ErrorCodes:  map[string]string{"1": "invalid_grant"},
	}
	if mistakes := good.check(); mistakes != nil {
		t.Errorf("mistakes in a valid dialect: %v", mistakes)
	}
}

// Any response yields an access token that it contains, or an error that is a fault and safe to
// log.
func FuzzTokenAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"a","token_type":"Bearer","expires_in":3600}`,
		"access_token=a&scope=x%2Cy", `{"error":"invalid_grant"}`, `{"errcode":40029,"errmsg":"x"}`,
		`{"data":{"access_token":"a","scope":["x"]}}`, `<html>`,
		`{"access_token":"a","expires_in":1e300}`, `{"access_token":"a","scope":null,"error":""}`,
		`{"error":{"code":1e999}}`,
	} {
		f.Add(200, "application/json", []byte(seed), false, "data")
		f.Add(400, "text/html", []byte(seed), true, "")
	}
	f.Fuzz(func(t *testing.T, status int, media string, body []byte, sniff bool, envelope string) {
		d := Dialect{Sniff: sniff, Envelope: envelope, CommaScopes: sniff,
			ErrorCodes: map[string]string{"40029": "invalid_grant"}}
		tokens, raw, err := d.tokens(answer{status: status, media: media, body: body},
			time.Unix(1_000_000, 0), []string{"S3CRET"}, nil)
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok && !errors.Is(err, ErrUnavailable) || ok && e.Code != "" &&
				!slices.Contains(oauthCodes, e.Code) {
				t.Errorf("%q: error %v of another kind", body, err)
			}
			for _, r := range err.Error() {
				if r < ' ' || r > '~' {
					t.Errorf("%q: error %q", body, err)
				}
			}
			if strings.Contains(err.Error(), "S3CRET") {
				t.Errorf("%q: the error holds the secret: %v", body, err)
			}
			return
		}
		if status != http.StatusOK || tokens.AccessToken == "" || !json.Valid(raw) ||
			tokens.Expiry.Year() > 2100 {
			t.Errorf("%d %q: %v %v", status, body, tokens.AccessToken, tokens.Expiry)
		}
		if decoded, _ := url.ParseQuery(string(body)); !stands(string(body), tokens.AccessToken) &&
			decoded.Get("access_token") != tokens.AccessToken {
			t.Errorf("%q: the token %q is not in the answer", body, tokens.AccessToken)
		}
	})
}
