package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// An Env reads named settings, such as environment variables, and gathers what is wrong with them.
type Env struct {
	Lookup   func(name string) (value string, ok bool)
	Mistakes []error // one line each
}

// Wrong notes a mistake.
func (e *Env) Wrong(format string, args ...any) {
	e.Mistakes = append(e.Mistakes, fmt.Errorf(format, args...))
}

// Required is a setting that must be there; hint tells what to write.
func (e *Env) Required(name, hint string) string {
	return e.must(name, hint, e.Optional(name))
}

// RequiredExact is Required with the value of Exact.
func (e *Env) RequiredExact(name, hint string) string {
	return e.must(name, hint, e.Exact(name))
}

func (e *Env) must(name, hint, value string) string {
	if value == "" && !e.Complained(name) {
		e.Wrong("%s is not set: %s", name, hint)
	}
	return value
}

// Complained reports whether something is already known to be wrong with the setting.
func (e *Env) Complained(name string) bool {
	for _, err := range e.Mistakes {
		if strings.HasPrefix(err.Error(), name+" ") ||
			strings.HasPrefix(err.Error(), name+"_FILE") {
			return true
		}
	}
	return false
}

// IsSet reports whether there is a value, or a file that is to hold it.
func (e *Env) IsSet(name string) bool {
	value, _ := e.Lookup(name)
	file, _ := e.Lookup(name + "_FILE")
	return value != "" || file != ""
}

// Optional is the value of name, or the content of the file that name_FILE names, without white
// space around it. Empty means not set.
func (e *Env) Optional(name string) string { return e.read(name, strings.TrimSpace) }

// Exact is Optional, but of a file only the line end is dropped: what else is there may be meant.
func (e *Env) Exact(name string) string { return e.read(name, withoutLineEnd) }

func withoutLineEnd(text string) string { return strings.TrimRight(text, "\r\n") }

func (e *Env) read(name string, trim func(string) string) string {
	value, _ := e.Lookup(name)
	file, _ := e.Lookup(name + "_FILE")
	switch {
	case file == "":
		return value
	case value != "":
		e.Wrong("%s and %s_FILE are both set: keep one", name, name)
		return ""
	}
	content, err := secretFile(file, trim)
	if err != nil {
		e.Wrong("%s_FILE: %w", name, err)
	}
	return content
}

// maxSecretFile bounds a file that is named by mistake.
const maxSecretFile = 64 << 10

// secretFile is the content of a file, trimmed. The error does not show its name: the secret itself
// may have been written in its place.
func secretFile(name string, trim func(string) string) (string, error) {
	content, err := readFile(name, maxSecretFile)
	if err != nil {
		return "", err
	}
	text := trim(string(content))
	if text == "" {
		return "", errors.New("the file is empty")
	}
	return text, nil
}

// readFile reads a file of at most limit bytes. Its errors do not show the name.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be opened: %w", withoutPath(err))
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the file cannot be read: %w", withoutPath(err))
	case int64(len(content)) > limit:
		return nil, fmt.Errorf("the file is too large: more than %d KiB", limit>>10)
	}
	return content, nil
}

func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
