package provider

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// claims are the members of a JSON object, to be read with their types. A null is as good as none:
// it is an error only where the member is required.
type claims map[string]json.RawMessage

// has reports whether there is a value.
func (c claims) has(name string) bool { return c.named(name) && string(c[name]) != "null" }

// named reports whether the member is there at all, if only as null.
func (c claims) named(name string) bool { _, ok := c[name]; return ok }

// text reads a string. It is "" when there is none, and an error when it is anything else.
func (c claims) text(name string) (string, error) {
	if !c.has(name) {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(c[name], &s); err != nil {
		return "", fmt.Errorf("%s is not a string", name)
	}
	return s, nil
}

// display reads a string that is only shown; anything else is as good as none.
func (c claims) display(name string) string {
	s, err := c.text(name)
	if err != nil {
		return ""
	}
	return s
}

// texts reads a string or an array of strings.
func (c claims) texts(name string) ([]string, error) {
	if !c.has(name) {
		return nil, nil
	}
	if s, err := c.text(name); err == nil {
		return []string{s}, nil
	}
	var list []*string
	if err := json.Unmarshal(c[name], &list); err != nil || list == nil {
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

// time reads a NumericDate (RFC 7519 section 2), which may have a fraction. It is zero when there
// is none.
func (c claims) time(name string) (time.Time, error) {
	if !c.has(name) {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseFloat(string(c[name]), 64) // nothing but a number parses
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > latestTime {
		return time.Time{}, fmt.Errorf("%s is not a time", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), nil
}

// tolerated reads a member that rights may follow from but no login depends on. One of the wrong
// type, or one that is ambiguous, is as good as none, and the log says so once.
func tolerated[T any](d document, name string, read func(string) (T, error)) T {
	value, err := read(name)
	if err == nil && d.unsure[name] {
		err = fmt.Errorf("%s is ambiguous", name)
	}
	if err != nil {
		d.notes.add(d.about, err.Error()+"; it is ignored")
		var none T
		return none
	}
	return value
}
