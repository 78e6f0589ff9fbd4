package session

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
)

// FuzzParseObject compares parseObject with the tokens of encoding/json.
func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : 1 , "b":[{"c":"}]\""}], "d":{"e":null} } `, `{"a":true}x`, `{"a":1,"a":2}`,
		`{"a":-1.5e3,"é":"\u00e9\\"}`, `[]`, `{"a":"b`, "{\"a\":\"\xff\"}", `{"\u0061":1,"a":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseObject(raw)
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("%q is accepted", raw)
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.Token()
		for _, m := range got {
			name, err := d.Token()
			if err != nil || name != m.name {
				t.Fatalf("%q: a name is %q, want %v %v", raw, m.name, name, err)
			}
			var value json.RawMessage
			if err := d.Decode(&value); err != nil || !bytes.Equal(value, m.value) {
				t.Fatalf("%q: %s is %q, want %q %v", raw, m.name, m.value, value, err)
			}
		}
		if end, err := d.Token(); end != json.Delim('}') || err != nil {
			t.Fatalf("%q: after %d members comes %v %v", raw, len(got), end, err)
		}
		if _, err := d.Token(); err != io.EOF {
			t.Fatalf("%q: there is more", raw)
		}
	})
}

// An object is accepted if and only if it is valid JSON without duplicate names.
func TestParseObject(t *testing.T) {
	for raw, members := range map[string]int{
		`{}`: 0, ` {"a":1 ,"b" :[1,{"c":2}]}` + "\n": 2, `{"a":"x,y}","b":false}`: 2,
		`{"a":{"b":{}},"c":0}`: 2,
		``:                     -1, `null`: -1, `[]`: -1, `{"a":1,}`: -1, `{"a" 1}`: -1,
		`{"a":1}{}`:          -1,
		`{"a":1,"\u0061":2}`: -1,
		"{\"a\":\"\xc3\"}":   -1, `{"a":tru}`: -1,
	} {
		got, err := parseObject([]byte(raw))
		if (err == nil) != (members >= 0) || err == nil && len(got) != members {
			t.Errorf("%q: %d members, %v; want %d", raw, len(got), err, members)
		}
	}
}
