package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

func photos() *OAuth1 {
	return &OAuth1{
		Issuer: "https://photos.example:8443", ClientID: "consumer",
		ClientSecret: "consumer secret", Endpoints: Endpoints{
			RequestToken:  "https://photos.example/request",
			Authorization: "https://Photos.example:8443/authorize?a=1",
			Token:         "https://photos.example/token",
			UserInfo:      "https://api.photos.example/me",
		},
		UserFields: Fields{ID: "id"},
	}
}

func TestOAuth1_Validate(t *testing.T) {
	if insecure, err := photos().Validate(); err != nil || insecure != nil {
		t.Fatalf("a valid provider: %v, %v", insecure, err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		change func(*OAuth1)
		want   string // "" if valid
	}{
		"no client": {func(o *OAuth1) { o.ClientID = "" }, "ClientID is missing"},
		"no secret": {func(o *OAuth1) {
			o.ClientSecret = ""
		}, "ClientSecret is missing"},
		"no secret, PLAINTEXT": {func(o *OAuth1) {
			o.ClientSecret, o.SignatureMethod = "", "PLAINTEXT"
		}, "ClientSecret is missing"},
		"method": {func(o *OAuth1) {
			o.SignatureMethod = "hmac-sha1"
		}, "SignatureMethod"},
		"HMAC-SHA256": {func(o *OAuth1) { o.SignatureMethod = "HMAC-SHA256" }, ""},
		"PLAINTEXT":   {func(o *OAuth1) { o.SignatureMethod = "PLAINTEXT" }, ""},
		"RSA": {func(o *OAuth1) {
			o.SignatureMethod, o.PrivateKey, o.ClientSecret = "RSA-SHA1", key, ""
		}, ""},
		"RSA without key": {func(o *OAuth1) {
			o.SignatureMethod = "RSA-SHA1"
		}, "PrivateKey is missing"},
		"RSA with a curve": {func(o *OAuth1) {
			o.SignatureMethod, o.PrivateKey = "RSA-SHA1", curve
		}, "not an RSA key"},
		"key without RSA": {func(o *OAuth1) { o.PrivateKey = key }, "PrivateKey is not used"},
		"no request URL": {func(o *OAuth1) {
			o.Endpoints.RequestToken = ""
		}, "Endpoints.RequestToken is missing"},
		"no authorize URL": {func(o *OAuth1) {
			o.Endpoints.Authorization = ""
		}, "Endpoints.Authorization is missing"},
		"no token URL": {func(o *OAuth1) {
			o.Endpoints.Token = ""
		}, "Endpoints.Token is missing"},
		// R60
		"http": {func(o *OAuth1) {
			o.Endpoints.RequestToken = "http://photos.example/request"
		}, "Endpoints.RequestToken must be https"},
		"http token URL": {func(o *OAuth1) {
			o.Endpoints.Token = "http://photos.example/request"
		}, "Endpoints.Token must be https"},
		"http authorize URL": {func(o *OAuth1) {
			o.Endpoints.Authorization = "http://photos.example/request"
		}, "Endpoints.Authorization must be https"},
		// R10
		"javascript": {func(o *OAuth1) {
			o.Endpoints.Authorization = "javascript:alert(1)"
		}, "Endpoints.Authorization"},
		"JWKS": {func(o *OAuth1) {
			o.Endpoints.JWKS = "https://photos.example/jwks"
		}, "Endpoints.JWKS is not used by OAuth1: remove it"},
		"http API": {func(o *OAuth1) {
			o.APIBase = "http://photos.example/1/"
		}, "APIBase must be https"},
		"http on loopback": {func(o *OAuth1) {
			o.Endpoints.UserInfo = "http://localhost/me"
		}, "InsecureLoopbackHTTP"},
		"http, switched on": {func(o *OAuth1) {
			o.Endpoints.UserInfo, o.InsecureLoopbackHTTP = "http://localhost/me", true
		}, ""},
		"fragment": {func(o *OAuth1) { o.Endpoints.Authorization += "#x" }, "fragment"},
		"user": {func(o *OAuth1) {
			o.Endpoints.UserInfo = "https://u:pw-pw@photos.example/me"
		}, "must have no user"},
		"no profile": {func(o *OAuth1) { o.Endpoints.UserInfo = "" }, ""},
		"no ID": {func(o *OAuth1) {
			o.UserFields.ID = ""
		}, "UserFields.ID is missing"},
		"mapped": {func(o *OAuth1) {
			o.UserFields, o.MapUser = Fields{}, func(Profile, *session.User) error { return nil }
		}, ""},
		"realm": {func(o *OAuth1) { o.Realm = "a\r\nb" }, "Realm"},
		"own parameter": {func(o *OAuth1) {
			o.AuthParams = url.Values{"perms": {"read"}}
		}, ""},
		// R3
		"our parameter": {func(o *OAuth1) {
			o.AuthParams = url.Values{"oauth_token": {"x"}}
		}, `AuthParams "oauth_token" is set by the library`},
		"our callback": {func(o *OAuth1) {
			o.AuthParams = url.Values{"oauth_callback": {"x"}}
		}, `AuthParams "oauth_callback" is set by the library`},
		"our state": {func(o *OAuth1) {
			o.AuthParams = url.Values{"state": {"x"}}
		}, `AuthParams "state" is set by the library`},
		"ours in the address": {func(o *OAuth1) {
			o.Endpoints.Authorization += "&oauth_token=x"
		}, "must not have the parameter oauth_token"},
		"twice": {func(o *OAuth1) {
			o.AuthParams = url.Values{"perms": {"read", "write"}}
		}, "one value"},
		"twice, with address": {func(o *OAuth1) {
			o.AuthParams = url.Values{"a": {"2"}}
		}, "one value"},
	} {
		o := photos()
		row.change(o)
		_, err := o.Validate()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(),
			row.want) {
			t.Errorf("%s: error %v, want %q", name, err, row.want)
		}
		requireFieldErrors(t, o, err)
		if err != nil && (strings.Contains(err.Error(), "consumer secret") ||
			strings.Contains(err.Error(), "pw-pw")) {
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
	o := photos()
	o.InsecureLoopbackHTTP, o.InsecureUnconfirmedCallback, o.ClientID, o.UserFields = true, true,
		"", Fields{}
	insecure, err := o.Validate()
	if !slices.Equal(insecure, []string{"InsecureLoopbackHTTP", "InsecureUnconfirmedCallback"}) ||
		strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("switches %v, mistakes %v", insecure, err)
	}
}

func TestOAuth1_IssuerAndRegistration(t *testing.T) {
	o := photos()
	o.Issuer = ""
	if got := o.issuer(); got != "https://photos.example:8443" {
		t.Errorf("issuer %s", got)
	}
	seen := map[string]bool{}
	for _, p := range []Provider{
		o, &OAuth1{Endpoints: o.Endpoints, ClientID: "other"},
		&OAuth1{Endpoints: o.Endpoints, Issuer: "https://other.example",
			ClientID: o.ClientID},
		&OIDC{Issuer: o.issuer(), ClientID: o.ClientID},
	} {
		if r := p.Registration(); r == "" || seen[r] || r != p.Registration() {
			t.Errorf("registration %q of %v", r, p)
		} else {
			seen[r] = true
		}
	}
	if same := (&OAuth1{Issuer: "https://photos.example:8443",
		ClientID: o.ClientID}); same.Registration() != o.Registration() {
		t.Error("the URLs are part of the registration")
	}
}

// R134
func TestOAuth1_R134_NeverPrints(t *testing.T) {
	o := photos()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "provider", o)
	raw, err := json.Marshal(map[string]any{"p": o})
	if err != nil {
		t.Fatal(err)
	}
	client := o.Client(t.Context(), session.Tokens{AccessToken: "access t0ken",
		Secret: "token secret"})
	for _, text := range []string{fmt.Sprint(o), fmt.Sprintf("%+v", o), fmt.Sprintf("%#v", o),
		string(raw), log.String(), fmt.Sprintf("%+v", client),
		fmt.Sprintf("%+v", client.Transport)} {
		for _, secret := range []string{"consumer secret", "access t0ken", "token secret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
}

// A URL without a host is resolved below APIBase, never at another host.
func TestOAuth1_ClientWithAPIBase(t *testing.T) {
	var seen []string
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		if !strings.HasPrefix(r.Header.Get("Authorization"), "OAuth ") {
			t.Errorf("%s is not signed", r.URL)
		}
	}))
	defer api.Close()
	for _, row := range []struct{ base, address, want string }{
		{"/1/", "members/me?fields=id", "/1/members/me?fields=id"},
		{"/1", "members/me", "/1/members/me"},
		{"", "members/me", "/members/me"},
		{"/1/", "/2/members", "/2/members"},
		{"/1/", "../2/members", "/2/members"},
		{"/1/", "?q=1", "/1/?q=1"},
		{"/1/", api.URL + "/elsewhere", "/elsewhere"},
	} {
		o := photos()
		o.APIBase, o.InsecureLoopbackHTTP = api.URL+row.base, true
		client := o.Client(t.Context(), session.Tokens{AccessToken: "t", Secret: "s"})
		resp, err := client.Post(row.address, "text/plain", strings.NewReader("b"))
		if err != nil {
			t.Errorf("%s: %v", row.address, err)
			continue
		}
		resp.Body.Close()
		if got := seen[len(seen)-1]; got != "POST "+row.want+" b" {
			t.Errorf("%s below %s: %s, want %s", row.address, row.base, got, row.want)
		}
	}
	before := len(seen)
	o := photos()
	// "//localhost:..."
	other := strings.Replace(strings.TrimPrefix(api.URL, "http:"), "127.0.0.1", "localhost", 1)
	for _, row := range []struct{ base, address string }{{"", "members/me"}, {"", "/members/me"},
		{api.URL + "/1/", other + "/x"}, {"", other + "/x"}} {
		o.APIBase = row.base
		if resp, err := o.Client(t.Context(), session.Tokens{AccessToken: "t",
			Secret: "s"}).Get(row.address); err == nil {
			resp.Body.Close()
			t.Errorf("%s below %q is sent", row.address, row.base)
		}
	}
	if len(seen) != before {
		t.Errorf("requests arrived: %v", seen[before:])
	}
}

