package settings

import (
	"errors"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// value reads a setting that is set. A mistake is noted.
func (e *entry) value(s Setting) (value, bool) {
	var v value
	var err error
	if e.inEnv(s) {
		for _, key := range s.fromFile() {
			e.member(key) // overridden
		}
		text := e.Env.Optional(e.variable(s.Key))
		if text == "" {
			e.failed = append(e.failed, s.Key)
			return value{}, false // Optional has said why
		}
		v, err = s.fromText(text)
	} else if s.Secret {
		v.text, err = e.secret(s)
	} else if m, ok := e.member(s.Key); ok {
		v, err = s.fromNode(m.node)
	}
	if err != nil {
		e.failed = append(e.failed, s.Key)
		e.Env.Wrong("%s %w", e.place(s), err)
	}
	return v, err == nil
}

// secret reads a secret from where the document says it is. Errors show neither it nor what is
// written instead of a name.
func (e *entry) secret(s Setting) (string, error) {
	var given []member
	for _, key := range s.fromFile() {
		if m, ok := e.member(key); ok {
			given = append(given, m)
		}
	}
	if len(given) > 1 {
		return "", errors.New("is given in more than one way: keep one of " +
			strings.Join(s.fromFile(), ", "))
	}
	v, err := Setting{}.fromNode(given[0].node)
	if err != nil {
		return "", err
	}
	switch given[0].name {
	case s.Key + "_file":
		content, err := secretFile(e.Document.beside(v.text), strings.TrimSpace)
		if err != nil {
			return "", errors.New("cannot be read from " + s.Key + "_file: " + err.Error())
		}
		return content, nil
	case s.Key + "_env":
		if !isVariable(v.text) {
			return "", errors.New("cannot be read: " + s.Key +
				"_env is not the name of an environment variable")
		}
		content, _ := e.Env.Lookup(v.text)
		if content == "" {
			return "", errors.New("cannot be read: the environment variable of " + s.Key +
				"_env is not set")
		}
		return content, nil
	}
	return v.text, nil
}

// isVariable reports whether a text can be the name of an environment variable.
func isVariable(name string) bool {
	other := func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}
	return name != "" && !strings.ContainsFunc(name, other) && (name[0] < '0' || name[0] > '9')
}

// fromText reads a value of the environment.
func (s Setting) fromText(given string) (value, error) { return s.fromTextAs(s.shape(), given) }

func (s Setting) fromTextAs(as shape, given string) (value, error) {
	switch as {
	case list:
		if s.Lines {
			return value{list: slices.Collect(lines(given))}, nil
		}
		return value{list: strings.Fields(given)}, nil
	case pairs:
		all, ok := query(given)
		if !ok || len(all) == 0 {
			return value{}, errors.New("must look like a query: a=b&c=d")
		}
		return value{pairs: all}, nil
	case flag:
		if given != "true" && given != "false" {
			return value{}, errors.New("must be true or false")
		}
		return value{flag: given == "true"}, nil
	}
	return value{text: given}, nil
}

// lines are the lines of a text that are not empty.
func lines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if line = withoutLineEnd(line); line != "" && !yield(line) {
				return
			}
		}
	}
}

// query reads pairs in their order, which url.ParseQuery loses.
func query(text string) (all []pair, ok bool) {
	if _, err := url.ParseQuery(text); err != nil {
		return nil, false
	}
	for part := range strings.SplitSeq(text, "&") {
		name, given, _ := strings.Cut(part, "=")
		name, _ = url.QueryUnescape(name) // ParseQuery has found no mistake
		given, _ = url.QueryUnescape(given)
		if name != "" {
			all = append(all, pair{name, given})
		}
	}
	return all, true
}

var (
	errText  = errors.New("must be a text that is not empty")
	errList  = errors.New(`must be a list of texts, such as ["a", "b"]`)
	errPairs = errors.New(`must be an object of texts, such as {"a": "b"}`)
	errFlag  = errors.New("must be true or false, without quotation marks")
)

// fromNode reads a value of the document.
func (s Setting) fromNode(n node) (value, error) {
	switch s.shape() {
	case list:
		items, err := texts(n)
		return value{list: items}, err
	case pairs:
		all, err := members(n)
		return value{pairs: all}, err
	case flag:
		given, ok := n.value.(bool)
		if !ok {
			return value{}, errFlag
		}
		return value{flag: given}, nil
	}
	if given, ok := n.value.(bool); ok && s.vendor {
		return value{text: strconv.FormatBool(given)}, nil
	}
	given, ok := n.value.(string)
	if !ok || strings.TrimSpace(given) == "" {
		return value{}, errText
	}
	return value{text: given}, nil
}

// texts reads a list of texts.
func texts(n node) ([]string, error) {
	items, ok := n.value.([]node)
	if !ok || len(items) == 0 {
		return nil, errList
	}
	var all []string
	for _, item := range items {
		given, ok := item.value.(string)
		if !ok || given == "" {
			return nil, errList
		}
		all = append(all, given)
	}
	return all, nil
}

// members reads an object, whose members are texts or lists of texts.
func members(n node) ([]pair, error) {
	given, ok := n.value.([]member)
	if !ok || len(given) == 0 {
		return nil, errPairs
	}
	var all []pair
	for _, m := range given {
		one, isText := m.value.(string)
		several := []string{one}
		if !isText {
			var err error
			if several, err = texts(m.node); err != nil {
				return nil, errPairs
			}
		}
		if m.name == "" {
			return nil, errPairs
		}
		for _, text := range several {
			all = append(all, pair{m.name, text})
		}
	}
	return all, nil
}
