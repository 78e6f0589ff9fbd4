package provider

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// right returns a valid configuration.
func right() *OAuth2 {
	return &OAuth2{
		Issuer: "https://op.example", ClientID: "id", ClientSecret: "hush", Endpoints: Endpoints{
			Authorization: "https://op.example/a",
			Token:         "https://op.example/t",
			UserInfo:      "https://api.op.example/user",
		},
		UserFields: Fields{ID: "id"},
	}
}

// R3, R10, R60, R157: each mistake is named, and all are reported together.
func TestOAuth2_Validate(t *testing.T) {
	for want, change := range map[string]func(*OAuth2){
		"ClientID is missing": func(o *OAuth2) { o.ClientID = "" },
		"Endpoints.Authorization is missing": func(o *OAuth2) {
			o.Endpoints.Authorization = ""
		},
		"Endpoints.Authorization must be https": func(o *OAuth2) {
			o.Endpoints.Authorization = "http://op.example/a"
		},
		"Endpoints.Authorization is not an absolute": func(o *OAuth2) {
			o.Endpoints.Authorization = "javascript:alert(1)"
		},
		"Endpoints.Authorization must have no": func(o *OAuth2) {
			o.Endpoints.Authorization += "#wechat_redirect"
		},
		"already has the parameter": func(o *OAuth2) {
			o.Endpoints.Authorization += "?state=fixed"
		},
		"Endpoints.Token is missing": func(o *OAuth2) { o.Endpoints.Token = "" },
		"Endpoints.Token must be https": func(o *OAuth2) {
			o.Endpoints.Token = "http://op.example/t"
		},
		"InsecureLoopbackHTTP": func(o *OAuth2) {
			o.Endpoints.Token = "http://localhost/t"
		},
		"RefreshURL must be https": func(o *OAuth2) {
			o.RefreshURL = "http://op.example/r"
		},
		"Endpoints.Revocation must be https": func(o *OAuth2) {
			o.Endpoints.Revocation = "http://op.example/r"
		},
		"APIBase must be https": func(o *OAuth2) {
			o.APIBase = "http://op.example/"
		},
		"AuthMethod \"7\"":            func(o *OAuth2) { o.AuthMethod = "7" },
		"AuthMethod must not be none": func(o *OAuth2) { o.AuthMethod = "none" },
		"Endpoints.JWKS is not used by OAuth2": func(o *OAuth2) {
			o.Endpoints.JWKS = "https://op.example/jwks"
		},
		"Endpoints.Introspection must be https": func(o *OAuth2) {
			o.Endpoints.Introspection = "http://op.example/i"
		},
		"Endpoints.UserInfo must be https": func(o *OAuth2) {
			o.Endpoints.UserInfo = "http://op.example/"
		},
		"but APIBase is not set": func(o *OAuth2) {
			o.Endpoints.UserInfo = "user"
		},
		"has a host but no scheme": func(o *OAuth2) {
			o.APIBase = "https://op.example/"
			o.Endpoints.UserInfo = "//evil.example/user"
		},
		`More "x" must be https`: func(o *OAuth2) {
			o.More = []Document{{Name: "x", URL: "http://op.example/"}}
		},
		`More "x" is empty, reserved or`: func(o *OAuth2) {
			o.APIBase = o.Endpoints.UserInfo
			o.More = []Document{{Name: "x"}, {Name: "x"}}
		},
		`More "" is`: func(o *OAuth2) {
			o.More = []Document{{URL: o.Endpoints.UserInfo}}
		},
		`More "callback" is`: func(o *OAuth2) {
			o.More = []Document{{Name: "callback", URL: o.Endpoints.UserInfo}}
		},
		"UserFields.ID is missing": func(o *OAuth2) { o.UserFields.ID = "" },
		"UserFields.Email": func(o *OAuth2) {
			o.UserFields.Email = "a..b"
		},
		"UserMethod": func(o *OAuth2) { o.UserMethod = "PUT" },
		"EmailTrust": func(o *OAuth2) { o.EmailTrust = 9 },
		"is not a scope": func(o *OAuth2) {
			o.Scopes = []string{"a b"}
		},
		"contains the scope separator": func(o *OAuth2) {
			o.Scopes, o.ScopeSeparator = []string{"a,b"}, ","
		},
		`AuthParams "state"`: func(o *OAuth2) {
			o.AuthParams = url.Values{"state": {"x"}}
		},
		`AuthParams "code_challenge"`: func(o *OAuth2) {
			o.AuthParams = url.Values{"code_challenge": {"x"}}
		},
		"must not pass through": func(o *OAuth2) {
			o.AuthParams = url.Values{"response_type": {"token"}}
		},
		`AuthParams "x" must have one`: func(o *OAuth2) {
			o.AuthParams = url.Values{"x": {"1", "2"}}
		},
		`AuthNames "state"`: func(o *OAuth2) {
			o.AuthNames = map[string]string{"state": "s"}
		},
		`AuthNames "code_challenge"`: func(o *OAuth2) {
			o.AuthNames = map[string]string{"code_challenge": "s"}
		},
		"must not be renamed to state": func(o *OAuth2) {
			o.AuthNames = map[string]string{"client_id": "state"}
		},
		"must not be renamed to appid": func(o *OAuth2) {
			o.AuthNames, o.AuthParams = map[string]string{"client_id": "appid"},
				url.Values{"appid": {"x"}}
		},
		`CallbackParams "state"`: func(o *OAuth2) { o.CallbackParams = []string{"state"} },
		`CallbackParams "grant_type"`: func(o *OAuth2) {
			o.CallbackParams = []string{"grant_type"}
		},
		`CallbackParams "d"`: func(o *OAuth2) { o.CallbackParams = []string{"d", "d"} },
		"Dialect.Method":     func(o *OAuth2) { o.Dialect.Method = "PATCH" },
		"Revocation.Method":  func(o *OAuth2) { o.Revocation.Method = "GET" },
		"not sent with ByToken": func(o *OAuth2) {
			o.Revocation = Revocation{ByToken: true, TokenParam: "t"}
		},
		`Header "Authorization" is set`: func(o *OAuth2) {
			o.Header = http.Header{"authorization": {"x"}}
		},
		`Header "X-Token" is set`: func(o *OAuth2) {
			o.TokenHeader, o.Header = "x-token", http.Header{"X-Token": {"x"}}
		},
	} {
		o := right()
		change(o)
		_, err := o.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
		requireFieldErrors(t, o, err)
	}
	if insecure, err := right().Validate(); err != nil || insecure != nil {
		t.Errorf("a valid configuration: %v, %v", insecure, err)
	}
	_, err := new(OAuth2).Validate()
	for _, want := range []string{"ClientID", "Endpoints.Authorization", "Endpoints.Token",
		"UserFields.ID"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("an empty configuration: %v does not name %s", err, want)
		}
	}
}

