package provider

import (
	"maps"
	"strings"
	"unicode"
)

// A schema names the members of one kind of document that decide something: whether a login, a
// request or a call succeeds, and as whom. They are read strictly. Whatever else a document holds
// is for display or for the application, and never makes it invalid.
type schema struct {
	document string             // what errors and the log call it
	final    bool               // everything below decides as well
	single   bool               // everything below is there once at most: the application reads it
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

// member returns the schema of a member, which is one that decides from now on.
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

// inside returns the schema of a member or element, and whether it was named. It is nil where
// nothing decides.
func (s *schema) inside(name string) (m *schema, named bool) {
	if s == nil {
		return nil, false
	}
	if m, named = s.members[name]; !named && (s.final || s.single) {
		return s, false
	}
	return m, named
}

// looksLike returns the deciding name that encoding/json would take another name for: it ignores
// case, so that "ſub" would set a field for "sub".
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

// folded returns one spelling for all that Unicode case folding makes equal.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}
