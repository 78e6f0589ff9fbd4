package vendors_test

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// unseen are fields that have no effect on a login.
var unseen = []string{
	"ClientID", "ClientSecret", // the fixture's
	"DisplayName",
	"APIBase",              // for Client as well, and for that alone in some
	"Endpoints.Revocation", // shown by "revoked", which would wait for them here
}

// Each field that a vendor sets is needed: with another value, one of its cases fails.
func TestEveryFieldIsShown(t *testing.T) {
	for _, f := range fixtures(t) {
		vendor, known := vendors.Named(f.Vendor)
		if !known {
			continue
		}
		t.Run(f.Vendor, func(t *testing.T) {
			for path := range f.set(t, vendor) {
				if !f.shows(t, vendor, path) {
					t.Errorf("no case fails with another value of %s", path)
				}
			}
		})
	}
}

// set returns the paths of the fields that the vendor sets.
func (f fixture) set(t *testing.T, vendor vendors.Vendor) map[string]bool {
	settings := vendors.Values{"client_id": "c", "client_secret": "s"}
	for name, value := range f.Settings {
		setting, _ := value.(string)
		settings[name] = values{texts: map[string]string{"private_key": privateKey()}}.text(setting)
	}
	p, err := vendor.Make(settings)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	walk(reflect.ValueOf(p).Elem(), "", func(path string, _ reflect.Value) { paths[path] = true })
	return paths
}

// walk visits the fields that are set, including those within structs.
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

// shows reports whether a case fails when the field has another value.
func (f fixture) shows(t *testing.T, vendor vendors.Vendor, path string) bool {
	right := vendor.New
	vendor.New = func(v vendors.Values) (provider.Provider, error) {
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
		case path == "VendorLogout":
			c.Revoked = nil
		case !strings.HasPrefix(path, "Revocation."):
			c.Logout, c.Revoked = nil, nil
		}
		f := &flow{
			trial:  c,
			vendor: vendor,
			tenant: path == "OtherOrigins",
		} // which matter for tenants only
		starts := c.Mistake == "" || path == "SecretRequired" // which only a mistake shows
		return starts && len(f.run(t)) > 0
	})
}

// others are other valid values of fields that Validate would reject any text in.
var others = map[string]string{
	"client_secret_post": "client_secret_basic", "client_secret_basic": "client_secret_post",
	"never": "always", "always": "never",
}

// spoil gives a field another value.
func spoil(field reflect.Value) {
	switch field.Kind() {
	case reflect.String:
		field.SetString(cmp.Or(others[field.String()], field.String()+"x"))
	case reflect.Int: // the ways to trust an address are 1 and 2
		field.SetInt(3 - field.Int())
	default:
		field.SetZero()
	}
}
