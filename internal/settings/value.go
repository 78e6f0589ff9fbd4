package settings

import (
	"errors"
	"net/url"
	"regexp"
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

// The names that a variable may have.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secret reads a secret from where the document says it is. Errors show neither it nor what is written instead of a name.
func (e *entry) secret(s Setting) (string, error) {
	var given []member
	for _, key := range s.fromFile() {
		if m, ok := e.member(key); ok {
			given = append(given, m)
		}
	}
	if len(given) > 1 {
		return "", errors.New("is given in more than one way: keep one of " + strings.Join(s.fromFile(), ", "))
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
		if !variableName.MatchString(v.text) {
			return "", errors.New("cannot be read: " + s.Key + "_env is not the name of an environment variable")
		}
		content, _ := e.Env.Lookup(v.text)
		if content == "" {
			return "", errors.New("cannot be read: the environment variable of " + s.Key + "_env is not set")
		}
		return content, nil
	}
	return v.text, nil
}

// fromText reads a value of the environment.
func (s Setting) fromText(text string) (value, error) {
	switch s.Shape {
	case List:
		return value{list: strings.Fields(text)}, nil
	case Params:
		params, err := url.ParseQuery(text)
		if err != nil || len(params) == 0 {
			return value{}, errors.New("must look like a query: a=b&c=d")
		}
		return value{params: params}, nil
	case Flag:
		if text != "true" && text != "false" {
			return value{}, errors.New("must be true or false")
		}
		return value{flag: text == "true"}, nil
	}
	return value{text: text}, nil
}

var (
	errText   = errors.New("must be a text that is not empty")
	errList   = errors.New(`must be a list of texts, such as ["a", "b"]`)
	errParams = errors.New(`must be an object of texts, such as {"a": "b"}`)
	errFlag   = errors.New("must be true or false, without quotation marks")
)

// fromNode reads a value of the document.
func (s Setting) fromNode(n node) (value, error) {
	switch s.Shape {
	case List:
		items, ok := n.value.([]node)
		if !ok || len(items) == 0 {
			return value{}, errList
		}
		var list []string
		for _, item := range items {
			text, ok := item.value.(string)
			if !ok || text == "" {
				return value{}, errList
			}
			list = append(list, text)
		}
		return value{list: list}, nil
	case Params:
		members, ok := n.value.([]member)
		if !ok || len(members) == 0 {
			return value{}, errParams
		}
		params := url.Values{}
		for _, m := range members {
			text, ok := m.value.(string)
			if !ok || m.name == "" {
				return value{}, errParams
			}
			params.Set(m.name, text)
		}
		return value{params: params}, nil
	case Flag:
		flag, ok := n.value.(bool)
		if !ok {
			return value{}, errFlag
		}
		return value{flag: flag}, nil
	}
	if flag, ok := n.value.(bool); ok && s.vendor {
		return value{text: strconv.FormatBool(flag)}, nil
	}
	text, ok := n.value.(string)
	if !ok || strings.TrimSpace(text) == "" {
		return value{}, errText
	}
	return value{text: text}, nil
}
