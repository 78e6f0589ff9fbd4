package provider_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
)

// The same types describe a vendor that package vendors does not support.
func TestOAuth2_NonstandardTokenRequestAndResponse(t *testing.T) { // quirk 22
	o := &provider.OAuth2{
		Issuer: "https://account.withings.com", ClientID: "id", ClientSecret: "hush",
		Endpoints: provider.Endpoints{
			Authorization: "https://account.withings.com/oauth2_user/authorize2",
			Token:         "https://wbsapi.withings.net/v2/oauth2",
		},
		AuthMethod: "client_secret_post",
		Dialect: provider.Dialect{Params: url.Values{"action": {"requesttoken"}}, Envelope: "body",
			EditRequest: func(p url.Values) {
				p.Set("client_secret", "hash of "+p.Get("client_secret"))
			}},
		UserFields: provider.Fields{ID: "body.userid"},
	}
	o.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return nil, err
		}
		body := `{"status":0,"body":{"userid":"363","access_token":"t0ken","expires_in":10800,"token_type":"Bearer"}}`
		if form.Get("action") != "requesttoken" || form.Get("client_secret") != "hash of hush" {
			body = `{"status":503,"body":{},"error":"Invalid params"}`
		}
		return &http.Response{StatusCode: 200,
			Header: http.Header{"Content-Type": {"application/json"}},
			Body:   io.NopCloser(strings.NewReader(body))}, nil
	})}
	if insecure, err := o.Validate(); err != nil || insecure != nil {
		t.Fatalf("the configuration: %v, %v", insecure, err)
	}
	f := &provider.Flow{RedirectURI: "https://app.example/cb"}
	if _, err := o.Begin(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	s, err := o.Finish(t.Context(), f, url.Values{"code": {"c0de"}, "state": {f.State}})
	if err != nil {
		t.Fatal(err)
	}
	if s.User.Subject != "363" || s.User.Issuer != "https://account.withings.com" {
		t.Errorf("%+v", s.User)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