// R7: the endpoint's own query is kept, and all values are encoded.
func TestOAuth2_R7_AuthorizationURL(t *testing.T) {
	o := right()
	o.ClientID, o.Endpoints.Authorization, o.AuthFragment = "id with &=#+%",
		"https://op.example/a?tenant=a%26b", "wechat redirect"
	o.AuthParams = url.Values{"resource": {"https://a.example", "https://b.example"}}
	f := &Flow{RedirectURI: "https://app.example/cb",
		Request: Request{Scopes: []string{"x", "a", "x"}, Prompt: "consent", LoginHint: "alice",
			UILocales: []string{"de", "en"}}}
	o.Scopes = []string{"a", "b"}
	address, err := o.Begin(t.Context(), f)
	u, parseErr := url.Parse(address)
	if err != nil || parseErr != nil || !strings.HasPrefix(u.RawQuery, "tenant=a%26b&") ||
		u.Fragment != "wechat redirect" || strings.Contains(address, "+") {
		t.Fatalf("%s, %v, %v", address, err, parseErr)
	}
	q := u.Query()
	if q.Get("client_id") != o.ClientID || q.Get("scope") != "a b x" ||
		q.Get("prompt") != "consent" || q.Get("login_hint") != "alice" ||
		q.Get("ui_locales") != "de en" || len(q["resource"]) != 2 {
		t.Errorf("query %v", q)
	}
	if f.State != q.Get("state") || f.Issuer != "https://op.example" || f.Nonce != "" ||
		f.Verifier == "" {
		t.Errorf("flow %+v", f)
	}
	o.Quirks.NoPKCE, f = true, &Flow{}
	if address, err := o.Begin(t.Context(), f); err != nil ||
		strings.Contains(address, "code_challenge") || f.Verifier != "" {
		t.Errorf("for a provider that rejects PKCE: %s, %v", address, err)
	}
}

