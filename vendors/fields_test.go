package vendors_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// unseen are fields of which a login shows nothing.
var unseen = []string{
	"ClientID", "ClientSecret", // the fixture's
	"DisplayName",
	"APIBase",              // for Client as well, and for that alone in some
	"Endpoints.Revocation", // shown by "revoked", which would wait for them here
}

// What a preset sets is shown by one of its cases: with another value a fixture complains.
func TestEveryFieldIsShown(t *testing.T) {
	for _, f := range fixtures(t) {
		preset, known := vendors.Named(f.Preset)
		if !known {
			continue
		}
		t.Run(f.Preset, func(t *testing.T) {
			t.Parallel()
			for path := range f.set(t, preset) {
				if !f.shows(t, preset, path) {
					t.Errorf("%s could be something else", path)
				}
			}
		})
	}
}

// set are the fields that the preset sets, by their path.
func (f fixture) set(t *testing.T, preset vendors.Vendor) map[string]bool {
	settings := vendors.Values{"client_id": "c", "client_secret": "s"}
	for name, value := range f.Settings {
		setting, _ := value.(string)
		settings[name] = values{texts: map[string]string{"private_key": privateKey()}}.text(setting)
	}
	p, err := preset.Make(settings)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	walk(reflect.ValueOf(p).Elem(), "", func(path string, _ reflect.Value) { paths[path] = true })
	return paths
}

// walk visits the fields that are set, also those within structs.
func walk(v reflect.Value, prefix string, visit func(string, reflect.Value)) {
	for i := range v.NumField() {
		field, path := v.Field(i), prefix+v.Type().Field(i).Name
		switch {
		case !v.Type().Field(i).IsExported() || field.IsZero() || slices.Contains(unseen, path):
		case field.Kind() == reflect.Struct:
			walk(field, path+".", visit)
		case field.Kind() == reflect.Map && field.Len() == 0: // for those who add to it
		default:
			visit(path, field)
		}
	}
}

// shows reports whether a case fails when the field is something else.
func (f fixture) shows(t *testing.T, preset vendors.Vendor, path string) bool {
	right := preset.New
	preset.New = func(v vendors.Values) (provider.Provider, error) {
		p, err := right(v)
		if err != nil {
			return nil, err
		}
		walk(reflect.ValueOf(p).Elem(), "", func(found string, field reflect.Value) {
			if found == path {
				spoil(field)
			}
		})
		_, err = p.(provider.Validator).Validate()
		return p, err
	}
	return slices.ContainsFunc(f.trials(), func(c trial) bool {
		switch {
		case path == "Logout":
			c.Revoked = nil
		case !strings.HasPrefix(path, "Revocation."):
			c.Logout, c.Revoked = nil, nil
		}
		f := &flow{trial: c, preset: preset, tenant: path == "OtherOrigins"} // which matter for tenants only
		starts := c.Mistake == "" || path == "SecretRequired"                // which only a mistake shows
		return starts && len(f.run(t)) > 0
	})
}

// spoil makes something else of a field.
func spoil(field reflect.Value) {
	switch field.Kind() {
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Int: // the ways to authenticate, and to trust an address, are 1 and 2
		field.SetInt(3 - field.Int())
	default:
		field.SetZero()
	}
}
