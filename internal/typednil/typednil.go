// Package typednil detects non-nil interface values that hold a nil pointer or function, such as an
// unset *provider.OIDC. Their first use would panic.
package typednil

import "reflect"

// Is reports whether v is nil, or holds a nil pointer, function, map, slice or channel.
func Is(v any) bool {
	value := reflect.ValueOf(v)
	switch value.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan, reflect.Interface:
		return value.IsNil()
	}
	return false
}
