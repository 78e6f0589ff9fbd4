package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep the JSON of a provider may be nested.
const maxDepth = 32

// checkJSON accepts one JSON object and nothing else: valid UTF-8, no name twice in an object, bounded
// depth, no data after it, and at the top no name that encoding/json would take for one of names although it is
// written otherwise (it ignores case, so that "ſub" could replace "sub"). What passes means the same
// to every reader.
func checkJSON(data []byte, names []string) error { return checkDocument(data, names, false) }

// checkDocument is checkJSON for a document that may be an array as well.
func checkDocument(data []byte, names []string, array bool) error {
	if !utf8.Valid(data) {
		return errors.New("JSON is not UTF-8")
	}
	c := jsonChecker{
		decoder: json.NewDecoder(bytes.NewReader(data)),
		names:   names,
		mangled: !bytes.ContainsRune(data, utf8.RuneError),
	}
	c.decoder.UseNumber()
	token, err := c.decoder.Token()
	switch {
	case err == nil && token == json.Delim('{'):
		err = c.object(1)
	case err == nil && token == json.Delim('[') && array:
		err = c.array(1)
	default:
		err = errors.New("not a JSON object")
	}
	if err != nil {
		return err
	}
	if _, err := c.decoder.Token(); err != io.EOF {
		return errors.New("data after the JSON")
	}
	return nil
}

type jsonChecker struct {
	decoder *json.Decoder
	names   []string
	mangled bool // a replacement character in a text can only come from a broken \u escape
}

// object checks what follows a "{" up to its "}".
func (c *jsonChecker) object(depth int) error {
	seen := map[string]bool{}
	for c.decoder.More() {
		token, err := c.decoder.Token()
		if err != nil {
			return errors.New("malformed JSON")
		}
		name, _ := token.(string) // the decoder has made sure
		if seen[name] {
			return errors.New("a name stands twice in a JSON object")
		}
		seen[name] = true
		if depth == 1 {
			if err := c.name(name); err != nil {
				return err
			}
		}
		if err := c.value(depth); err != nil {
			return err
		}
	}
	_, err := c.decoder.Token()
	return malformed(err)
}

// name refuses a look-alike of a name that we read.
func (c *jsonChecker) name(name string) error {
	for _, known := range c.names {
		if name != known && strings.EqualFold(name, known) {
			return fmt.Errorf("a name looks like %q but is another", known)
		}
	}
	return nil
}

func (c *jsonChecker) value(depth int) error {
	token, err := c.decoder.Token()
	if err != nil {
		return errors.New("malformed JSON")
	}
	switch token := token.(type) {
	case string:
		if c.mangled && strings.ContainsRune(token, utf8.RuneError) {
			return errors.New("a text holds half a surrogate pair")
		}
	case json.Delim:
		if depth == maxDepth {
			return errors.New("JSON is nested too deep")
		}
		if token == '{' {
			return c.object(depth + 1)
		}
		return c.array(depth + 1)
	}
	return nil
}

// array checks what follows a "[" up to its "]".
func (c *jsonChecker) array(depth int) error {
	for c.decoder.More() {
		if err := c.value(depth); err != nil {
			return err
		}
	}
	_, err := c.decoder.Token()
	return malformed(err)
}

func malformed(err error) error {
	if err != nil {
		return errors.New("malformed JSON")
	}
	return nil
}

// claims are the members of a JSON object that has passed checkJSON, to be read with
// their types.
type claims map[string]json.RawMessage

func parseClaims(data []byte) (claims, error) {
	if err := checkJSON(data, readNames); err != nil {
		return nil, err
	}
	var c claims
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, errors.New("malformed JSON")
	}
	return c, nil
}

// readNames are the claims that are read by name anywhere in the library.
var readNames = []string{
	"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash", "auth_time", "acr", "amr",
	"sid", "events", "email", "email_verified", "name", "given_name", "family_name", "preferred_username", "nickname", "picture",
	"roles", "groups", "tid", "session_expiry", "active", "scope", "client_id", "username", "token_type",
}

func (c claims) has(name string) bool { _, ok := c[name]; return ok }

// text reads a string. It is "" when the claim is missing, and an error when it is anything else.
func (c claims) text(name string) (string, error) {
	raw, ok := c[name]
	if !ok {
		return "", nil
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", fmt.Errorf("%s is not a string", name)
	}
	return *s, nil
}

// display reads a string that is only shown; anything else counts as missing.
func (c claims) display(name string) string {
	s, err := c.text(name)
	if err != nil {
		return ""
	}
	return s
}

// texts reads a string or an array of strings.
func (c claims) texts(name string) ([]string, error) {
	raw, ok := c[name]
	if !ok {
		return nil, nil
	}
	if s, err := c.text(name); err == nil {
		return []string{s}, nil
	}
	var list []*string
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		return nil, fmt.Errorf("%s is neither a string nor a list of strings", name)
	}
	all := make([]string, len(list))
	for i, s := range list {
		if s == nil {
			return nil, fmt.Errorf("%s is neither a string nor a list of strings", name)
		}
		all[i] = *s
	}
	return all, nil
}

// latestTime is the highest NumericDate that is believed, far beyond any real one.
const latestTime = 1 << 40

// time reads a NumericDate (RFC 7519 section 2), which may have a fraction. It is zero when the claim is missing.
func (c claims) time(name string) (time.Time, error) {
	raw, ok := c[name]
	if !ok {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseFloat(string(raw), 64) // a string, list, object or null does not parse
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > latestTime {
		return time.Time{}, fmt.Errorf("%s is not a time", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), nil
}

// printable makes text of a provider fit for an error message.
func printable(s string) string {
	const longest = 200
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, s)
	if len(clean) > longest {
		return clean[:longest]
	}
	return clean
}
