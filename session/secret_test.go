package session

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// F40: white space or quotation marks around a secret are rejected with an explanation.
func TestSecret_F40_Wrapped(t *testing.T) {
	for name, text := range map[string]string{
		"line end": secretA + "\n", "CRLF": secretB + "\r\n", "space before": " " + secretA,
		"tab":            secretB + "\t",
		"no-break space": secretA + "\u00a0", "byte order mark": "\ufeff" + secretA,
		"zero-width space": secretA + "\u200b",
		"NUL":              secretA + "\x00", "line before": "\n" + secretB,
		"quoted": `"` + secretA + `"`, "single quotes": "'" + secretB + "'", "backticks": "`" +
			secretA + "`",
		"typographic":      "“" + secretA + "”",
		"passphrase":       "correct horse battery staple again and again ",
		"short and quoted": `"x"`, "a quote": `"`,
	} {
		for _, configured := range [][]string{{text}, {secretA, text}} {
			_, err := newKeyring(configured[0], configured[1:], time.Hour)
			if err == nil {
				t.Errorf("%s: accepted", name)
				continue
			}
			if name != "a quote" && !strings.Contains(err.Error(), "remove") ||
				strings.Contains(err.Error(), secretA[:6]) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, text := range map[string]string{
		"quotes inside":   `the "correct" horse battery staple and more`,
		"one quote":       `"correct horse battery staple again`,
		"line end inside": "correct horse battery staple\nagain and again",
	} {
		if _, err := keyMaterial(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// F40: encoded random bytes are used as the key, unchanged.
func TestSecret_F40_KeysAreNotStretched(t *testing.T) {
	encodings := map[string]func([]byte) string{
		"hex": hex.EncodeToString, "HEX": func(b []byte) string {
			return strings.ToUpper(hex.EncodeToString(b))
		},
		"base64":                base64.StdEncoding.EncodeToString,
		"base64, no padding":    base64.RawStdEncoding.EncodeToString,
		"base64url":             base64.URLEncoding.EncodeToString,
		"base64url, no padding": base64.RawURLEncoding.EncodeToString,
	}
	others := 0
	for i := range 3000 {
		raw := make([]byte, 32+i%48)
		rand.Read(raw)
		for name, encode := range encodings {
			text := encode(raw)
			got, ok := decodeSecret(text)
			switch {
			case !ok && !strings.ContainsAny(text, "0123456789"): // documented exception
				others++
			case !ok:
				t.Errorf("%s: %q is not decoded as a key", name, text)
			case !bytes.Equal(got, raw):
				t.Errorf("%s: another key", name)
			}
		}
	}
	if others > 100 {
		t.Errorf("%d keys have no digit", others)
	}
	wrapped := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7, 99, 200, 31, 5, 250,
		77}, 10))
	if _, ok := decodeSecret(wrapped[:64] + "\n" + wrapped[64:]); !ok {
		t.Error("the two lines of openssl rand -base64 64 are not decoded")
	}
}

// F40: any other text is a passphrase, which is stretched.
func TestSecret_F40_PassphrasesAreStretched(t *testing.T) {
	for _, text := range []string{
		"CorrectHorseBatteryStaple1CorrectHorseBatteryStaple2",
		"CorrectHorseBatteryStaple42OnceMoreForTheWin",
		"MyDogHasEatenMyHomeworkAgainIn2026AndLaughed",
		"TheQuickBrownFoxJumpsOverTheLazyDog2026Times",
		"OurTeamMeetsEveryTuesdayAt9InTheKitchenUpstairsForCoffee",
		"Summer2026Winter2027Spring2028Autumn2029Summer20",
		"WirTreffenUnsJedenDienstagUm9UhrInDerKuecheOben1",
		"correct-horse-Battery-staple-2026-and-some-more-words",
		secretB + "=",                          // extra padding
		secretB[:len(secretB)-2] + "B=",        // unused bits are not zero
		strings.TrimRight(secretB, "=") + "AA", // not a whole number of bytes
		secretA[:63] + "g",                     // not hex
		secretA + "0",                          // half a byte
		// no encoding at all
		base64.StdEncoding.EncodeToString([]byte("short"))[:7] + "9Aa" + strings.Repeat("x-Y", 10),
	} {
		if _, key := decodeSecret(text); key {
			t.Errorf("%q was decoded as a key", text)
		}
	}
	const words = "CorrectHorseBatteryStaple1CorrectHorseBatteryStaple2"
	stretched, err := pbkdf2.Key(sha256.New, words, []byte(stretchSalt), stretchRounds, 32)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keyMaterial(words); err != nil || !bytes.Equal(got, stretched) {
		t.Errorf("a passphrase without spaces is not stretched: %v", err)
	}
}

// F40: a secret that consists of a placeholder is rejected; a secret may contain one.
func TestSecret_F40_Placeholders(t *testing.T) {
	for text, refused := range map[string]bool{
		"this-is-my-super-secret-key-for-prod":                             true,
		"CHANGE_ME_please_before_production_1":                             true,
		"your-256-bit-secret-your-secret-key-here":                         true,
		"PLEASE CHANGE THIS SECRET BEFORE YOU GO TO PRODUCTION":            true,
		"32-byte-long-auth-key-for-the-store":                              true,
		"replace_this_with_a_random_32_byte_secret":                        true,
		"sessionsecret-9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e":               false,
		"x8Kq!sessionsecret!Zr4vN2mT7wLp0dYc5hJb":                          false,
		"gnu changeme wildebeest placeholder trapezoid":                    false,
		"my secret key is a blue whale with 7 umbrellas":                   false,
		"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4": true,
		"603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4": true,
		// the same in base64
		"YD3rEBXKcb4rc67whX13gR81LAc7YQjXLZgQowkU3/Q=":                     true,
		"603deb1015ca71be2b73aef0857d7781c0ffee00d15ea5e0ba5eba11f005ba1e": false,
	} {
		if _, err := keyMaterial(text); (err != nil) != refused {
			t.Errorf("%q: %v, refused: %t", text, err, refused)
		}
	}
}