// The context of a request is its only time limit.
func TestOAuth1_ClientUsesTheContext(t *testing.T) {
	release := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer api.Close()
	defer close(release)
	o := photos()
	o.InsecureLoopbackHTTP = true
	client := o.Client(t.Context(), session.Tokens{AccessToken: "t", Secret: "s"})
	if client.Timeout != 0 {
		t.Errorf("time limit %v", client.Timeout)
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, api.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// R15, R16, R133, R154, R155: Finish sends no request to the provider unless the callback's
// parameters are exactly those of a successful response for this flow.
func FuzzOAuth1Callback(f *testing.F) {
	for _, seed := range []string{
		"state=STATE&oauth_token=TOKEN&oauth_verifier=v", "state=STATE&oauth_token=TOKEN",
		"state=STATE&denied=TOKEN", "oauth_token=TOKEN&oauth_verifier=v",
		"state=STATE&oauth_token=TOKEN&oauth_verifier=v&oauth_verifier=w",
		"state=STATE&state=STATE", "state=STATE&oauth_token=TOKEN&oauth_verifier=v&denied=",
		"error=access_denied&state=STATE",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		o := photos()
		o.HTTPClient = refusing(func() {
			if params.Get("state") != "STATE" || len(params["state"]) != 1 ||
				params.Get("oauth_token") != "TOKEN" || len(params["oauth_token"]) != 1 ||
				params.Get("oauth_verifier") == "" || len(params["oauth_verifier"]) != 1 ||
				params.Has("denied") || params.Has("error") || params.Has("oauth_problem") {
				t.Errorf("%q reached the token endpoint", query)
			}
		})
		_, err = o.Finish(t.Context(), &Flow{State: "STATE", Token: "TOKEN",
			Secret: "SECRET"}, params)
		refusedCleanly(t, query, err)
	})
}

// answering returns a client with the same response to all requests.
func answering(status int, header http.Header, body string) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)),
			Request: r,
		}, nil
	})}
}

