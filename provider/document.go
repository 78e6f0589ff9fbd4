package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep the JSON of a provider may be nested.
const maxDepth = 32

// A document is a JSON object of a provider that has been read by its schema. It means the same to
// every reader: no name appears twice in an object, and every text is valid Unicode.
type document struct {
	claims
	raw    json.RawMessage // the bytes that were read, rewritten only to drop or repair something
	unsure map[string]bool // members in which a name appeared twice: they grant no rights
	about  string
	notes  *notes
}

// read reads a document: one JSON object and nothing else, of bounded depth. What decides must be
// there once at most, under exactly its name, and in valid Unicode. Elsewhere the last of several
// members of one name is used, broken texts are repaired as encoding/json does (U+FFFD), and the
// log says so once.
func (s *schema) read(data []byte, n *notes) (document, error) {
	raw, unsure, err := s.clean(data, false, n)
	if err != nil {
		return document{}, err
	}
	d := document{raw: raw, unsure: unsure, about: s.document, notes: n}
	if err := json.Unmarshal(raw, &d.claims); err != nil {
		return document{}, errors.New("malformed JSON")
	}
	return d, nil
}

// clean does the reading, for documents that may be an array as well.
func (s *schema) clean(
	data []byte, array bool, n *notes,
) (raw json.RawMessage, unsure map[string]bool, err error) {
	c := cleaner{
		decoder: json.NewDecoder(bytes.NewReader(data)),
		out:     make([]byte, 0, len(data)),
		changed: !utf8.Valid(data),
		unsure:  map[string]bool{},
	}
	c.decoder.UseNumber()
	token, err := c.decoder.Token()
	switch {
	case err == nil && token == json.Delim('{'):
		_, err = c.object(s, 1)
	case err == nil && token == json.Delim('[') && array:
		_, err = c.array(s, 1)
	default:
		err = errors.New("not a JSON object")
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := c.decoder.Token(); err != io.EOF {
		return nil, nil, errors.New("data after the JSON")
	}
	n.add(s.document, c.odd...)
	if !c.changed {
		return data, c.unsure, nil
	}
	return c.out, c.unsure, nil
}

// noteLookAlikes says in the log that a member is not read because another one of almost its name
// is.
func (d document) noteLookAlikes(read ...string) {
	names := newSchema("", read...)
	for name := range d.claims {
		if meant, like := names.looksLike(name); like && !d.has(meant) {
			what := fmt.Sprintf("%q is not read: there is no %q", printable(name), meant)
			d.notes.add(d.about, what)
		}
	}
}

// A cleaner copies a document, token by token, without what would be ambiguous.
type cleaner struct {
	decoder *json.Decoder
	out     []byte
	changed bool // out differs from the document in more than white space
	unsure  map[string]bool
	odd     []string // for the log
}

// maxOdd bounds what is said about one document.
const maxOdd = 8

func (c *cleaner) note(format string, args ...any) {
	c.changed = true
	if len(c.odd) < maxOdd {
		c.odd = append(c.odd, fmt.Sprintf(format, args...))
	}
}

// A span is where a member or an element is in the copy, with the comma after it.
type span struct{ from, to int }

// object copies what follows a "{" up to its "}". It reports whether a name appeared twice in
// there.
func (c *cleaner) object(s *schema, depth int) (twice bool, err error) {
	c.out = append(c.out, '{')
	start, at, order := len(c.out), map[string]int{}, []span(nil)
	for c.decoder.More() {
		token, err := c.decoder.Token()
		if err != nil {
			return false, errMalformed
		}
		name, _ := token.(string) // the decoder has made sure
		before, again := at[name]
		if err := c.name(s, name, again); err != nil {
			return false, err
		}
		if again {
			order[before] = span{} // the last one is used
		}
		at[name] = len(order)
		from := len(c.out)
		inner, err := c.member(s, name, depth)
		if err != nil {
			return false, err
		}
		order = append(order, span{from, len(c.out)})
		if inner = inner || again; inner && depth == 1 {
			c.unsure[name] = true
		}
		twice = twice || inner
	}
	if _, err := c.decoder.Token(); err != nil {
		return false, errMalformed
	}
	c.close(start, order, len(at) < len(order), '}')
	return twice, nil
}

var errMalformed = errors.New("malformed JSON")

// name judges the name of a member: whether it is one too many, or one that could be mistaken.
func (c *cleaner) name(s *schema, name string, again bool) error {
	if decides, like := s.looksLike(name); like {
		return fmt.Errorf("a name looks like %q but is another", decides)
	}
	m, _ := s.inside(name)
	switch {
	case m != nil && again:
		return fmt.Errorf("%q appears twice", printable(name))
	case m != nil && s.final && broken(name):
		return errors.New("a name is not valid Unicode")
	case again:
		c.note("%q appears twice; the last one is used", printable(name))
	}
	return nil
}

// member copies a name with its value.
func (c *cleaner) member(s *schema, name string, depth int) (twice bool, err error) {
	c.text(name)
	c.out = append(c.out, ':')
	m, named := s.inside(name)
	if twice, err = c.value(m, depth); err != nil && named {
		err = fmt.Errorf("%s: %w", name, err)
	}
	c.out = append(c.out, ',')
	return twice, err
}

// array copies what follows a "[" up to its "]".
func (c *cleaner) array(s *schema, depth int) (twice bool, err error) {
	c.out = append(c.out, '[')
	start := len(c.out)
	for i := 0; c.decoder.More(); i++ {
		m, _ := s.inside(strconv.Itoa(i))
		inner, err := c.value(m, depth)
		if err != nil {
			return false, err
		}
		c.out = append(c.out, ',')
		twice = twice || inner
	}
	if _, err := c.decoder.Token(); err != nil {
		return false, errMalformed
	}
	c.close(start, nil, false, ']')
	return twice, nil
}

// close ends an object or array whose content begins at start, without what has been dropped.
func (c *cleaner) close(start int, order []span, dropped bool, end byte) {
	if dropped {
		to := start
		for _, kept := range order {
			to += copy(c.out[to:], c.out[kept.from:kept.to])
		}
		c.out = c.out[:to]
	}
	if len(c.out) > start {
		c.out = c.out[:len(c.out)-1] // the last comma
	}
	c.out = append(c.out, end)
}

// value copies a value.
func (c *cleaner) value(s *schema, depth int) (twice bool, err error) {
	token, err := c.decoder.Token()
	if err != nil {
		return false, errMalformed
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return false, errors.New("JSON is nested too deep")
		}
		if token == '{' {
			return c.object(s, depth+1)
		}
		return c.array(s, depth+1)
	case string:
		if s != nil && !s.single && broken(token) {
			return false, errors.New("a text is not valid Unicode")
		}
		c.text(token)
	case json.Number:
		return false, c.number(s, token)
	default: // a boolean or null
		c.out = fmt.Append(c.out, literal(token))
	}
	return false, nil
}

// number copies a number. encoding/json fails at one that is too large for a float64, wherever it
// is.
func (c *cleaner) number(s *schema, n json.Number) error {
	if _, err := n.Float64(); err == nil {
		c.out = append(c.out, n...)
		return nil
	}
	if s != nil {
		return errors.New("a number is too large")
	}
	c.note("a number is too large; it is dropped")
	c.out = append(c.out, "null"...)
	return nil
}

func literal(token json.Token) any {
	if token == nil {
		return "null"
	}
	return token
}

// text copies a text. The decoder has put U+FFFD where it was no Unicode.
func (c *cleaner) text(s string) {
	if broken(s) {
		c.changed = true
	}
	quoted, _ := json.Marshal(s) // a text always marshals
	c.out = append(c.out, quoted...)
}

// broken reports whether a text has lost a character: half a surrogate pair, bytes that are not
// UTF-8, or either before it came here.
func broken(s string) bool { return strings.ContainsRune(s, utf8.RuneError) }
