package vendors_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"time"
)

// values are the values of the placeholders of one trial.
type values struct {
	now   func() time.Time
	texts map[string]string
}

var (
	placeholder = regexp.MustCompile(`\{[a-z_0-9]+([+-][0-9]+)?\}`)
	instant     = regexp.MustCompile(`^\{now([+-][0-9]+)?\}$`)
)

// text fills in the placeholders of a text. Others, such as {tenantid}, stay.
func (v values) text(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(p string) string {
		if m := instant.FindStringSubmatch(p); m != nil {
			return strconv.FormatInt(v.instant(m[1]), 10)
		}
		if text, known := v.texts[p[1:len(p)-1]]; known {
			return text
		}
		return p
	})
}

func (v values) instant(offset string) int64 {
	seconds, _ := strconv.ParseInt(offset, 10, 64) // none is zero
	return v.now().Unix() + seconds
}

// fill fills in all texts of a JSON value. A text that is only a time becomes a number, "{null}" a
// null. Members that are null are left out.
func (v values) fill(value any) any {
	switch value := value.(type) {
	case string:
		if m := instant.FindStringSubmatch(value); m != nil {
			return json.Number(strconv.FormatInt(v.instant(m[1]), 10))
		}
		if value == "{null}" {
			return nil
		}
		return v.text(value)
	case []any:
		filled := make([]any, len(value))
		for i, element := range value {
			filled[i] = v.fill(element)
		}
		return filled
	case map[string]any:
		filled := map[string]any{}
		for name, member := range value {
			if member != nil {
				filled[name] = v.fill(member)
			}
		}
		return filled
	}
	return value
}

func (v values) json(value any) []byte {
	raw, err := json.Marshal(v.fill(value))
	if err != nil {
		panic(err) // it came from JSON
	}
	return raw
}
