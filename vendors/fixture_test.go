// These tests sign in at every vendor, refresh and sign out over HTTP, against answers like the
// vendor's. The answers are in testdata/vendors, one file for each vendor, with made-up values.
//
// A file describes the usual case, and cases that differ from it: a member of a case replaces that
// of the file, and objects (settings, vars, id_token, answers, params) are merged into those of the
// file, where null removes a member. Texts may contain the placeholders {client_id},
// {redirect_uri}, {state}, {nonce}, {code}, {now}, {now-60} and the names in vars, {id_token} for a
// token with the claims of id_token, and its hashes {at_hash} and {c_hash}.
//
// Parameters are listed completely: one that is sent and not listed fails the test, and so does one
// that is listed and not sent. {any} matches any text. Parameters of every login need not be listed
// (see usualAuthorize and usualGrants). A request without an answer fails the test.

package vendors_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

const folder = "../testdata/vendors"

// A fixture is one file: the usual case, and those that differ from it.
type fixture struct {
	Vendor string `json:"vendor"`
	trial
	Cases []trial `json:"cases"`
}

// A trial is one login, from the configuration to the logout.
type trial struct {
	Name   string `json:"name"`
	Quirks []int  `json:"quirks"` // of the list of quirks that vendors have, by their numbers

	Settings map[string]any    `json:"settings"`
	Change   json.RawMessage   `json:"change"`  // fields of the provider, set after Make
	Mistake  string            `json:"mistake"` // part of the configuration error
	Vars     map[string]string `json:"vars"`

	Authorize *place           `json:"authorize"`
	Callback  *callback        `json:"callback"`
	IDToken   map[string]any   `json:"id_token"`
	Header    map[string]any   `json:"id_token_header"` // alg is RS256 unless it says otherwise
	Answers   map[string]reply `json:"answers"`         // by URL, or method and URL
	Signed    *signed          `json:"signed"`          // {signed}: a JWT signed with {private_key}

	Requested    []string          `json:"requested"` // URLs requested until the end of the login
	NotRequested []string          `json:"not_requested"`
	User         *session.User     `json:"user"`
	Claims       map[string]any    `json:"claims"` // of the session; null if absent
	Values       map[string]string `json:"values"`
	Scopes       []string          `json:"scopes"`
	Tokens       map[string]string `json:"tokens"` // access_token, refresh_token; empty for none
	Fault        string            `json:"fault"`  // outcome of a login that fails

	Refresh *refresh `json:"refresh"`
	Logout  *place   `json:"logout"` // the redirect; a URL or a path
	Revoked []string `json:"revoked"`
}

// A signed is a JWT that the client signs.
type signed struct {
	Header map[string]any `json:"header"`
	Claims map[string]any `json:"claims"`
}

// A place is where the browser is sent.
type place struct {
	URL      string         `json:"url"`
	Params   map[string]any `json:"params"`
	Encoding string         `json:"encoding"` // a part of the address as it is sent
}

// A callback is how the vendor sends the browser back.
type callback struct {
	Mode   string         `json:"mode"` // "query" or "form_post"
	Params map[string]any `json:"params"`
	Signed string         `json:"signed"` // the parameter that signs the others (Shopify)
	Query  map[string]any `json:"query"`  // in the address of a form_post, where nothing should be
}

// A reply is an answer of the vendor, and the request that it expects.
type reply struct {
	Request *request          `json:"request"`
	Status  int               `json:"status"`
	Type    string            `json:"type"` // Content-Type
	Header  map[string]string `json:"header"`

	// One of these is the body. Merge is merged into the JSON of the file's answer.
	JSON  any            `json:"json"`
	Merge map[string]any `json:"merge"`
	Form  map[string]any `json:"form"`
	Text  *string        `json:"text"`
	Keys  *keySet        `json:"keys"`
}

// A keySet is the JWKS: members are merged into each signing key, more are further keys.
type keySet struct {
	Members map[string]any `json:"members"`
	More    []any          `json:"more"`
}

