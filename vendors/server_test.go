package vendors_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// A server is the http.RoundTripper of a vendor: it answers with the fixture and checks requests.
type server struct {
	mu         sync.Mutex
	values     values
	answers    map[string]reply
	claims     map[string]any
	header     map[string]any
	signed     *signed
	requested  []string
	arrived    chan string // every request, for those who wait for one in the background
	complaints []string
	secrets    []string
}

// RoundTrip implements http.RoundTripper.
func (v *server) RoundTrip(r *http.Request) (*http.Response, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	body := []byte{}
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	address, answer, found := v.find(r)
	if !found {
		v.wrong("%s %s: unexpected request", r.Method, r.URL)
		return nil, errors.New("no such address in the fixture")
	}
	v.noteCallback(r)
	v.requested = append(v.requested, address)
	v.arrived <- address
	if answer.Request != nil {
		v.check(answer.Request, r, body)
	}
	return v.answer(r, answer)
}

// noteCallback records the callback URL of an OAuth 1.0a request, which contains the state.
func (v *server) noteCallback(r *http.Request) {
	callback := oauth1Params(r).Get("oauth_callback")
	if callback == "" {
		return
	}
	v.values.texts["oauth_callback"] = callback
	if u, err := url.Parse(callback); err == nil {
		v.values.texts["state"] = u.Query().Get("state")
	}
}

func (v *server) wrong(format string, args ...any) {
	v.complaints = append(v.complaints, fmt.Sprintf(format, args...))
}

// find returns the answer to a request: by its whole URL or, for a GET, by the URL without the
// query.
func (v *server) find(r *http.Request) (string, reply, bool) {
	full := r.URL.String()
	candidates := []string{r.Method + " " + full, full}
	if short, _, cut := strings.Cut(full, "?"); cut && r.Method == http.MethodGet {
		candidates = append(candidates, r.Method+" "+short, short)
	}
	for address, answer := range v.answers {
		if slices.Contains(candidates, v.values.text(address)) {
			return address, answer, true
		}
	}
	return "", reply{}, false
}

// answer writes the answer of the vendor.
func (v *server) answer(r *http.Request, a reply) (*http.Response, error) {
	media := "application/json"
	var body []byte
	if _, there := v.values.texts["id_token"]; len(v.claims) > 0 && !there {
		if err := v.sign(); err != nil {
			return nil, err
		}
	}
	switch {
	case a.Keys != nil:
		body = a.Keys.jwks(v.values)
	case a.Form != nil:
		form := url.Values{}
		for name, value := range a.Form {
			form.Set(name, fmt.Sprint(v.values.fill(value)))
		}
		media, body = "application/x-www-form-urlencoded", []byte(form.Encode())
	case a.Text != nil:
		media, body = "text/plain", []byte(v.values.text(*a.Text))
	default:
		body = v.values.json(a.JSON)
	}
	resp := &http.Response{
		StatusCode:    a.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{},
		Request:       r,
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	if a.Status == 0 {
		resp.StatusCode = http.StatusOK
	}
	if a.Type != "" {
		media = a.Type
	}
	resp.Header.Set("Content-Type", media)
	for name, value := range a.Header {
		resp.Header.Set(name, v.values.text(value))
	}
	return resp, nil
}

// sign makes the ID token of this trial.
func (v *server) sign() error {
	v.values.texts["at_hash"] = halfHash(v.values.texts["access_token"])
	v.values.texts["c_hash"] = halfHash(v.values.texts["code"])
	raw, err := sign(v.values.json(v.claims), v.header, v.values)
	v.values.texts["id_token"] = raw
	return err
}

// usualGrants are what token requests send.
var usualGrants = map[string]map[string]any{
	"": {},
	"code": {
		"grant_type":    "authorization_code",
		"code":          "{code}",
		"redirect_uri":  "{redirect_uri}",
		"code_verifier": "{any}",
	},
	"refresh": {"grant_type": "refresh_token", "refresh_token": "{refresh_token}"},
}

// check compares a request with the expected one.
func (v *server) check(want *request, r *http.Request, body []byte) {
	where := r.Method + " " + r.URL.Host + r.URL.Path
	method := want.Method
	if method == "" && (want.Grant != "" || want.Params != nil) {
		method = http.MethodPost
	}
	if method != "" && r.Method != method {
		v.wrong("%s: the method must be %s", where, method)
	}
	got, err := sentParams(r, body)
	if err != nil {
		v.wrong("%s: %v", where, err)
	}
	expected := laid(usualGrants[want.Grant], want.Params)
	switch want.Auth {
	case "post":
		expected = laid(map[string]any{
			"client_id":     "{client_id}",
			"client_secret": "{client_secret}",
		}, expected)
	case "none":
		expected = laid(map[string]any{"client_id": "{client_id}"}, expected)
	case "oauth1":
		for name, values := range oauth1Params(r) {
			got[name] = values
		}
		expected = laid(usualSigned, expected)
	}
	v.checkAuth(want.Auth, where, r)
	if want.Grant != "" || want.Params != nil || want.Auth == "oauth1" {
		v.compare(where, expected, got)
	}
	if verifier := got.Get("code_verifier"); verifier != "" {
		sum := sha256.Sum256([]byte(verifier))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != v.values.texts["challenge"] {
			v.wrong("%s: the code_verifier does not belong to the code_challenge", where)
		}
		v.secrets = append(v.secrets, verifier)
	}
	for name, value := range want.Header {
		text, given := value.(string)
		sent := r.Header.Get(name)
		asWanted := sent == "" // null
		if given {
			asWanted = sent == v.values.text(text) || text == "{any}" && sent != ""
		}
		if !asWanted {
			v.wrong("%s: %s is %q, want %v", where, name, sent, value)
		}
	}
}

// checkAuth checks the Authorization header.
func (v *server) checkAuth(how, where string, r *http.Request) {
	got, want := r.Header.Get("Authorization"), ""
	switch how {
	case "":
		return
	case "basic":
		id := url.QueryEscape(v.values.texts["client_id"])
		secret := url.QueryEscape(v.values.texts["client_secret"])
		want = "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	case "basic_raw":
		pair := v.values.texts["client_id"] + ":" + v.values.texts["client_secret"]
		want = "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	case "bearer":
		want = "Bearer " + v.values.texts["access_token"]
	case "oauth1":
		if !strings.HasPrefix(got, "OAuth ") {
			v.wrong("%s: not signed", where)
		}
		return
	case "post", "none":
	default:
		v.wrong("the fixture's auth %q is not known", how)
	}
	if got != want {
		v.wrong("%s: Authorization is %q, want %q", where, got, want)
	}
}

// sentParams reads a form or JSON body, or the query of a GET.
func sentParams(r *http.Request, body []byte) (url.Values, error) {
	if r.Method == http.MethodGet {
		return url.ParseQuery(r.URL.RawQuery)
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return url.ParseQuery(string(body))
	}
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		return url.Values{}, err
	}
	params := url.Values{}
	for name, value := range object {
		params.Set(name, fmt.Sprint(value))
	}
	return params, nil
}

