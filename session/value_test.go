package session

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// newReader returns a reader of a writer's output that records all known texts.
func newReader(in string) *reader {
	return &reader{in: in, origin: unix(start), known: knownTexts{texts: []string{}}}
}

func TestText_RoundTrip(t *testing.T) {
	texts := []string{"", "a", "ab", "ab", "iss", "alice@example.com", "alice@example.com", "0",
		"12", "123456", "1234567", "110169484474386276334",
		strings.Repeat("7", 40), strings.Repeat("7", 41), "f3a1c5de-6b1f-4c57-9f0e-2d1b7c8a9e10",
		"F3A1C5DE-6B1F-4C57-9F0E-2D1B7C8A9E10",
		"f3a1c5de-6b1f-4c57-9f0e-2d1b7c8a9e1", "https://", "https://id.example.com",
		"https://f3a1c5de-6b1f-4c57-9f0e-2d1b7c8a9e10", "abcdefghijkl", "abcdefghijklm",
		randomText(22), randomText(500), "line\nbreakslinebreaks", "öäü \x00",
		strings.Repeat("long ", 100), strings.Repeat("long ", 100)}
	for i := range 300 {
		texts = append(texts, fmt.Sprint("text ", i), fmt.Sprint("text ", i/2))
	}
	w := &writer{}
	w.texts(texts)
	r := newReader(string(w.b))
	got := r.texts()
	if !r.done() || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", texts) {
		t.Errorf("\n got %q\nwant %q", got, texts)
	}
	// In an identity, only the places of the first texts are recorded.
	s := full()
	s.User.Roles = texts
	var loaded Session
	if _, ok := decodeIdentity(encoded(t, s, manifest{}), &loaded, nil); !ok {
		t.Fatal("does not decode")
	}
	same(t, &loaded, s)
}

func TestText_RejectsMalformedInput(t *testing.T) {
	for _, bad := range []string{"", "\x05abc", "\xe0\xff", "\xe1", "\xe1\xff\xff\x7f", "\xe2short",
		"\xe3\x04\x64\x00", "\xe3\xff\x7f", "\xe4\x7fabc", "\xe5\xe5\x00", "\xe6", "\xdf"} {
		r := newReader(bad)
		if r.text(); r.done() {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestValue_RoundTrip(t *testing.T) {
	for raw, smaller := range map[string]bool{
		`{}`: false, `[]`: false, `""`: false, `null`: true, `[true,false,null]`: true,
		`{"a":{"b":[[],{}]}}`: true,
		`{"iss":"https://id.example.com","groups":["a","b"]}`:                      true,
		`[0,1,-1,1.5,1e3,9007199254740991,9007199254740992,123456789012345678901]`: false,
		`[1772366400,1772370000,1771000000]`:                                       true,
		`"\u00e4\n\"x"`:                                                            false,
		`{"n":"ä","m":"<&>"}`:                                                      true,
		`"` + randomText(400) + `"`:                                                true,
	} {
		w := &writer{origin: unix(start)}
		if !w.json(raw) {
			t.Errorf("%.60s cannot be written", raw)
			continue
		}
		r := newReader(string(w.b))
		if got := string(r.json(nil, 0)); !r.done() || got != raw {
			t.Errorf("%.60s decodes as %.60s", raw, got)
		}
		if smaller && len(w.b) >= len(raw) {
			t.Errorf("%.60s takes %d bytes", raw, len(w.b))
		}
	}
}

// JSON that is not compact leaves the writer unchanged.
func TestValue_NotWritten(t *testing.T) {
	for _, raw := range []string{"", "{", `{"a"}`, `{"a":1,}`, `{a:1}`, `[1 ]`, ` 1`, `{"a": 1}`,
		`{"\u0061":1}`, `"open`, `"a` + "\n" + `"`, `nul`, `[1,2`, `{"x":"y"}z`,
		strings.Repeat("[", 50) + strings.Repeat("]", 50)} {
		w := &writer{}
		w.text("before")
		if w.json(raw) {
			t.Errorf("%q was written", raw)
		}
		if len(w.b) != 7 || len(w.own) != 1 || len(w.known) != 1 {
			t.Errorf("%q: leftovers: %q, %q", raw, w.b, w.own)
		}
	}
}

// F24: claims are stored once, whether they are in the ID token, beside it, or in the identity.
func TestClaims_F24_StoredOnce(t *testing.T) {
	var groups []string
	for i := range 100 {
		groups = append(groups, fmt.Sprintf("cn=group %d,ou=groups,dc=example", i))
	}
	listed := string(jsonOf(groups))
	merged := `{"sub":"1","groups":` + listed + `,"name":"Alice from userinfo"}`
	size := func(change func(*Session)) int {
		b := newBench(t, nil)
		s := sampleSession(t, false)
		s.SetTokens(Tokens{IDToken: jwt(`{"sub":"1","aud":"web","groups":` + listed + `}`),
			AccessToken: "opaque"})
		if err := s.SetClaims(json.RawMessage(merged)); err != nil {
			t.Fatal(err)
		}
		change(s)
		b.signIn(s)
		var got, want json.RawMessage
		if s.Claims(&want) != nil || b.load().Claims(&got) != nil ||
			decoded(t, got) != decoded(t, want) {
			t.Errorf("claims decode as %.80s", got)
		}
		return len(b.request().Header.Get("Cookie"))
	}
	once := size(func(s *Session) { s.details.claims = nil })
	if all := size(func(s *Session) { s.User.Roles = groups }); all > once+len(listed)/5 {
		t.Errorf("claims of %d bytes take %d bytes in total, stored once %d", len(listed),
			all, once)
	}
}

func FuzzValue(f *testing.F) {
	f.Add(sampleClaims)
	f.Add(`[1,-2.5e3,"a","a",{"x":null,"y":["` + "f3a1c5de-6b1f-4c57-9f0e-2d1b7c8a9e10" +
		`",1772366400,"1234567"]},"\u0000"]`)
	f.Fuzz(func(t *testing.T, raw string) {
		w := &writer{origin: unix(start)}
		if w.json(raw) {
			r := newReader(string(w.b))
			if got := string(r.json(nil, 0)); !r.done() || got != raw {
				t.Fatalf("%q decodes as %q", raw, got)
			}
		}
		w = &writer{}
		w.packed(raw)
		var out strings.Builder
		r := newReader(string(w.b))
		if r.unpack(&out, true); !r.done() || out.String() != raw {
			t.Fatalf("token %q decodes as %q", raw, out.String())
		}
		newReader(raw).json(nil, 0)
	})
}
