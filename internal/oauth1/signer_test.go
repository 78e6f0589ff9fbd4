package oauth1

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func testSigner() *Signer {
	return &Signer{ConsumerKey: "key", ConsumerSecret: "consumer secret", Token: "t0ken",
		TokenSecret: "token secret", Method: HMACSHA1}
}

func TestSigner_Header(t *testing.T) {
	s := testSigner()
	s.Realm = `a "b" \c`
	s.Now, s.Nonce = func() time.Time {
		return time.Unix(1700000000, 5)
	}, func() string { return "n0nce" }
	r := newRequest(t, "GET", "https://api.example.com/", "")
	if err := s.Sign(r, Param{"oauth_callback",
		"https://app.example.com/cb?state=a b"}); err != nil {
		t.Fatal(err)
	}
	want := `OAuth realm="a \"b\" \\c", oauth_consumer_key="key", oauth_nonce="n0nce", oauth_signature_method="HMAC-SHA1", ` +
		`oauth_timestamp="1700000000", oauth_version="1.0", oauth_token="t0ken", oauth_callback="https%3A%2F%2Fapp.example.com%2Fcb%3Fstate%3Da%20b", oauth_signature="`
	if got := r.Header.Get("Authorization"); !strings.HasPrefix(got, want) {
		t.Errorf("header\n%s, want\n%s", got, want)
	}
	s.Realm, s.Token = "", ""
	if err := s.Sign(r); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Authorization"); strings.Contains(got, "realm") ||
		strings.Contains(got, "oauth_token=") {
		t.Errorf("without realm and token: %s", got)
	}
}

// The realm is sent and not signed (RFC 5849 section 3.4.1.3.1).
func TestSigner_RealmIsNotSigned(t *testing.T) {
	s := testSigner()
	s.Now, s.Nonce = time.Now, func() string { return "n" }
	var signatures []string
	for _, s.Realm = range []string{"", "Photos"} {
		r := newRequest(t, "GET", "https://api.example.com/", "")
		if err := s.Sign(r); err != nil {
			t.Fatal(err)
		}
		_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "oauth_signature=")
		signatures = append(signatures, signature)
	}
	if signatures[0] != signatures[1] {
		t.Errorf("the realm changes the signature: %v", signatures)
	}
}

// R154: nonces are unique and have at least 128 random bits.
func TestSigner_R154_Nonces(t *testing.T) {
	s, seen := testSigner(), map[string]bool{}
	nonce := regexp.MustCompile(`oauth_nonce="([^"]+)"`)
	for range 1000 {
		r := newRequest(t, "GET", "https://api.example.com/", "")
		if err := s.Sign(r); err != nil {
			t.Fatal(err)
		}
		m := nonce.FindStringSubmatch(r.Header.Get("Authorization"))
		if m == nil || len(m[1]) < 26 || seen[m[1]] { // 26 characters of base32
			t.Fatalf("nonce %v in %s", m, r.Header.Get("Authorization"))
		}
		seen[m[1]] = true
	}
}

func TestSigner_Errors(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		address, form string
		change        func(*Signer, *http.Request)
		want          string
	}{
		"relative": {address: "/me", want: "absolute"},
		"method": {address: "https://a.example/", change: func(s *Signer, _ *http.Request) {
			s.Method = "HMAC-MD5"
		}, want: "HMAC-MD5"},
		"no method": {address: "https://a.example/", change: func(s *Signer, _ *http.Request) {
			s.Method = ""
		}, want: "signature method"},
		"RSA without a key": {address: "https://a.example/",
			change: func(s *Signer, _ *http.Request) {
				s.Method = RSASHA1
			}, want: "private key"},
		"RSA with an EC key": {address: "https://a.example/",
			change: func(s *Signer, _ *http.Request) {
				s.Method, s.PrivateKey = RSASHA1, curve
			}, want: "RSA key"},
		"PLAINTEXT over http": {address: "http://a.example/",
			change: func(s *Signer, _ *http.Request) {
				s.Method = Plaintext
			}, want: "requires https"},
		"broken query":       {address: "https://a.example/?a=%zz", want: "'%'"},
		"broken form":        {address: "https://a.example/", form: "a=100%", want: "'%'"},
		"token in the query": {address: "https://a.example/?oauth_token=x", want: "oauth_token"},
		"nonce in the form": {address: "https://a.example/", form: "a=1&oauth%5Fnonce=x",
			want: "oauth_nonce"},
		"unreadable form": {address: "https://a.example/", form: "a=1",
			change: func(_ *Signer, r *http.Request) {
				r.Body = io.NopCloser(iotest.ErrReader(errors.New("broken pipe")))
			}, want: "broken pipe"},
		"endless form": {address: "https://a.example/", form: "a=1",
			change: func(_ *Signer, r *http.Request) {
				r.Body = io.NopCloser(endless{})
			}, want: "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := testSigner(), newRequest(t, "POST", row.address, row.form)
			if row.change != nil {
				row.change(s, r)
			}
			err := s.Sign(r)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("error %v, want one about %q", err, row.want)
			}
			if r.Header.Get("Authorization") != "" {
				t.Error("the Authorization header is set despite the error")
			}
			for _, secret := range []string{"consumer secret", "token secret", "t0ken"} { // R134
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error contains %q: %v", secret, err)
				}
			}
		})
	}
}

type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) { return len(p), nil }

// PLAINTEXT is allowed over https and to loopback addresses.
func TestSigner_PlaintextOnLoopback(t *testing.T) {
	for _, address := range []string{"http://127.0.0.1:8080/", "http://localhost/",
		"http://[::1]:1/", "https://api.example.com/"} {
		s := testSigner()
		s.Method = Plaintext
		r := newRequest(t, "GET", address, "")
		if err := s.Sign(r); err != nil || !strings.Contains(r.Header.Get("Authorization"),
			`oauth_signature="consumer%2520secret%26token%2520secret"`) {
			t.Errorf("%s: %v, %s", address, err, r.Header.Get("Authorization"))
		}
	}
}

// R134: a Signer never prints its secrets, alone or inside another value.
func TestSigner_R134_NeverPrints(t *testing.T) {
	s := testSigner()
	s.PrivateKey = testKey(t)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "signer", s)
	raw, err := json.Marshal(map[string]any{"signer": s, "transport": &Transport{Signer: s}})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &Transport{Signer: s}}
	for _, text := range []string{
		fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s),
		fmt.Sprintf("%v", []*Signer{s}), string(raw), log.String(),
		fmt.Sprintf("%+v", client), fmt.Sprintf("%+v", &Transport{Signer: s}),
		fmt.Sprintf("%#v", Transport{Signer: s}),
	} {
		for _, secret := range []string{"secret", "t0ken", s.ConsumerKey + "\""} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
}