func TestOAuth2_IssuerAndRegistration(t *testing.T) {
	o := right()
	o.Issuer, o.Endpoints.Authorization = "", "https://OP.example:8443/a?b"
	if got := o.issuer(); got != "https://op.example:8443" {
		t.Errorf("issuer %q", got)
	}
	all := map[string]string{}
	for name, p := range map[string]Provider{
		"one": right(), "another client": &OAuth2{ClientID: "id2", Endpoints: right().Endpoints},
		"another issuer": &OAuth2{Issuer: "https://x.example", ClientID: "id",
			Endpoints: right().Endpoints},
		"OpenID Connect": &OIDC{Issuer: "https://op.example", ClientID: "id"},
		"shifted":        &OAuth2{Issuer: `https://op.example""`, ClientID: "id"},
	} {
		if other := all[p.Registration()]; other != "" {
			t.Errorf("%s and %s have the same registration", name, other)
		}
		all[p.Registration()] = name
	}
}

// scripted sends the responses in order, and records the requests.
type scripted struct {
	statuses []int
	bodies   []string
	seen     []string
}

// RoundTrip implements http.RoundTripper.
func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		raw, _ := io.ReadAll(r.Body)
		body = string(raw)
	}
	s.seen = append(s.seen, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Method, r.URL,
		r.Header.Get("Authorization"), body)))
	i := min(len(s.seen), len(s.statuses)) - 1
	answer := "{}"
	if i < len(s.bodies) {
		answer = s.bodies[i]
	}
	return &http.Response{StatusCode: s.statuses[i],
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// Quirk 51: the ways to revoke tokens.
func TestOAuth2_Revocations(t *testing.T) {
	const basic = "Basic aWQ6aHVzaA=="
	both := session.Tokens{AccessToken: "acc", RefreshToken: "ref"}
	for name, row := range map[string]struct {
		v         Revocation
		configure func(*OAuth2)
		tokens    session.Tokens
		want      []string
	}{
		"RFC 7009": {Revocation{}, nil, both,
			[]string{"POST https://op.example/r " + basic +
				" token=ref&token_type_hint=refresh_token", "POST https://op.example/r " + basic +
				" token=acc&token_type_hint=access_token"}},
		"one of them": {Revocation{}, nil, session.Tokens{AccessToken: "acc"},
			[]string{"POST https://op.example/r " + basic +
				" token=acc&token_type_hint=access_token"}},
		"none of them": {Revocation{}, nil, session.Tokens{}, nil},
		"in the body": {Revocation{}, func(o *OAuth2) {
			o.AuthMethod = "client_secret_post"
		}, session.Tokens{AccessToken: "acc"},
			[]string{"POST https://op.example/r  " +
				"client_id=id&client_secret=hush&token=acc&token_type_hint=access_token"}},
		"client_key": {Revocation{}, func(o *OAuth2) {
			o.ClientSecret = ""
			o.Dialect.Names = map[string]string{"client_id": "client_key"}
		}, session.Tokens{AccessToken: "acc"},
			[]string{"POST https://op.example/r  " +
				"client_key=id&token=acc&token_type_hint=access_token"}},
		"DELETE and JSON": {Revocation{Method: "DELETE", JSONBody: true,
			TokenParam: "access_token"}, nil, both,
			[]string{"DELETE https://op.example/r " + basic + ` {"access_token":"acc"}`}},
		"deauthorize": {Revocation{TokenParam: "access_token"}, nil, both,
			[]string{"POST https://op.example/r " + basic + " access_token=acc"}},
		"a grant": {Revocation{TokenParam: "access_token",
			Params: url.Values{"grant_type": {"delete"}}}, nil, both,
			[]string{"POST https://op.example/r " + basic + " access_token=acc&grant_type=delete"}},
		"by the token": {Revocation{ByToken: true}, nil, both,
			[]string{"POST https://op.example/r Bearer acc"}},
		"DELETE by token": {Revocation{ByToken: true, Method: "DELETE"}, func(o *OAuth2) {
			o.PrepareAPI = func(r *http.Request, t session.Tokens, _ Profile) error {
				r.URL.RawQuery = "proof=" + t.AccessToken
				return nil
			}
		}, both, []string{"DELETE https://op.example/r?proof=acc Bearer acc"}},
		"by the token alone": {Revocation{ByToken: true}, nil,
			session.Tokens{RefreshToken: "ref"}, nil},
	} {
		for _, status := range []int{200, 204} {
			s, o := &scripted{statuses: []int{status}}, right()
			o.Endpoints.Revocation, o.Revocation, o.HTTPClient = "https://op.example/r", row.v,
				&http.Client{Transport: s}
			if row.configure != nil {
				row.configure(o)
			}
			if _, err := o.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err := o.Revoke(t.Context(), row.tokens); err != nil ||
				strings.Join(s.seen, "\n") != strings.Join(row.want, "\n") {
				t.Errorf("%s: %v\n%s\nwant\n%s", name, err, strings.Join(s.seen, "\n"),
					strings.Join(row.want, "\n"))
			}
		}
	}
	for status, byToken := range map[int]bool{400: false, 401: false, 403: true, 307: true} {
		o := right()
		o.Endpoints.Revocation, o.Revocation, o.HTTPClient = "https://op.example/r",
			Revocation{ByToken: byToken},
			&http.Client{Transport: &scripted{statuses: []int{status}}}
		if err := o.Revoke(t.Context(), both); err == nil || strings.Contains(err.Error(), "acc") {
			t.Errorf("status %d: %v", status, err)
		}
	}
	o := right()
	o.Endpoints.Revocation, o.Revocation, o.HTTPClient = "https://op.example/r",
		Revocation{ByToken: true}, &http.Client{Transport: &scripted{statuses: []int{401}}}
	if err := o.Revoke(t.Context(), both); err != nil {
		t.Errorf("an expired token: %v", err)
	}
	o.Endpoints.Revocation, o.HTTPClient = "", refusing(func() { t.Error("a request") })
	if err := o.Revoke(t.Context(), both); err != nil {
		t.Error(err)
	}
}

// Quirk 50: a refresh by another grant, with a token under another name, needs two short functions.
func TestOAuth2_RefreshOfAnotherKind(t *testing.T) {
	s := &scripted{statuses: []int{200}, bodies: []string{`{"access_token":"fresh"}`}}
	o := right()
	o.HTTPClient, o.Endpoints.UserInfo, o.AuthMethod = &http.Client{Transport: s}, "",
		"client_secret_post"
	o.Dialect.EditRequest = func(params url.Values) {
		if params.Get("grant_type") == "refresh_token" {
			params.Set("grant_type", "fb_exchange_token")
			params.Set("fb_exchange_token", params.Get("refresh_token"))
			params.Del("refresh_token")
		}
	}
	old := &session.Session{User: session.User{Issuer: "https://op.example", Subject: "1",
		Name: "Alice"}}
	old.SetTokens(session.Tokens{AccessToken: "acc", RefreshToken: "acc", Scopes: []string{"x"}})
	renewed, err := o.Refresh(t.Context(), old, func(*session.Session) {})
	if err != nil {
		t.Fatal(err)
	}
	if want := "POST https://op.example/t  " +
		"client_id=id&client_secret=hush&fb_exchange_token=acc&grant_type=fb_exchange_token"; len(
		s.seen) != 1 || s.seen[0] != want {
		t.Errorf("%q, want %q", s.seen, want)
	}
	tokens, err := renewed.Tokens()
	if err != nil || tokens.AccessToken != "fresh" || tokens.RefreshToken != "acc" ||
		len(tokens.Scopes) != 1 || renewed.User.Name != "Alice" {
		t.Errorf("%+v, %v", renewed.User, err)
	}
	old.SetTokens(session.Tokens{AccessToken: "acc"})
	_, err = o.Refresh(t.Context(), old, func(*session.Session) {})
	if !errors.Is(err, errNoRefreshToken) {
		t.Errorf("without a refresh token: %v", err)
	}
}

// An ID token in the response is not kept, because it is not verified. Without scopes the parameter
// is omitted.
func TestOAuth2_NothingThatWasNotAskedFor(t *testing.T) {
	o := right()
	o.HTTPClient = &http.Client{Transport: &scripted{statuses: []int{200, 200},
		bodies: []string{`{"access_token":"a","id_token":"not.looked.at"}`, `{"id":1}`}}}
	f := &Flow{}
	address, err := o.Begin(t.Context(), f)
	if u, parseErr := url.Parse(address); err != nil || parseErr != nil || u.Query().Has("scope") {
		t.Errorf("%s, %v, %v", address, err, parseErr)
	}
	s, err := o.Finish(t.Context(), f, url.Values{"state": {f.State}, "code": {"c"}})
	if err != nil {
		t.Fatal(err)
	}
	if tokens, err := s.Tokens(); err != nil || tokens.IDToken != "" || tokens.AccessToken != "a" {
		t.Errorf("ID token %q, %v", tokens.IDToken, err)
	}
}

// R61, R134: no redirect is followed, even with methods that net/http would follow, no request is
// repeated, and no error contains a secret that the provider repeats.
func TestOAuth2_R61_NoRedirectNoRetry(t *testing.T) {
	inThePath := func(r *http.Request, t session.Tokens, _ Profile) error {
		r.URL = r.URL.JoinPath(t.AccessToken)
		return nil
	}
	for _, method := range []string{"POST", "PUT", "GET"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for at := range 4 { // the token endpoint, the profile, the refresh, the revocation
				o := right()
				o.Dialect.Method, o.RefreshURL, o.Endpoints.Revocation, o.PrepareAPI = method,
					"https://op.example/refresh", "https://op.example/revoke", inThePath
				seen, want := 0, 1
				if at == 1 {
					want = 2
				}
				o.HTTPClient = &http.Client{
					Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						seen++
						if r.URL.Host == "evil.example" {
							t.Errorf("%s, %d: a request to the other server", method, status)
						}
						if at == 1 && seen == 1 {
							return &http.Response{StatusCode: 200,
								Header: http.Header{"Content-Type": {"application/json"}},
								Body: io.NopCloser(
									strings.NewReader(`{"access_token":"t0ken-t0ken"}`)),
								Request: r}, nil
						}
						return &http.Response{StatusCode: status,
							Header: http.Header{"Location": {"https://evil.example/"}},
							Body:   http.NoBody, Request: r}, nil
					})}
				var err error
				switch s := new(session.Session); at {
				case 0, 1:
					_, err = o.Finish(t.Context(), &Flow{State: "s"},
						url.Values{"state": {"s"}, "code": {"c0de-c0de"}})
				case 2:
					s.SetTokens(session.Tokens{RefreshToken: "c0de-c0de"})
					_, err = o.Refresh(t.Context(), s, func(*session.Session) {})
				case 3:
					err = o.Revoke(t.Context(), session.Tokens{RefreshToken: "c0de-c0de"})
				}
				if !errors.Is(err, errNoRedirect) || strings.Contains(err.Error(), "c0de") ||
					strings.Contains(err.Error(), "t0ken") || seen != want {
					t.Errorf("%s, %d, %d: %v after %d requests", method, status, at, err, seen)
				}
			}
		}
	}
}

