package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A cleaner copies a document value by value, without ambiguous parts. The input is valid JSON and
// is read once.
type cleaner struct {
	data    []byte
	at      int // in data
	out     []byte
	changed bool // out differs from data other than in white space
	unsure  map[string]bool
	members map[string]span // of the outermost object, in out
	odd     []string        // for the log
}

// raw returns the document: unchanged, or the copy if something was dropped or repaired.
func (c *cleaner) raw() json.RawMessage {
	if c.changed {
		return c.out
	}
	return c.data
}

// maxOdd bounds the irregularities logged for one document.
const maxOdd = 8

func (c *cleaner) note(format string, args ...any) {
	c.changed = true
	if len(c.odd) < maxOdd {
		c.odd = append(c.odd, fmt.Sprintf(format, args...))
	}
}

// next skips white space, and returns the byte after it.
func (c *cleaner) next() byte {
	for c.data[c.at] <= ' ' {
		c.at++
	}
	return c.data[c.at]
}

// more reports whether an object or array has another member, and skips to it. end is the closing
// byte.
func (c *cleaner) more(end byte) bool {
	switch c.next() {
	case end:
		c.at++
		return false
	case ',':
		c.at++
	}
	c.next()
	return true
}

// A span is the position of a member in the copy: its name, its value, and the comma after it.
type span struct{ from, value, to int }

// object copies an object. It reports whether it contains a duplicate name.
func (c *cleaner) object(s *schema, depth int) (twice bool, err error) {
	if depth > maxDepth {
		return false, errTooDeep
	}
	c.at++
	c.out = append(c.out, '{')
	start, at, order := len(c.out), map[string]int{}, []span(nil)
	for c.more('}') {
		from := len(c.out)
		name := c.text()
		before, again := at[name]
		if err := c.name(s, name, again); err != nil {
			return false, err
		}
		if again {
			order[before] = span{} // the last one is used
		}
		at[name] = len(order)
		value := len(c.out) + len(":")
		inner, err := c.member(s, name, depth)
		if err != nil {
			return false, err
		}
		order = append(order, span{from, value, len(c.out)})
		if inner = inner || again; inner && depth == 1 {
			c.unsure[name] = true
		}
		twice = twice || inner
	}
	if len(at) < len(order) {
		c.drop(start, order)
	}
	c.close(start, '}')
	if depth == 1 {
		c.index(start, at, order)
	}
	return twice, nil
}

// index records the positions of the outermost object's values in its copy.
func (c *cleaner) index(start int, at map[string]int, order []span) {
	ends := make([]int, len(order))
	for i, kept := range order {
		start += kept.to - kept.from
		ends[i] = start
	}
	c.members = make(map[string]span, len(at))
	for name, i := range at {
		from := ends[i] - order[i].to + order[i].value
		c.members[name] = span{from: from, to: ends[i] - 1}
	}
}

var errTooDeep = fmt.Errorf("JSON is nested deeper than %d", maxDepth)

// name checks the name of a member: whether it is a duplicate, or can be mistaken for a deciding
// one.
func (c *cleaner) name(s *schema, name string, again bool) error {
	if decides, like := s.looksLike(name); like {
		return fmt.Errorf("a name looks like %q but differs from it", decides)
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

// member copies the value after a name.
func (c *cleaner) member(s *schema, name string, depth int) (twice bool, err error) {
	c.next()
	c.at++ // the colon
	c.next()
	c.out = append(c.out, ':')
	m, named := s.inside(name)
	if twice, err = c.value(m, depth); err != nil && named {
		err = fmt.Errorf("%s: %w", name, err)
	}
	c.out = append(c.out, ',')
	return twice, err
}

// array copies an array.
func (c *cleaner) array(s *schema, depth int) (twice bool, err error) {
	if depth > maxDepth {
		return false, errTooDeep
	}
	c.at++
	c.out = append(c.out, '[')
	start := len(c.out)
	for i := 0; c.more(']'); i++ {
		var element *schema
		if s != nil {
			element, _ = s.inside(strconv.Itoa(i))
		}
		inner, err := c.value(element, depth)
		if err != nil {
			return false, err
		}
		c.out = append(c.out, ',')
		twice = twice || inner
	}
	c.close(start, ']')
	return twice, nil
}

// drop removes superseded members from an object's copy.
func (c *cleaner) drop(start int, order []span) {
	to := start
	for _, kept := range order {
		to += copy(c.out[to:], c.out[kept.from:kept.to])
	}
	c.out = c.out[:to]
}

// close ends the copy of an object or array with content from start.
func (c *cleaner) close(start int, end byte) {
	if len(c.out) > start {
		c.out[len(c.out)-1] = end // replaces the last comma
		return
	}
	c.out = append(c.out, end)
}

// value copies a value.
func (c *cleaner) value(s *schema, depth int) (twice bool, err error) {
	switch c.data[c.at] {
	case '{':
		return c.object(s, depth+1)
	case '[':
		return c.array(s, depth+1)
	case '"':
		if text := c.text(); s != nil && !s.single && broken(text) {
			return false, errors.New("a text is not valid Unicode")
		}
		return false, nil
	}
	return false, c.literal(s)
}

// text copies a string, and returns it, with U+FFFD for invalid Unicode.
func (c *cleaner) text() string {
	end := c.at + 1
	for c.data[end] != '"' {
		if c.data[end] == '\\' {
			end++
		}
		end++
	}
	raw := c.data[c.at : end+1]
	c.at = end + 1
	if utf8.Valid(raw) && bytes.IndexByte(raw, '\\') < 0 {
		c.out = append(c.out, raw...)
		return string(raw[1 : len(raw)-1])
	}
	var text string
	_ = json.Unmarshal(raw, &text) // a string of valid JSON
	if broken(text) {
		raw, _ = json.Marshal(text) // a string always marshals
		c.changed = true
	}
	c.out = append(c.out, raw...)
	return text
}

// literal copies a number, true, false or null. encoding/json fails on a number too large for a
// float64, anywhere in the document.
func (c *cleaner) literal(s *schema) error {
	start := c.at
	for c.at < len(c.data) && bytes.IndexByte([]byte(",]} \t\r\n"), c.data[c.at]) < 0 {
		c.at++
	}
	raw := c.data[start:c.at]
	_, err := strconv.ParseFloat(string(raw), 64)
	switch tooLarge := errors.Is(err, strconv.ErrRange); {
	case !tooLarge:
		c.out = append(c.out, raw...)
	case s != nil:
		return errors.New("a number is too large")
	default:
		c.note("a number is too large; it is dropped")
		c.out = append(c.out, "null"...)
	}
	return nil
}
