package oauth1

import (
	"cmp"
	"slices"
	"strings"
)

// A Param is an unencoded request parameter.
type Param struct{ Name, Value string }

// parseForm parses a query or a form body (RFC 5849 section 3.4.1.3.1). It keeps repeated names and
// empty values.
func parseForm(text string) ([]Param, error) {
	var params []Param
	for piece := range strings.SplitSeq(text, "&") {
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		name, err := decode(name)
		if err != nil {
			return nil, err
		}
		if value, err = decode(value); err != nil {
			return nil, err
		}
		params = append(params, Param{name, value})
	}
	return params, nil
}

// normalize returns the parameters as they are signed (RFC 5849 section 3.4.1.3.2): encoded, then
// sorted bytewise by name and value.
func normalize(params []Param) string {
	encoded := make([]Param, len(params))
	for i, p := range params {
		encoded[i] = Param{Encode(p.Name), Encode(p.Value)}
	}
	slices.SortFunc(encoded, func(a, b Param) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	var b strings.Builder
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.Name)
		b.WriteByte('=')
		b.WriteString(p.Value)
	}
	return b.String()
}
