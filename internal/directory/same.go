package directory

import (
	"net/http"
	"reflect"

	"github.com/sallyport-go/sallyport/provider"
)

// sameConfiguration reports whether one provider may replace another: they are of one type, and all
// their exported fields are equal.
func sameConfiguration(a, b provider.Provider) bool {
	one, other := reflect.ValueOf(a), reflect.ValueOf(b)
	if one.Type() != other.Type() || one.Kind() != reflect.Pointer {
		return false
	}
	if one.Pointer() == other.Pointer() {
		return true
	}
	switch a.(type) {
	case *provider.OIDC, *provider.OAuth2, *provider.OAuth1:
		return equalFields(one.Elem(), other.Elem())
	}
	return false // other types may keep what they are made of anywhere
}

// equalFields compares what is configured. Unexported fields hold what has been read, and locks.
func equalFields(a, b reflect.Value) bool {
	for field, one := range a.Fields() {
		other := b.FieldByIndex(field.Index)
		equal := true
		switch {
		case !field.IsExported():
		case field.Type == reflect.TypeFor[*http.Client]():
			equal = one.Pointer() == other.Pointer() // its insides are in use
		default:
			equal = reflect.DeepEqual(one.Interface(), other.Interface())
		}
		if !equal {
			return false
		}
	}
	return true
}
