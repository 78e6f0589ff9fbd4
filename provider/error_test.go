package provider

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// requireFieldErrors checks that each error in err names a field of v.
func requireFieldErrors(t *testing.T, v any, err error) {
	t.Helper()
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, inner := range joined.Unwrap() {
			requireFieldErrors(t, v, inner)
		}
		return
	}
	if err == nil {
		return
	}
	wrong, ok := errors.AsType[*FieldError](err)
	if !ok {
		t.Errorf("%v is not about a field", err)
		return
	}
	typ := reflect.TypeOf(v)
	for name := range strings.SplitSeq(wrong.Field, ".") {
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		field, ok := typ.FieldByName(name)
		if !ok || !field.IsExported() {
			t.Errorf("%v: field %s does not exist in %v", err, wrong.Field, reflect.TypeOf(v))
			return
		}
		typ = field.Type
	}
}

// R157: each mistake names its field in a form that programs can read.
func TestOIDC_R157_FieldErrors(t *testing.T) {
	negative := -time.Hour
	secret := func(context.Context) (string, error) { return "s", nil }
	for i, o := range []*OIDC{
		{},
		{Issuer: "op.example", ClientID: " c", ClientSecret: "s", SecretFunc: secret, Leeway: -1,
			MaxAge: &negative},
		{Issuer: "https://u@op.example", ClientKey: &ClientKey{}, APIBase: "x", Discovery: "x"},
		{Issuer: "https://op.example", Scopes: []string{""}, SigningAlgs: []string{"HS256", "x"}},
		{Issuer: "https://op.example/{tenantid}", AssertionAudience: "x", InternalURL: "x",
			EmailTrust: 9},
		{Organizations: &Organizations{}, RequiredClaims: map[string][]string{"": nil}},
		{AuthMethod: "client_secret_basic", ResponseType: "token",
			VendorLogout: &VendorLogout{URL: "https://op.example"}},
		{AuthMethod: "private_key_jwt", ResponseType: "x", VendorLogout: &VendorLogout{},
			OtherOrigins: []string{"x"}},
		{AuthMethod: "x", UserFields: Fields{ID: "id", Name: "a..b"}, IssuerAliases: []string{""}},
		{SecretSignsTokens: true,
			Dialect: Dialect{Method: "x", Params: map[string][]string{"code": nil}}},
		{Endpoints: Endpoints{Token: "x", Authorization: "http://localhost"},
			AuthParams: map[string][]string{"state": nil}},
		{HTTPClient: &http.Client{Transport: (*http.Transport)(nil)}},
	} {
		_, err := o.Validate()
		if err == nil {
			t.Errorf("row %d is accepted", i)
		}
		requireFieldErrors(t, o, err)
	}
}

// An error about a value that is permitted in development names the field that permits it.
func TestFieldError_R157_Insecure(t *testing.T) {
	_, err := (&OIDC{ClientID: "c", Issuer: "http://localhost:1"}).Validate()
	wrong, ok := errors.AsType[*FieldError](err)
	if !ok || wrong.Field != "Issuer" || wrong.Insecure != "InsecureLoopbackHTTP" {
		t.Errorf("%v", err)
	}
	if want := "Issuer http://localhost:1 is http: for development on this machine set " +
		"InsecureLoopbackHTTP"; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
