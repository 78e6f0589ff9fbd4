package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
)

// readMetadata reads the discovery document. Only the members that a login cannot do without
// decide; another one of the wrong type, or one that is there twice, is as good as none, and the
// log says so once.
func (o *OIDC) readMetadata(body []byte) (*metadata, error) {
	required := o.requiredMetadata()
	d, err := newSchema("provider metadata", required...).read(body, &o.notes)
	if err != nil {
		return nil, err
	}
	m := new(metadata)
	var mistakes []error
	for name, value := range jsonNames(m) {
		if !d.has(name) {
			continue
		}
		if slices.Contains(required, name) {
			mistakes = append(mistakes, d.into(value, name))
			continue
		}
		read := func(string) (bool, error) { return true, d.into(value, name) }
		if !tolerated(d, name, read) {
			value.SetZero()
		}
	}
	return m, errors.Join(mistakes...)
}

// jsonNames yields the fields of a struct by the names of their members.
func jsonNames(m *metadata) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for field, value := range reflect.ValueOf(m).Elem().Fields() {
			if name := field.Tag.Get("json"); name != "" && !yield(name, value) {
				return
			}
		}
	}
}

// requiredMetadata are the members that decide, unless the configuration has them.
func (o *OIDC) requiredMetadata() []string {
	names := []string{"issuer"}
	for name, configured := range map[string]bool{
		"authorization_endpoint": o.Endpoints.Authorization != "",
		"token_endpoint":         o.Endpoints.Token != "" || o.responseType() == responseIDToken,
		"jwks_uri":               o.Endpoints.JWKS != "" || o.SecretSignsTokens,
		"userinfo_endpoint":      o.Endpoints.UserInfo != "" || o.UserInfo != UserInfoAlways,
	} {
		if !configured {
			names = append(names, name)
		}
	}
	return names
}

// into reads a member into a field of the metadata. A text is as good as a list of one, and "true"
// as good as true.
func (d document) into(field reflect.Value, name string) (err error) {
	switch to := field.Addr().Interface().(type) {
	case *string:
		*to, err = d.text(name)
	case *[]string:
		*to, err = d.texts(name)
	case *bool:
		*to = isTrue(d.claims[name])
		if raw := string(d.claims[name]); !*to && raw != "false" && raw != `"false"` {
			err = fmt.Errorf("%s is neither true nor false", name)
		}
	default:
		if json.Unmarshal(d.claims[name], to) != nil {
			field.SetZero()
			err = fmt.Errorf("%s has the wrong type", name)
		}
	}
	return err
}
