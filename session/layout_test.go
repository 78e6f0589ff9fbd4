package session

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func full() *Session {
	s := alice()
	s.ID, s.Created, s.Seen, s.Expires, s.Generation = "AAAAAAAAAAAAAAAAAAAAAA", start,
		start.Add(time.Minute), start.Add(time.Hour), 1<<63+5
	return s
}

func encoded(t testing.TB, s *Session, m manifest) []byte {
	t.Helper()
	plain, err := encodeIdentity(s, m, s.details.claims)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestLayout_RoundTrip(t *testing.T) {
	for name, s := range map[string]*Session{"full": full(), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			want := manifest{chunks: 3, length: 12345, sum: 0xfedcba98}
			var got Session
			part, ok := decodeIdentity(encoded(t, s, want), &got, nil)
			if !ok || part.manifest != want {
				t.Fatalf("%+v, %v", part, ok)
			}
			same(t, &got, s)
		})
	}
}

func TestLayout_R160_RejectsMalformedInput(t *testing.T) {
	good := string(encoded(t, full(), manifest{}))
	for i := range good {
		if _, ok := decodeIdentity([]byte(good[:i]), new(Session), nil); ok {
			t.Errorf("it decodes after truncation to %d bytes", i)
		}
	}
	for _, bad := range []string{good + "\x00", "\x04" + good[1:],
		"\x01\x00" + strings.Repeat("\xff", 40), ""} {
		if _, ok := decodeIdentity([]byte(bad), new(Session), nil); ok {
			t.Errorf("%.20q decodes", bad)
		}
	}
}

func TestPack_RoundTrip(t *testing.T) {
	for _, text := range []string{"", ".", "..", "a", "ab.cd.ef", "abcd", "abcde", jwt(realClaims),
		"with space.and+plus/", "öäü",
		"abcd\nefg", "abcd=", "\x00\xff", strings.Repeat("A", 10000), strings.Repeat(".", 100),
		randomText(1023) + "." + randomText(1025)} {
		var w writer
		w.packed(text)
		var out strings.Builder
		r := newReader(string(w.b))
		if r.unpack(&out, true); !r.done() || out.String() != text {
			t.Errorf("%.20q decodes as %.20q", text, out.String())
		}
	}
	var w writer
	if token := jwt(realClaims); true {
		if w.packed(token); len(w.b) > len(token)*66/100 {
			t.Errorf("a JWT of %d bytes is packed into %d", len(token), len(w.b))
		}
	}
}

func FuzzLayout(f *testing.F) {
	f.Add(string(encoded(f, full(), manifest{chunks: 1, length: 9})))
	f.Add(string(encoded(f, &Session{}, manifest{})))
	f.Add(string(encoded(f, realSession(false), manifest{})))
	details := realSession(true)
	plain, _ := encodeDetails(details)
	f.Add(string(plain))
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Session
		if part, ok := decodeIdentity([]byte(text), &s, nil); ok {
			// Encoding and decoding again changes nothing.
			one := encoded(t, &s, part.manifest)
			if _, ok := decodeIdentity(one, &again, nil); !ok ||
				!bytes.Equal(one, encoded(t, &again, part.manifest)) {
				t.Fatal("not stable")
			}
		}
		r := newReader(text)
		r.details(&s)
	})
}

// R160: values sealed by older releases still open, with the same content. Nonces are random, so
// the golden files cannot be reproduced byte by byte; a new format gets new files beside the old
// ones.
func TestGolden_R160_Formats(t *testing.T) {
	b := newBench(t, nil)
	for _, row := range []struct {
		name   string
		chunks int
	}{{"v1-small", 1}, {"v1-chunks", 3}, {"v2-small", 1}, {"v2-chunks", 3}, {"v3-small", 1},
		{"v3-chunks", 3}} {
		s := b.loadGolden(row.name, row.chunks)
		want := goldenSession(row.chunks)
		want.ID, want.Created, want.Proven, want.Seen, want.Expires, want.Generation = s.ID, start,
			start, start, start.Add(7*24*time.Hour), 1
		if strings.HasPrefix(row.name, "v1") {
			want.Epoch, want.Issued, want.Device = 0, time.Time{}, "" // not in this format
		}
		same(t, s, want)
		tokens, err := s.Tokens()
		wantTokens, _ := want.Tokens()
		if err != nil || tokens.AccessToken != wantTokens.AccessToken || len(tokens.Scopes) != 2 {
			t.Errorf("%s: tokens differ: %v", row.name, err)
		}
		var claims map[string]any
		if err := s.Claims(&claims); err != nil || claims["dept"] != "x" ||
			claims["sub"] != s.User.Subject {
			t.Errorf("%s: claims %v, %v", row.name, claims, err)
		}
	}
}

// loadGolden opens a golden cookie. UPDATE_GOLDEN creates missing ones.
func (b *bench) loadGolden(name string, chunks int) *Session {
	b.t.Helper()
	path := filepath.Join("testdata", name+".cookie")
	header, err := os.ReadFile(path)
	if os.IsNotExist(err) && os.Getenv("UPDATE_GOLDEN") != "" {
		b.cookies = map[string]string{}
		b.signIn(goldenSession(chunks))
		header = []byte(b.request().Header.Get("Cookie"))
		err = os.WriteFile(path, header, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r := b.request()
	r.Header.Set("Cookie", string(header))
	s, err := b.Load(r)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	return s
}

func goldenSession(chunks int) *Session {
	s := alice()
	s.SetTokens(Tokens{AccessToken: strings.Repeat("a!b.", 800*(chunks-1)+10), TokenType: "Bearer",
		RefreshToken: "refresh",
		IDToken:      "eyJh.eyJz.c2ln", Scopes: []string{"openid", "email"},
		Expiry: start.Add(time.Hour)})
	if err := s.SetClaims([]byte(
		`{"sub":"110169484474386276334","aud":"me","dept":"x"}`)); err != nil {
		panic(err)
	}
	return s
}

// Our codec matches the standard one, except that it rejects line breaks.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("abc"))
	f.Add([]byte("AAAAAAAAAAAAAAAAAAAA"))
	f.Add([]byte("AAAAAAAA+AAA\nAAA____"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		all := raw
		raw = raw[:len(raw)/3*3]
		var out strings.Builder
		encodeInto(&out, string(raw))
		if want := base64.RawURLEncoding.EncodeToString(raw); out.String() != want {
			t.Errorf("%x becomes %q, want %q", raw, out.String(), want)
		}
		if back := make([]byte, len(raw)); !decodeText(back, out.String()) ||
			!bytes.Equal(back, raw) {
			t.Errorf("%q becomes %x, want %x", out.String(), back, raw)
		}
		text := string(all)
		want, err := strictText.DecodeString(text)
		got := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)))
		if ok := decodeText(got, text); ok != (err == nil && len(want) == len(got) &&
			!strings.ContainsAny(text, "\r\n")) || ok && !bytes.Equal(got, want) {
			t.Errorf("%q becomes %x, %v; want %x, %v", text, got, ok, want, err)
		}
	})
}
