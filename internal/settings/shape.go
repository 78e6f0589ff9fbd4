package settings

import (
	"crypto"
	"crypto/x509"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// A shape is what a value looks like. In the environment a list has spaces between its items, and
// pairs look like a query: a=b&c=d.
type shape int

const (
	text shape = iota
	list
	pairs
	flag
	unsettable // a function, for instance
)

// A word is a text that means a value of an enumeration.
type word struct {
	text  string
	means int64
}

// wordsFor are the texts for the values of an enumeration, the default first, or none.
func wordsFor(t reflect.Type) []word {
	switch t {
	case reflect.TypeFor[provider.EmailTrust]():
		return []word{
			{"by_member", int64(provider.EmailByMember)},
			{"never", int64(provider.EmailNeverVerified)},
			{"always", int64(provider.EmailAlwaysVerified)},
		}
	case reflect.TypeFor[http.SameSite]():
		return []word{{"lax", int64(http.SameSiteLaxMode)}, {"none", int64(http.SameSiteNoneMode)}}
	}
	return nil
}

// shapeOf is the shape of the values of a type.
func shapeOf(t reflect.Type) shape {
	switch t {
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[*time.Duration](),
		reflect.TypeFor[crypto.Signer](), reflect.TypeFor[[]crypto.PublicKey](),
		reflect.TypeFor[*x509.Certificate](), reflect.TypeFor[*http.Client]():
		return text
	case reflect.TypeFor[[]provider.Document]():
		return pairs
	}
	switch {
	case wordsFor(t) != nil || t.Kind() == reflect.String:
		return text
	case t.Kind() == reflect.Bool:
		return flag
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return list
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		return pairs
	}
	return unsettable
}

// fieldType is the type of a field by its path.
func fieldType(t reflect.Type, path string) (reflect.Type, bool) {
	for name := range strings.SplitSeq(path, ".") {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return nil, false
		}
		f, ok := t.FieldByName(name)
		if !ok {
			return nil, false
		}
		t = f.Type
	}
	return t, true
}

// fieldIn is a field by its path, to be set: structs on the way that are nil are made.
func fieldIn(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.FieldByName(name)
	}
	return v
}

// isZero reports whether a field, or a struct on the way to it, is not set.
func isZero(v reflect.Value, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return true
		}
		v = v.FieldByName(name)
	}
	return !v.IsValid() || v.IsZero()
}
