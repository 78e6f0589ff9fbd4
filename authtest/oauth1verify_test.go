package authtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/oauth1"
)

func TestParseAuthorization(t *testing.T) {
	for header, want := range map[string]map[string]string{
		`OAuth oauth_token="a%20b"`: {"oauth_token": "a b"},
		`oauth  oauth_token="a+b",oauth_nonce="n"`: {"oauth_token": "a+b",
			"oauth_nonce": "n"},
		`OAuth realm="a, \"b\" %zz", oauth_token="t"`:          {"oauth_token": "t"},
		`OAuth realm="Photos",` + "\t" + ` oauth%5Ftoken="t" `: {"oauth_token": "t"},
		`OAuth oauth_token=""`:                                 {"oauth_token": ""},
	} {
		if got, ok := parseAuthorization(header); !ok || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", header, got, ok, want)
		}
	}
	for _, header := range []string{
		"", "OAuth", "Bearer t", "Basic OAuth", `OAuthoauth_token="t"`, `OAuth oauth_token=t`,
		`OAuth oauth_token="t`, `OAuth oauth_token="t" oauth_nonce="n"`,
		`OAuth oauth_token="t", oauth_token="t"`, `OAuth oauth_token="t", oauth%5Ftoken="u"`,
		`OAuth oauth_token="%zz"`, `OAuth ="t"`, `OAuth realm="a", realm="b"`,
		"OAuth oauth_token=\"a\nb\"", `OAuth oauth_token="a"b"`, `OAuth ,oauth_token="t"`,
	} {
		if got, ok := parseAuthorization(header); ok {
			t.Errorf("%q is read as %v", header, got)
		}
	}
}

// What is read from a header and written again is the same, and no name is duplicated.
func FuzzParseAuthorization(f *testing.F) {
	for _, seed := range []string{
		`OAuth oauth_token="a%20b"`, `OAuth realm="a, \"b\"", oauth_token="t", oauth_nonce="n"`,
		`OAuth a="1", a="2"`, `OAuth a%3D="%22"`, "OAuth ", `oauth a=""`, `OAuth realm="x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		params, ok := parseAuthorization(header)
		if !ok {
			return
		}
		var parts []string
		for name, value := range params {
			parts = append(parts, percent(name)+`="`+percent(value)+`"`)
		}
		if len(parts) == 0 {
			return
		}
		again, ok := parseAuthorization("OAuth " + strings.Join(parts, ", "))
		if !ok || !maps.Equal(params, again) {
			t.Errorf("%q is %v, and written again %v, %v", header, params, again, ok)
		}
	})
}

// The base string of RFC 5849 section 3.4.1.1.
func TestSignatureBase_OfTheRFC(t *testing.T) {
	r := httptest.NewRequest(
		"POST", "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
		strings.NewReader("c2&a3=2+q"),
	)
	r.RequestURI = r.URL.RequestURI() // as it comes over the wire
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	protocol, ok := parseAuthorization(
		`OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", ` +
			`oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"`,
	)
	if !ok {
		t.Fatal("the header cannot be read")
	}
	want := "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D" +
		"%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1" +
		"%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	if got, ok := signatureBase(r, r.TLS != nil, protocol); !ok || got != want {
		t.Errorf("base string\n%s, want\n%s", got, want)
	}
}

// overTheWire is a request as a server reads it.
func overTheWire(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Skip(err)
	}
	received, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Skip(err) // net/http writes some things that it does not read
	}
	if r.URL.Scheme == "https" {
		received.TLS = &tls.ConnectionState{}
	}
	received.ParseForm()
	return received
}

func signedBy(method string) *oauth1.Signer {
	return &oauth1.Signer{
		ConsumerKey:    ClientID,
		ConsumerSecret: ClientSecret,
		PrivateKey:     ClientKey(),
		Method:         method,
		Token:          "t k&n",
		TokenSecret:    "s+c%ret",
		Realm:          `a "realm", with "commas"`,
	}
}

func secretOf(token string) (string, bool) { return "s+c%ret", token == "t k&n" }

// R154: the two implementations, written apart, agree about every request that can be signed.
func FuzzSignature(f *testing.F) {
	f.Add("GET", "/photos", "file=vacation.jpg&size=original", "", uint8(0))
	f.Add("POST", "/r%20v/X", "b5=%3D%253D&a3=a&c%40=&a2=r%20b", "c2&a3=2+q", uint8(1))
	f.Add("DELETE", "", "a&a=&=&&x==", "%C3%BC=%E2%98%83&a=~!*'()", uint8(2))
	f.Add("PUT", "//a/../b;v=1", "a=1&a=0&a+b=1&a%20b=0&a%2Bb", "=", uint8(3))
	f.Add("PATCH", "/%2F%e4", "%00=%FF", "a=%26%3D%25", uint8(0))
	p := newProvider(nil)
	f.Fuzz(func(t *testing.T, method, path, query, form string, way uint8) {
		u, err := url.Parse("https://API.example.com:443" + path)
		if err != nil || u.Host != "API.example.com:443" ||
			// about ';' servers do not agree, and ours has none of it
			strings.Contains(query+form, ";") {
			return
		}
		u.RawQuery = query
		r, err := http.NewRequest(method, u.String(), strings.NewReader(form))
		if err != nil || method == "CONNECT" {
			return
		}
		if form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if signedBy(oauth1.Methods()[way%4]).Sign(r) != nil {
			return
		}
		if _, problem := p.verify(overTheWire(t, r), secretOf); problem != "" {
			t.Errorf("%s %s with %q: %s", method, u, form, problem)
		}
	})
}