// F35: the Retry-After of an overloaded provider is kept, in each step of the flow.
func TestOAuth1_F35_RetryAfter(t *testing.T) {
	for _, status := range []int{408, 429, 500, 503} {
		o := photos()
		o.HTTPClient = answering(status, http.Header{"Retry-After": {"20"}}, "")
		_, begin := o.Begin(t.Context(), &Flow{RedirectURI: "https://app.example/callback"})
		_, profile := o.profile(t.Context(), credential{token: "t", secret: "s"})
		for _, err := range []error{begin, profile} {
			if !errors.Is(err, ErrUnavailable) || RetryAfter(err) != 20*time.Second {
				t.Errorf("status %d: %v, retry after %v", status, err, RetryAfter(err))
			}
		}
	}
}

// MapUser may set the Subject, but neither tenant nor issuer, and a missing email address is never
// verified. Fields without ID are read too.
func TestOAuth1_MapUserKeepsTheRest(t *testing.T) {
	o := photos()
	o.UserFields = Fields{Name: "name"}
	o.MapUser = func(_ Profile, u *session.User) error {
		u.Subject, u.Tenant, u.Issuer, u.EmailVerified = "7", "other", "https://other.example", true
		return nil
	}
	u, err := o.user(Profile{User: json.RawMessage(`{"name":"Alice"}`)})
	want := session.User{Issuer: o.issuer(), Subject: "7", Name: "Alice"}
	if err != nil || !reflect.DeepEqual(u, want) {
		t.Errorf("%+v, %v, want %+v", u, err, want)
	}
}

