package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxDocument and maxDepth bound a file of providers, which is written by hand.
const (
	maxDocument = 256 << 10
	maxDepth    = 8
)

// A Document is a JSON object of providers by name, with line numbers.
type Document struct {
	file      string
	providers []member
}

// A node is a JSON value. It may hold a secret.
type node struct {
	line    int
	value   any // string, bool, json.Number, nil, []node or []member
	repeats []member
}

// A member is a name in an object with its value.
type member struct {
	name string
	line int // of the name
	node
}

// ReadFile reads a file of providers. All mistakes in it are returned at once (errors.Join).
func ReadFile(name string) (*Document, error) {
	content, err := readFile(name, maxDocument)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return Parse(name, content)
}

// Parse reads the content of a file of providers. Its name is for errors, and for the relative
// paths in it.
func Parse(name string, content []byte) (*Document, error) {
	root, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	d := &Document{file: name}
	var isObject bool
	if d.providers, isObject = root.value.([]member); !isObject {
		return nil, fmt.Errorf("%s:%d: the file must hold one object, with the providers by "+
			"their names",
			name, root.line)
	}
	return d, errors.Join(d.repeats("", root)...)
}

// place is the beginning of an error: "providers.json:3: google.client_id".
func (d *Document) place(line int, path ...string) string {
	return fmt.Sprintf("%s:%d: %s", d.file, line, strings.Join(path, "."))
}

// beside resolves a path that is relative to the folder of the document.
func (d *Document) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(d.file), path)
}

// repeats returns a mistake for each duplicate name in an object, about which JSON parsers
// disagree.
func (d *Document) repeats(path string, n node) []error {
	var mistakes []error
	for _, m := range n.repeats {
		mistakes = append(mistakes, fmt.Errorf("%s is a duplicate",
			d.place(m.line, shown(path+m.name))))
	}
	members, _ := n.value.([]member)
	for _, m := range members {
		mistakes = append(mistakes, d.repeats(path+m.name+".", m.node)...)
	}
	items, _ := n.value.([]node)
	for _, item := range items {
		mistakes = append(mistakes, d.repeats(path, item)...)
	}
	return mistakes
}

// shown makes a name from a file fit for one line of an error.
func shown(name string) string {
	const longest = 80
	quoted := fmt.Sprintf("%+q", name)
	quoted = quoted[1 : len(quoted)-1]
	if len(quoted) > longest {
		quoted = quoted[:longest] + "..."
	}
	return quoted
}

// parse reads JSON into nodes. An error begins with the line, and does not show its content, which
// may be a secret.
func parse(content []byte) (node, error) {
	p := parser{content: content}
	if !utf8.Valid(content) {
		for offset := 0; ; {
			r, size := utf8.DecodeRune(content[offset:])
			if r == utf8.RuneError && size <= 1 {
				return node{}, fmt.Errorf("%d: the file is not UTF-8", p.lineAt(int64(offset)))
			}
			offset += size
		}
	}
	// This finds every syntax error with its offset, which the tokens below do not have.
	var raw json.RawMessage
	if err := json.Unmarshal(content, &raw); err != nil {
		return node{}, p.syntax(err)
	}
	p.decoder = json.NewDecoder(bytes.NewReader(content))
	p.decoder.UseNumber()
	return p.value(0)
}

// A parser follows the tokens of valid JSON.
type parser struct {
	content []byte
	decoder *json.Decoder
	line    int   // of offset
	offset  int64 // up to which lines have been counted
}

func (p *parser) lineAt(offset int64) int {
	return 1 + bytes.Count(p.content[:offset], []byte("\n"))
}

// next returns the next token and its line. A token has no line end in it.
func (p *parser) next() (json.Token, int, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return nil, 0, fmt.Errorf("%d: this is not JSON", p.line+1)
	}
	end := p.decoder.InputOffset()
	p.line += bytes.Count(p.content[p.offset:end], []byte("\n"))
	p.offset = end
	return token, p.line + 1, nil
}

func (p *parser) value(depth int) (node, error) {
	token, line, err := p.next()
	if err != nil {
		return node{}, err
	}
	delim, nested := token.(json.Delim)
	switch {
	case !nested:
		return node{line: line, value: token}, nil
	case depth == maxDepth:
		return node{}, fmt.Errorf("%d: this is nested too deep", line)
	case delim == '{':
		return p.object(line, depth)
	}
	items := []node{}
	for p.decoder.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		items = append(items, item)
	}
	_, _, err = p.next()
	return node{line: line, value: items}, err
}

// object reads what follows a "{".
func (p *parser) object(line, depth int) (node, error) {
	n := node{line: line}
	members, seen := []member{}, map[string]bool{}
	for p.decoder.More() {
		token, line, err := p.next()
		if err != nil {
			return node{}, err
		}
		name, _ := token.(string) // the decoder has made sure
		inside, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		if m := (member{name, line, inside}); seen[name] {
			n.repeats = append(n.repeats, m)
		} else {
			members = append(members, m)
		}
		seen[name] = true
	}
	n.value = members
	_, _, err := p.next()
	return n, err
}

// syntax says what is wrong and what to do, without the character that encoding/json shows.
func (p *parser) syntax(err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("1: this is not JSON")
	}
	at := min(max(syntax.Offset-1, 0), int64(len(p.content)))
	rest := bytes.TrimLeft(p.content[at:], " \t\r\n")
	before := bytes.TrimRight(p.content[:at], " \t\r\n")
	reason := "this is not JSON"
	switch {
	case len(bytes.TrimSpace(p.content)) == 0:
		reason = "the file is empty"
	case bytes.HasPrefix(p.content, []byte("\xef\xbb\xbf")):
		reason = "the file begins with a byte order mark, which JSON does not have: remove it"
	case strings.Contains(syntax.Error(), "after top-level value"):
		reason = "there is something after the end of the object"
	case len(rest) == 0, errors.Is(err, io.ErrUnexpectedEOF),
		strings.Contains(syntax.Error(), "unexpected end"):
		reason = "the file ends too early: a bracket or a quotation mark is missing"
	case rest[0] == '/' || rest[0] == '#':
		reason = "JSON has no comments"
	case (rest[0] == '}' || rest[0] == ']') && bytes.HasSuffix(before, []byte(",")):
		reason = "a comma before the closing bracket is too much: remove it"
	case strings.Contains(syntax.Error(), "after object key:value pair"),
		strings.Contains(syntax.Error(), "after array element"):
		reason = "a comma is missing before this"
	case rest[0] == '\'':
		reason = "JSON has double quotation marks around texts"
	case strings.Contains(syntax.Error(), "in string literal"):
		reason = "a text must end on its line"
	}
	return fmt.Errorf("%d: %s", p.lineAt(at), reason)
}
