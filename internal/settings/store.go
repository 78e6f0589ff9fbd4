package settings

import (
	"crypto"
	"crypto/x509"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// A value is what was written, in the shape of its setting.
type value struct {
	text  string
	list  []string
	pairs []pair
	flag  bool
}

// A pair is a name with one of its values. Their order may matter.
type pair struct{ name, value string }

// store puts a value into a field. Pairs are added to those that a vendor's provider has.
func (v value) store(field reflect.Value) error {
	switch to := field.Addr().Interface().(type) {
	case *time.Duration:
		return storeDuration(to, v.text)
	case **time.Duration:
		*to = new(time.Duration)
		return storeDuration(*to, v.text)
	case *crypto.Signer:
		return storeKey(to, v.text)
	case *[]crypto.PublicKey:
		return storePublicKeys(to, v.text)
	case **x509.Certificate:
		return storeCertificate(to, v.text)
	case **http.Client:
		return storeAuthority(to, v.text)
	case *[]provider.Document:
		*to = append(slices.Clone(*to), documents(v.pairs)...)
		return nil
	}
	if meanings := wordsFor(field.Type()); meanings != nil {
		return storeWord(field, meanings, v.text)
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(v.text)
	case reflect.Bool:
		field.SetBool(v.flag)
	case reflect.Slice:
		field.Set(reflect.ValueOf(v.list))
	case reflect.Map:
		return storePairs(field, v.pairs)
	}
	return nil
}

func storeWord(field reflect.Value, meanings []word, text string) error {
	var known []string
	for _, w := range meanings {
		if w.text == text {
			field.SetInt(w.means)
			return nil
		}
		known = append(known, w.text)
	}
	last := len(known) - 1
	return errors.New("must be " + strings.Join(known[:last], ", ") + " or " + known[last])
}

func storeDuration(to *time.Duration, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errors.New("must be a duration such as 90s, 15m or 8h")
	}
	*to = d
	return nil
}

// storePairs replaces the names that are given, in a map of texts or of lists of texts.
func storePairs(field reflect.Value, given []pair) error {
	values := map[string][]string{}
	for _, p := range given {
		if field.Type() == reflect.TypeFor[http.Header]() {
			p.name = http.CanonicalHeaderKey(p.name)
		}
		values[p.name] = append(values[p.name], p.value)
	}
	all := reflect.MakeMap(field.Type())
	for name, old := range field.Seq2() {
		all.SetMapIndex(name, old)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		to := reflect.ValueOf(values[name])
		if field.Type().Elem().Kind() == reflect.String {
			if len(values[name]) != 1 {
				return errors.New("must have one value for each name")
			}
			to = reflect.ValueOf(values[name][0])
		}
		all.SetMapIndex(reflect.ValueOf(name), to)
	}
	field.Set(all)
	return nil
}

// documents are further profile documents: "orgs?" names one that may be missing.
func documents(given []pair) []provider.Document {
	var all []provider.Document
	for _, p := range given {
		name, optional := strings.CutSuffix(p.name, "?")
		all = append(all, provider.Document{Name: name, URL: p.value, Optional: optional})
	}
	return all
}
