package session

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

func newTestKeyring(t testing.TB, secret string, old ...string) *keyring {
	t.Helper()
	k, err := newKeyring(secret, old, 8*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// testSecret returns key material, which needs no stretching.
func testSecret(i int) string {
	sum := sha256.Sum256([]byte{byte(i)})
	return hex.EncodeToString(sum[:])
}

func (k *keyring) cached() int { return len(*k.ready.Load()) }

func TestKeyring_R40_BoundToPurposeNameAndBinding(t *testing.T) {
	k := newTestKeyring(t, secretA)
	text, err := k.Seal(purposeFlow, "name", "binding", []byte("hello"), start)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := k.Open(purposeFlow, "name", "binding", text, start); err != nil ||
		string(plain) != "hello" {
		t.Fatalf("%q, %v", plain, err)
	}
	for what, open := range map[string]func() ([]byte, error){
		"purpose": func() ([]byte, error) {
			return k.Open(purposeLogout, "name", "binding", text, start)
		},
		"name": func() ([]byte, error) {
			return k.Open(purposeFlow, "other", "binding", text, start)
		},
		"binding": func() ([]byte, error) {
			return k.Open(purposeFlow, "name", "other", text, start)
		},
		// lengths matter
		"moved": func() ([]byte, error) {
			return k.Open(purposeFlow, "nameb", "inding", text, start)
		},
	} {
		if plain, err := open(); err != ErrInvalid || plain != nil {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
	}
}

func TestKeyring_R89_NoncesNeverRepeat(t *testing.T) {
	k := newTestKeyring(t, secretA)
	seen := map[string]bool{}
	for range 1000 {
		text, _ := k.Seal(purposeFlow, "n", "", nil, start)
		if seen[text] {
			t.Fatal("a nonce was reused")
		}
		seen[text] = true
	}
}

func TestKeyring_R89_StrictText(t *testing.T) {
	k := newTestKeyring(t, secretA)
	for size := range 4 {
		text, _ := k.Seal(purposeFlow, "n", "", make([]byte, size), start)
		for at := range len(text) + 1 {
			for _, extra := range []string{"\n", "\r", "\r\n", "\n\n\n\n", "=", " "} {
				if _, err := k.Open(purposeFlow, "n", "", text[:at]+extra+text[at:],
					start); err != ErrInvalid {
					t.Fatalf("%q at %d opens", extra, at)
				}
			}
		}
		last := text[len(text)-1]
		for c := range byte(128) {
			if _, err := k.Open(purposeFlow, "n", "", text[:len(text)-1]+string(c),
				start); (err == nil) != (c == last) {
				t.Fatalf("last character %q instead of %q: %v", c, last, err)
			}
		}
	}
}

func TestKeyring_R160_OtherVersionIsInvalid(t *testing.T) {
	k := newTestKeyring(t, secretA)
	text, _ := k.Seal(purposeFlow, "n", "", []byte("x"), start)
	for _, head := range []string{"Ag", "AA", "_w"} { // version 2, 0, 255 in the first byte
		if _, err := k.Open(purposeFlow, "n", "", head+text[2:], start); err != ErrInvalid {
			t.Error(head, err)
		}
	}
}

func TestKeyring_R91_OldSecretsOpenTheirs(t *testing.T) {
	var old []string
	for i := range 9 {
		old = append(old, testSecret(i))
	}
	ten := newTestKeyring(t, secretA, old...)
	for _, secret := range append(old, secretA) {
		text, _ := newTestKeyring(t, secret).Seal(purposeFlow, "n", "", []byte("x"), start)
		_, current, err := ten.open(purposeFlow, associatedData(purposeFlow, "n", ""), text, start,
			nil)
		if err != nil || current != (secret == secretA) {
			t.Errorf("current %v, %v", current, err)
		}
	}
	foreign, _ := newTestKeyring(t, secretB).Seal(purposeFlow, "n", "", []byte("x"), start)
	if _, err := ten.Open(purposeFlow, "n", "", foreign, start); err != ErrInvalid {
		t.Error(err)
	}
}

func TestKeyring_CollidingIDsAreAllTried(t *testing.T) {
	k := newTestKeyring(t, secretA, secretB)
	var second *rootKey
	for id, roots := range k.byID {
		if roots[0] != k.sealing {
			second = roots[0]
			delete(k.byID, id)
		}
	}
	second.id = k.sealing.id
	k.byID[k.sealing.id] = []*rootKey{k.sealing, second}
	for _, sealing := range []*rootKey{k.sealing, second} {
		k.sealing = sealing
		text, _ := k.Seal(purposeFlow, "n", "", []byte("x"), start)
		if _, err := k.Open(purposeFlow, "n", "", text, start); err != nil {
			t.Error(err)
		}
	}
}

func TestKeyring_WindowAndCache(t *testing.T) {
	k := newTestKeyring(t, secretA)
	day := 24 * time.Hour
	text, _ := k.Seal(purposeFlow, "n", "", []byte("x"), start)
	for _, c := range []struct {
		at   time.Duration
		open bool
	}{{0, true}, {-day, true}, {-2 * day, false}, {8 * day, true}, {10 * day, false},
		{3000 * day, false}} {
		if _, err := k.Open(purposeFlow, "n", "", text, start.Add(c.at)); (err == nil) != c.open {
			t.Errorf("after %v: %v", c.at, err)
		}
	}

	fresh := newTestKeyring(t, secretA)
	for i := range 2000 { // forgeries never grow the cache
		forged := text[:5] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[i%32]) + text[6:10] +
			randomText(80)
		if _, err := fresh.Open(purposeFlow, "n", "", forged, start); err == nil {
			t.Fatal("forged")
		}
	}
	if fresh.cached() != 0 {
		t.Errorf("%d ciphers cached for forgeries", fresh.cached())
	}
	for i := range 1000 { // nor does time
		if _, err := fresh.Seal(purposeFlow, "n", "", nil,
			start.Add(time.Duration(i)*day)); err != nil {
			t.Fatal(err)
		}
	}
	if n := fresh.cached(); n > 12 {
		t.Errorf("%d ciphers cached after three years", n)
	}
}

func TestKeyMaterial_R90(t *testing.T) {
	refused := map[string]string{
		"empty":            "",
		"short":            "hunter2!",
		"31 bytes":         randomText(31),
		"zero hex":         strings.Repeat("0", 64),
		"zero base64":      strings.Repeat("A", 43) + "=",
		"one character":    strings.Repeat("x", 100),
		"repeated":         strings.Repeat("abc1XYZ", 10),
		"repeated hex":     strings.Repeat("deadbeef", 8),
		"few":              "abcabbacbabcabbacabbcaabcbacbbacbacb",
		"sequence":         "0123456789abcdefghijklmnopqrstuvwxyz",
		"sequence in hex":  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"backwards":        "zyxwvutsrqponmlkjihgfedcba9876543210",
		"example":          "this-is-my-super-secret-key-for-prod",
		"placeholder":      "CHANGE_ME_please_before_production_1",
		"gorilla's":        "32-byte-long-auth-key-for-the-store",
		"NIST test vector": "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	}
	for name, secret := range refused {
		_, err := keyMaterial(secret)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if !strings.Contains(err.Error(), "openssl rand") || len(secret) > 6 &&
			strings.Contains(err.Error(), secret[:6]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	accepted := map[string]string{
		"hex":        secretA,
		"base64":     secretB,
		"base64url":  "yq0V3mTn7cW1uZr8KfHj5LxPbD2sGa9EoQ4iRtNw_6k",
		"passphrase": "correct horse battery staple again and again",
	}
	for name, secret := range accepted {
		if raw, err := keyMaterial(secret); err != nil || len(raw) < 32 {
			t.Errorf("%s: %d bytes, %v", name, len(raw), err)
		}
	}
	if raw, ok := decodeSecret("correcthorsebatterystapleagainandagainandagain"); ok {
		t.Errorf("words were decoded as %d bytes of key material", len(raw))
	}
}

func TestKeyring_EveryMistakeAtOnce(t *testing.T) {
	_, err := newKeyring("short", []string{secretA, "short too"}, time.Hour)
	if err == nil || !strings.Contains(err.Error(), "Secret is") ||
		!strings.Contains(err.Error(), "OldSecrets[1]") {
		t.Error(err)
	}
}

func FuzzCodec(f *testing.F) {
	b := newBench(f, nil)
	text, _ := b.Codec().Encode("n", "hello")
	f.Add(text)
	f.Fuzz(func(t *testing.T, text string) {
		var s string
		if err := b.Codec().Decode("n", text, &s); err == nil && s != "hello" {
			t.Fatal("forged")
		}
		if _, err := b.keyring.Open(purposeFlow, "n", "", text, start); err == nil {
			t.Fatal("forged")
		}
	})
}