// A signature covers all that it has to: whatever is changed on the way makes it wrong.
func TestVerify_NoticesEveryChange(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	changes := map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"nothing": {func(*http.Request) {}, ""},
		"method":  {func(r *http.Request) { r.Method = "PUT" }, "signature_invalid"},
		"host": {
			func(r *http.Request) { r.Host = "other.example.com" },
			"signature_invalid",
		},
		"port":       {func(r *http.Request) { r.Host += ":8443" }, "signature_invalid"},
		"usual port": {func(r *http.Request) { r.Host += ":443" }, ""},
		"scheme":     {func(r *http.Request) { r.TLS = nil }, "signature_invalid"},
		"path": {
			func(r *http.Request) { r.RequestURI = "/Photos?a=1" },
			"signature_invalid",
		},
		"query": {func(r *http.Request) { r.URL.RawQuery = "a=2" }, "signature_invalid"},
		"more query": {
			func(r *http.Request) { r.URL.RawQuery = "a=1&a=1" },
			"signature_invalid",
		},
		"query, written": {func(r *http.Request) { r.URL.RawQuery = "%61=%31" }, ""},
		"form": {
			func(r *http.Request) { r.PostForm.Set("b", "1") },
			"signature_invalid",
		},
		"form to query": {
			func(r *http.Request) { r.PostForm.Del("b"); r.URL.RawQuery += "&b=2" },
			"", // as RFC 5849 has it
		},
		"token":           {header("oauth_token", "other"), "token_rejected"},
		"client":          {header("oauth_consumer_key", "other"), "consumer_key_unknown"},
		"nonce":           {header("oauth_nonce", "other"), "signature_invalid"},
		"timestamp":       {header("oauth_timestamp", "1"), "signature_invalid"},
		"version":         {header("oauth_version", "2.0"), "version_rejected"},
		"other method":    {header("oauth_signature_method", "HMAC-SHA256"), "signature_invalid"},
		"unknown method":  {header("oauth_signature_method", "none"), "signature_invalid"},
		"signature":       {header("oauth_signature", "AAAA"), "signature_invalid"},
		"no base64":       {header("oauth_signature", "-"), "signature_invalid"},
		"empty signature": {header("oauth_signature", ""), "parameter_absent"},
		"one more": {
			func(r *http.Request) {
				r.Header.Set("Authorization", r.Header.Get("Authorization")+`, x="1"`)
			},
			"signature_invalid",
		},
		"in two places": {
			func(r *http.Request) { r.URL.RawQuery += "&oauth_token=t" },
			"parameter_rejected",
		},
		"broken query": {
			func(r *http.Request) { r.URL.RawQuery = "a=%zz" },
			"parameter_rejected",
		},
		"no header": {
			func(r *http.Request) { r.Header.Del("Authorization") },
			"parameter_rejected",
		},
	}
	for name, row := range changes {
		p := newProvider(nil)
		r, err := http.NewRequest(
			"POST", "https://api.example.com/photos?a=1", strings.NewReader("b=2"),
		)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", form)
		if err := signedBy("HMAC-SHA1").Sign(r); err != nil {
			t.Fatal(err)
		}
		received := overTheWire(t, r)
		row.change(received)
		if _, problem := p.verify(received, secretOf); problem != row.want {
			t.Errorf("%s: %q, want %q", name, problem, row.want)
		}
	}
}

// header sets a parameter of the Authorization header.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		params, _ := parseAuthorization(r.Header.Get("Authorization"))
		params[name] = value
		var parts []string
		for name, value := range params {
			parts = append(parts, percent(name)+`="`+percent(value)+`"`)
		}
		r.Header.Set("Authorization", "OAuth "+strings.Join(parts, ", "))
	}
}

// R154: a request is good once, and for a few minutes.
func TestVerify_Replay(t *testing.T) {
	for _, method := range oauth1.Methods() {
		now := time.Now()
		p := newProvider(nil)
		p.SetNow(func() time.Time { return now })
		signer := signedBy(method)
		signer.Now = func() time.Time { return now }
		send := func(age time.Duration) string {
			r, err := http.NewRequest("GET", "https://api.example.com/", nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := signer.Sign(r); err != nil {
				t.Fatal(err)
			}
			now = now.Add(age)
			_, problem := p.verify(overTheWire(t, r), secretOf)
			if age == 0 && problem == "" {
				_, problem = p.verify(overTheWire(t, r), secretOf)
			}
			return problem
		}
		if got := send(0); got != "nonce_used" {
			t.Errorf("%s: twice: %q", method, got)
		}
		for age, want := range map[time.Duration]string{4 * time.Minute: "", -4 * time.Minute: "",
			6 * time.Minute: "timestamp_refused", -6 * time.Minute: "timestamp_refused"} {
			if got := send(age); got != want {
				t.Errorf("%s: after %v: %q, want %q", method, age, got, want)
			}
		}
	}
}