func TestOAuth2_R134_WhatProvidersRepeat(t *testing.T) {
	const secret = "s3cret s3cret+"
	for _, echoed := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret),
		"c0de-c0de", "v3rifier", "st4te", base64.StdEncoding.EncodeToString([]byte("id:" + secret)),
		base64.StdEncoding.EncodeToString([]byte("id:" + url.QueryEscape(secret)))} {
		body, _ := json.Marshal(map[string]string{"error": "invalid_client",
			"error_description": "you sent <" + echoed + ">"})
		o := right()
		o.ClientSecret, o.HTTPClient = secret,
			&http.Client{Transport: &scripted{statuses: []int{401}, bodies: []string{string(body)}}}
		_, err := o.Finish(t.Context(), &Flow{State: "st4te", Verifier: "v3rifier"},
			url.Values{"state": {"st4te"}, "code": {"c0de-c0de"}})
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "invalid_client" ||
			e.Description != "you sent <[redacted]>" {
			t.Errorf("%s: %v", echoed, err)
		}
	}
}

// R109: the failures of a refresh that end the session, and those that are temporary.
func TestOAuth2_R109_RefreshFailures(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		body   string
		want   Fault // empty: unavailable
	}{
		"spent":                   {400, `{"error":"invalid_grant"}`, FaultRefresh},
		"final error with a 500":  {500, `{"error":"invalid_grant"}`, ""}, // F14: final is 4xx
		"the client is invalid":   {401, `{"error":"invalid_client"}`, faultToken},
		"no error code":           {400, `{}`, faultToken},
		"an error of the server":  {500, `{"error":"server_error"}`, ""},
		"unavailable":             {503, ``, ""},
		"too many, with an error": {429, `{"error":"slow_down"}`, ""},
		"too many, without one":   {429, ``, ""},
	} {
		o, s := right(), new(session.Session)
		s.SetTokens(session.Tokens{RefreshToken: "r"})
		o.HTTPClient = &http.Client{Transport: &scripted{statuses: []int{row.status},
			bodies: []string{row.body}}}
		_, err := o.Refresh(t.Context(), s, func(*session.Session) {})
		e, ok := errors.AsType[*Error](err)
		if errors.Is(err, ErrUnavailable) != (row.want == "") || row.want != "" &&
			(!ok || e.Fault != row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

// PrepareAPI must not send the token to a URL that the configuration would not permit, and errors
// do not contain the URL that it sets.
func TestOAuth2_PrepareAPI(t *testing.T) {
	for name, prepare := range map[string]func(*http.Request, session.Tokens, Profile) error{
		"http": func(r *http.Request, _ session.Tokens, _ Profile) error {
			r.URL.Scheme = "http"
			return nil
		},
		"no host": func(r *http.Request, _ session.Tokens, _ Profile) error {
			r.URL.Host = ""
			return nil
		},
		"an error": func(*http.Request, session.Tokens, Profile) error {
			return errors.New("broken")
		},
		"in the path": func(r *http.Request, s session.Tokens, _ Profile) error {
			r.URL.Path = "/" + s.AccessToken
			return nil
		},
	} {
		s, o := &scripted{statuses: []int{200, 418},
			bodies: []string{`{"access_token":"hush-hush"}`, `{"x":"hush-hush"}`}}, right()
		o.HTTPClient, o.PrepareAPI = &http.Client{Transport: s}, prepare
		_, err := o.Finish(t.Context(), &Flow{State: "s"},
			url.Values{"state": {"s"}, "code": {"c"}})
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Fault != FaultUserInfo || strings.Contains(err.Error(), "hush-hush") ||
			len(s.seen) > 2 || len(s.seen) == 2 && name != "in the path" {
			t.Errorf("%s: %v after %q", name, err, s.seen)
		}
		if name == "in the path" && !strings.Contains(err.Error(),
			"https://api.op.example/user: status 418") {
			t.Errorf("%s: %v does not name the endpoint", name, err)
		}
	}
}

// Parameters of the callback are read only if configured, short and not repeated.
func TestOAuth2_CallbackParams(t *testing.T) {
	for name, row := range map[string]struct {
		callback url.Values
		check    error
		sent     bool
	}{
		"right":   {url.Values{"device_id": {"d"}}, nil, true},
		"missing": {url.Values{}, nil, true},
		"twice":   {url.Values{"device_id": {"d", "d"}}, nil, false},
		"too long": {url.Values{"device_id": {strings.Repeat("d", maxCallbackParam+1)}},
			nil, false},
		"refused":     {url.Values{"device_id": {"d"}}, errors.New("no"), false},
		"in an error": {url.Values{"device_id": {"d"}, "error": {"access_denied"}}, nil, false},
	} {
		s, o := &scripted{statuses: []int{400}}, right()
		o.HTTPClient, o.CallbackParams, o.CheckCallback = &http.Client{Transport: s},
			[]string{"device_id"}, func(url.Values) error {
				return row.check
			}
		row.callback.Set("state", "s")
		row.callback.Set("code", "c")
		row.callback.Set("planted", "p")
		_, err := o.Finish(t.Context(), &Flow{State: "s"}, row.callback)
		e, ok := errors.AsType[*Error](err)
		if !ok || (len(s.seen) == 1) != row.sent || (e.Fault == faultToken) != row.sent ||
			strings.Contains(strings.Join(s.seen, ""), "planted") {
			t.Errorf("%s: %v after %q", name, err, s.seen)
		}
		if row.sent && strings.Contains(s.seen[0], "device_id=d") != row.callback.Has("device_id") {
			t.Errorf("%s: the token request was %s", name, s.seen[0])
		}
	}
}

// Header is sent with API requests that do not set the same field; the token is sent as configured.
func TestOAuth2_Client(t *testing.T) {
	for name, row := range map[string]struct {
		header, scheme string
		want           http.Header
	}{
		"default": {"", "", http.Header{"Authorization": {"Bearer t"}}},
		"scheme":  {"", "OAuth", http.Header{"Authorization": {"OAuth t"}}},
		"header":  {"x-access-token", "", http.Header{"X-Access-Token": {"t"}}},
		"header and scheme": {"x-access-token", "Token",
			http.Header{"X-Access-Token": {"Token t"}}},
		"alone in the header": {"Authorization", "", http.Header{"Authorization": {"t"}}},
	} {
		var got http.Header
		o := right()
		o.APIBase, o.TokenHeader, o.TokenScheme = "https://api.op.example/v1", row.header,
			row.scheme
		o.Header = http.Header{"notion-version": {"1"}, "Accept": {"application/vnd.x+json"}}
		o.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response,
			error) {
			got = r.Header
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}
		req, _ := http.NewRequest(http.MethodGet, "things", nil)
		req.Header.Set("Notion-Version", "2")
		req.Header.Set("Authorization", "mine")
		if _, err := o.Client(t.Context(), session.Tokens{AccessToken: "t"}).Do(req); err != nil {
			t.Fatal(err)
		}
		for field, want := range row.want {
			if got.Get(field) != want[0] {
				t.Errorf("%s: %s is %q, want %q", name, field, got.Get(field), want[0])
			}
		}
		if got.Get("Notion-Version") != "2" || got.Get("Accept") != "application/vnd.x+json" ||
			req.Header.Get("Authorization") != "mine" {
			t.Errorf("%s: sent %v, and the caller's request has %v", name, got, req.Header)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// R15, R16, R152: the token endpoint gets a request only for a successful response for this flow,
// with parameters of this flow only.
func FuzzOAuth2Callback(f *testing.F) {
	for _, seed := range []string{
		"code=c&state=STATE", "code=c", "state=STATE", "code=c&state=STATE&access_token=t",
		"error=access_denied&state=STATE", "code=c&code=d&state=STATE",
		"code=c&state=STATE&iss=https%3A%2F%2Fop.example", "code=c&state=STATE&iss=x",
		"code=c&state=STATE&error=x", "code=c&state=STATE&device_id=d&device_id=e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		o := right()
		o.CallbackParams = []string{"device_id"}
		o.HTTPClient = refusing(func() {
			if params.Get("state") != "STATE" || len(params["state"]) != 1 || params.Has("iss") &&
				params.Get("iss") != "https://op.example" || params.Get("code") == "" ||
				params.Has("error") ||
				params.Has("id_token") || params.Has("access_token") || params.Has("response") ||
				len(params["code"]) != 1 || len(params["device_id"]) > 1 {
				t.Errorf("%q reached the token endpoint", query)
			}
		})
		_, err = o.Finish(t.Context(), &Flow{State: "STATE", Verifier: "V",
			Issuer: "https://op.example"}, params)
		refusedCleanly(t, query, err)
	})
}
