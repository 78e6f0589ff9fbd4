package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is the maximum nesting depth of a provider's JSON.
const maxDepth = 32

// A document is a JSON object of a provider, read by its schema. It is unambiguous for all readers:
// objects have no duplicate names, and all strings are valid Unicode.
type document struct {
	claims
	raw    json.RawMessage // the bytes read, rewritten only if something was dropped or repaired
	unsure map[string]bool // members with duplicate names inside: they grant no rights
	about  string
	notes  *notes
}

// read reads a document: one JSON object of bounded depth. Members that decide must appear at most
// once, under their exact name, and in valid Unicode. Elsewhere the last of duplicate members is
// used, and broken strings are repaired as encoding/json does (U+FFFD); both are logged once.
func (s *schema) read(data []byte, n *notes) (document, error) {
	c, err := s.clean(data, false, n)
	if err != nil {
		return document{}, err
	}
	d := document{claims: claims{}, raw: c.raw(), unsure: c.unsure, about: s.document, notes: n}
	for name, at := range c.members {
		d.claims[name] = c.out[at.from:at.to:at.to]
	}
	return d, nil
}

// clean reads a document, or an array if permitted.
func (s *schema) clean(data []byte, array bool, n *notes) (*cleaner, error) {
	start := bytes.TrimLeft(data, " \t\r\n")
	isObject, isArray := bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("["))
	switch {
	case !isObject && !(isArray && array):
		return nil, errors.New("not a JSON object")
	case !json.Valid(data):
		return nil, malformed(data)
	}
	c := &cleaner{data: data, out: make([]byte, 0, len(data)), unsure: map[string]bool{}}
	c.next()
	if _, err := c.value(s, 0); err != nil {
		return nil, err
	}
	n.add(s.document, c.odd...)
	return c, nil
}

var errMalformed = errors.New("malformed JSON")

func malformed(data []byte) error {
	var first json.RawMessage
	if json.NewDecoder(bytes.NewReader(data)).Decode(&first) == nil {
		return errors.New("data after the JSON")
	}
	return errMalformed
}

// noteLookAlikes logs members whose names differ from an expected name only in case.
func (d document) noteLookAlikes(names *schema) {
	for name := range d.claims {
		if meant, like := names.looksLike(name); like && !d.has(meant) {
			what := fmt.Sprintf("%q is not read: there is no %q", printable(name), meant)
			d.notes.add(d.about, what)
		}
	}
}

// broken reports whether a string has lost a character: half a surrogate pair or invalid UTF-8,
// here or earlier.
func broken(s string) bool { return strings.ContainsRune(s, utf8.RuneError) }

// A schema names the members of one kind of document that decide whether a login, a request or a
// call succeeds, and for which user. They are read strictly. All other members are for display or
// for the application, and never make the document invalid.
type schema struct {
	document string             // its name in errors and in the log
	final    bool               // everything below decides too
	single   bool               // no duplicates below: the application reads it
	members  map[string]*schema // that decide, or lead to one that does
	folded   map[string]string  // their names by their spelling without case
}

// newSchema returns a schema of a document whose members of these names decide.
func newSchema(document string, names ...string) *schema {
	s := &schema{document: document}
	for _, name := range names {
		s.member(name).final = true
	}
	return s
}

// with returns a schema in which members of these names decide as well.
func (s *schema) with(names ...string) *schema {
	if len(names) == 0 {
		return s
	}
	more := *s
	more.members, more.folded = maps.Clone(s.members), maps.Clone(s.folded)
	for _, name := range names {
		more.member(name).final = true
	}
	return &more
}

// paths adds the members that a field of a profile may lead to.
func (s *schema) paths(field string) *schema {
	for path := range alternatives(field) {
		at := s
		for name := range strings.SplitSeq(path, ".") {
			at = at.member(name)
		}
		at.final = true
	}
	return s
}

// member returns the schema of a member, and makes it one that decides.
func (s *schema) member(name string) *schema {
	m, known := s.members[name]
	if !known {
		if s.members == nil {
			s.members, s.folded = map[string]*schema{}, map[string]string{}
		}
		m = &schema{}
		s.members[name], s.folded[folded(name)] = m, name
	}
	return m
}

// inside returns the schema of a member or element, and whether it was named. It returns nil if
// nothing below decides.
func (s *schema) inside(name string) (m *schema, named bool) {
	if s == nil {
		return nil, false
	}
	if m, named = s.members[name]; !named && (s.final || s.single) {
		return s, false
	}
	return m, named
}

// looksLike returns the deciding name that encoding/json would match with a different name: it
// ignores case, so "ſub" would set a field for "sub".
func (s *schema) looksLike(name string) (decides string, like bool) {
	if s == nil || len(s.members) == 0 {
		return "", false
	}
	if _, same := s.members[name]; same {
		return "", false
	}
	decides, like = s.folded[folded(name)]
	return decides, like
}

// folded returns the same spelling for all names that Unicode case folding makes equal.
func folded(name string) string {
	if isASCII(name) {
		return strings.ToUpper(name)
	}
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
