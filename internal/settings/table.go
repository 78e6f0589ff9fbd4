package settings

import (
	"reflect"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// A Setting is something that can be set about a provider, or about the application. Its key is
// that of the JSON file, with a dot for an object within the object; the environment has it in
// capitals, with "_" for the dot.
type Setting struct {
	Key string

	// Fields are the fields that it sets, by their paths, with spaces between them. A provider of
	// each protocol sets those that it has; "OIDC.Issuer" is for that type only.
	Fields string

	Secret bool // may also come by key_file or key_env
	Lines  bool // a list with one item per line, whose items may hold spaces
	Help   string

	vendor bool // one of a vendor's own, whose texts may be true or false
}

// path is the field of a type that the setting sets, or "".
func (s Setting) path(t reflect.Type) string {
	for name := range strings.FieldsSeq(s.Fields) {
		if owner, rest, _ := strings.Cut(name, "."); owner == t.Name() {
			return rest
		} else if owner == "OIDC" || owner == "OAuth2" || owner == "OAuth1" {
			continue
		}
		if _, ok := fieldType(t, name); ok {
			return name
		}
	}
	return ""
}

// pathIn is the field of a provider that the setting sets, or "" if it does not apply to it.
func (s Setting) pathIn(p provider.Provider) string { return s.path(reflect.TypeOf(p).Elem()) }

// shape is what the setting looks like. It is the same in all the types that have it.
func (s Setting) shape() shape {
	for _, protocol := range protocols {
		t := reflect.TypeOf(blank(protocol)).Elem()
		if path := s.path(t); path != "" {
			field, _ := fieldType(t, path)
			return shapeOf(field)
		}
	}
	return text
}

// hint is the beginning of Help, for errors.
func (s Setting) hint() string {
	short, _, _ := strings.Cut(s.Help, ";")
	return short
}

// For reports whether a provider of the protocol has the setting.
func (s Setting) For(protocol vendors.Protocol) bool { return s.pathIn(blank(protocol)) != "" }

var protocols = []vendors.Protocol{vendors.OpenIDConnect, vendors.OAuthTwo, vendors.OAuthOne}

// blank is a provider of the protocol with nothing filled in.
func blank(protocol vendors.Protocol) provider.Provider {
	switch protocol {
	case vendors.OpenIDConnect:
		return &provider.OIDC{}
	case vendors.OAuthTwo:
		return &provider.OAuth2{}
	}
	return &provider.OAuth1{}
}

func find(key string) Setting {
	for _, s := range All() {
		if s.Key == key {
			return s
		}
	}
	return Setting{}
}

// required are the settings without which nothing goes. A client secret is not among them: public
// clients have none.
var required = map[vendors.Protocol][]string{
	vendors.OpenIDConnect: {"client_id", "issuer"},
	vendors.OAuthTwo:      {"client_id", "authorization_endpoint", "token_endpoint", "user.id"},
	vendors.OAuthOne: {
		"client_id", "request_token_endpoint", "authorization_endpoint", "token_endpoint",
		"user.id",
	},
}

// Required reports whether a provider of the protocol cannot do without the setting.
func (s Setting) Required(protocol vendors.Protocol) bool {
	for _, key := range required[protocol] {
		if key == s.Key {
			return true
		}
	}
	return false
}