// A flow of another protocol, or one that was never begun, matches no callback.
func TestOAuth1_EmptyFlow(t *testing.T) {
	for _, flow := range []*Flow{{}, {State: "STATE"}, {Token: "TOKEN"}} {
		o := photos()
		o.HTTPClient = refusing(func() { t.Error("the provider got a request") })
		for _, query := range []string{"", "state=", "state=STATE",
			"state=STATE&oauth_token=&oauth_verifier=v",
			"state=&oauth_token=TOKEN&oauth_verifier=v"} {
			params, _ := url.ParseQuery(query)
			if _, err := o.Finish(t.Context(), flow, params); err == nil {
				t.Errorf("%+v accepts %q", flow, query)
			}
		}
	}
}

// R15: all parsers read an accepted form identically.
func FuzzStrictForm(f *testing.F) {
	for _, seed := range []string{"", "oauth_token=a&oauth_token_secret=b", "a=1&a=2", "a=%zz",
		"a;b", "<html>", "a=%C3%BC+", "a&b=", "=&=", "a=%ff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		form, err := strictForm(body)
		if err != nil {
			if len(body) > 0 && len(err.Error()) > 80 {
				t.Errorf("the error repeats the response: %v", err)
			}
			return
		}
		values, err := url.ParseQuery(string(body))
		if err != nil || len(values) != len(form) {
			t.Fatalf("%q is %v, and for net/url %v, %v", body, form, values, err)
		}
		for name, value := range form {
			if !slices.Equal(values[name], []string{value}) {
				t.Errorf("%q: %s is %q and %q", body, name, value, values[name])
			}
		}
		again := url.Values{}
		for name, value := range form {
			again.Set(name, value)
		}
		if twice, err := strictForm([]byte(again.Encode())); err != nil || len(twice) != len(form) {
			t.Errorf("%q, written again, is %v, %v", body, twice, err)
		}
	})
}
