package typednil

import (
	"errors"
	"net/http"
	"testing"
)

func TestIs(t *testing.T) {
	var pointer *http.Client
	var function http.HandlerFunc
	var err error
	for name, row := range map[string]struct {
		v    any
		want bool
	}{
		"nil": {nil, true}, "pointer": {pointer, true}, "function": {function, true},
		"interface": {err, true}, "map": {http.Header(nil), true},
		"value": {struct{}{}, false}, "made": {&http.Client{}, false},
		"error": {errors.New("x"), false}, "empty map": {http.Header{}, false}, "text": {"", false},
	} {
		if got := Is(row.v); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