// A request is what the vendor expects.
type request struct {
	Method string         `json:"method"`
	Grant  string         `json:"grant"` // "code" or "refresh"; params are merged into theirs
	Params map[string]any `json:"params"`
	Auth   string         `json:"auth"` // "basic", "post", "none", "bearer" or "oauth1"
	Header map[string]any `json:"header"`
}

// A refresh is what happens when the session is used after the access token has expired.
type refresh struct {
	After   int               `json:"after"` // seconds; default: two hours
	Answers map[string]reply  `json:"answers"`
	Vars    map[string]string `json:"vars"`
	IDToken map[string]any    `json:"id_token"`
	User    *session.User     `json:"user"` // default: as before
	Claims  map[string]any    `json:"claims"`
	Tokens  map[string]string `json:"tokens"` // access_token, refresh_token
	Fault   string            `json:"fault"`
}

// load reads the fixtures of a vendor. Unknown members are errors.
func load(t testing.TB, file string) fixture {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, file, content)
}

func parse(t testing.TB, file string, content []byte) fixture {
	t.Helper()
	var f fixture
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if f.Vendor+".json" != filepath.Base(file) {
		t.Errorf("%s describes the vendor %q", file, f.Vendor)
	}
	return f
}

// trials returns the usual case and the others, merged.
func (f fixture) trials() []trial {
	usual := f.trial
	if usual.Name == "" {
		usual.Name = "usual"
	}
	all := []trial{usual}
	for _, c := range f.Cases {
		all = append(all, usual.with(c))
	}
	return all
}

// with merges a case into the usual one.
func (t trial) with(c trial) trial {
	c.Settings = laid(t.Settings, c.Settings)
	c.Vars = merged(t.Vars, c.Vars)
	c.IDToken = laid(t.IDToken, c.IDToken)
	c.Authorize = t.Authorize.with(c.Authorize)
	if c.Callback == nil {
		c.Callback = t.Callback
	}
	if c.Header == nil {
		c.Header = t.Header
	}
	if c.Change == nil {
		c.Change = t.Change
	}
	if c.Signed == nil {
		c.Signed = t.Signed
	}
	c.Answers = laidAnswers(t.Answers, c.Answers)
	if c.User == nil && c.Fault == "" && c.Mistake == "" {
		c.User, c.Claims, c.Values = t.User, laid(t.Claims, c.Claims), merged(t.Values, c.Values)
	}
	return c
}

func (p *place) with(over *place) *place {
	switch {
	case over == nil:
		return p
	case p == nil:
		return over
	}
	copied := *over
	if copied.URL == "" {
		copied.URL = p.URL
	}
	if copied.Encoding == "" {
		copied.Encoding = p.Encoding
	}
	copied.Params = laid(p.Params, over.Params)
	return &copied
}

// laid merges over into base. Nulls stay, for a further layer or a check.
func laid(base, over map[string]any) map[string]any { return merged(base, over) }

func merged[V any](base, over map[string]V) map[string]V {
	m := maps.Clone(base)
	if m == nil {
		m = map[string]V{}
	}
	maps.Copy(m, over)
	return m
}

func laidAnswers(base, over map[string]reply) map[string]reply {
	all := maps.Clone(base)
	if all == nil {
		all = map[string]reply{}
	}
	for address, r := range over {
		all[address] = base[address].with(r)
	}
	return all
}

// with merges a reply into another: what it does not set stays.
func (r reply) with(over reply) reply {
	if over.JSON == nil && over.Form == nil && over.Text == nil && over.Keys == nil {
		over.JSON, over.Form, over.Text, over.Keys = r.JSON, r.Form, r.Text, r.Keys
		if object, ok := r.JSON.(map[string]any); ok && over.Merge != nil {
			over.JSON, over.Merge = laid(object, over.Merge), nil
		}
	}
	if over.Status == 0 {
		over.Status = r.Status
	}
	if over.Type == "" {
		over.Type = r.Type
	}
	if over.Request == nil {
		over.Request = r.Request
	}
	return over
}

// title is the name of a trial's test, with the quirks that it shows.
func (t trial) title() string {
	name := strings.ReplaceAll(t.Name, "/", "-")
	for _, quirk := range t.Quirks {
		name += fmt.Sprintf(" quirk%d", quirk)
	}
	return name
}
