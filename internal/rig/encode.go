package rig

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// SwapCase changes the case of all ASCII letters.
func SwapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 32
		}
		if 'A' <= r && r <= 'Z' {
			return r + 32
		}
		return r
	}, s)
}

// Base64 encodes bytes as the parts of a JWT.
func Base64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// JSON encodes a value, which must be possible.
func JSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