// usualSigned are what signed requests send.
var usualSigned = map[string]any{
	"oauth_consumer_key":     "{client_id}",
	"oauth_nonce":            "{any}",
	"oauth_signature":        "{any}",
	"oauth_signature_method": "HMAC-SHA1",
	"oauth_timestamp":        "{any}",
	"oauth_version":          "1.0",
}

// oauth1Params reads the Authorization header of a signed request.
func oauth1Params(r *http.Request) url.Values {
	params := url.Values{}
	rest, _ := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		text, err := url.PathUnescape(strings.Trim(value, `"`))
		if err == nil && name != "" {
			params.Add(name, text)
		}
	}
	return params
}

// compare checks that exactly the expected parameters were sent.
func (v *server) compare(where string, want map[string]any, got url.Values) {
	for name := range got {
		if want[name] == nil {
			v.wrong("%s: %s is sent: %q", where, name, got[name])
		}
	}
	for name, value := range want {
		if value == nil {
			continue
		}
		if sent := got[name]; !v.equal(value, sent) {
			v.wrong("%s: %s is %q, want %v", where, name, sent, v.values.fill(value))
		}
	}
}

// equal compares the values of one parameter with a text, a list of texts, or an object as JSON.
func (v *server) equal(want any, sent []string) bool {
	switch want := want.(type) {
	case []any:
		texts := make([]string, len(want))
		for i, element := range want {
			texts[i] = v.values.text(fmt.Sprint(element))
		}
		return slices.Equal(texts, sent)
	case map[string]any:
		var object any
		return len(sent) == 1 && json.Unmarshal([]byte(sent[0]), &object) == nil &&
			sameJSON(want, object)
	}
	text := fmt.Sprint(want)
	if text == "{signed}" {
		return len(sent) == 1 && v.signed.is(sent[0], v.values)
	}
	return len(sent) == 1 && (text == "{any}" && sent[0] != "" || v.values.text(text) == sent[0])
}

// sameJSON compares two values by their canonical text.
func sameJSON(a, b any) bool {
	first, err1 := json.Marshal(a)
	second, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(first, second)
}
