package provider

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkHeader checks the form of a compact JWS and its header, and returns the algorithm.
func checkHeader(raw string, limit int, algs, types []string) (string, error) {
	header, err := readHeader(raw, limit)
	if err != nil {
		return "", err
	}
	return checkHeaderMembers(header, algs, types)
}

// readHeader checks the form, and reads the header.
func readHeader(raw string, limit int) (claims, error) {
	if len(raw) > limit {
		return nil, fmt.Errorf("the token has %d bytes, at most %d are accepted here",
			len(raw), limit)
	}
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 {
		return nil, errors.New("the token does not have three parts")
	}
	for _, part := range parts {
		if part == "" || !isBase64URL(part) {
			return nil, errors.New("a part of the token is empty or not base64url")
		}
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return nil, errors.New("the header is not base64url")
	}
	header, err := headerSchema.read(decoded, nil)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return header.claims, nil
}

// headerSchema names the members of a JOSE header that decide. Keys in the header (jwk, jku, x5u,
// x5c) are ignored.
var headerSchema = newSchema("JOSE header", "alg", "typ", "crit", "b64", "zip", "enc", "kid")

// The values of typ, in lower case and without "application/". Other kinds of JWT have other
// values: logout+jwt, dpop+jwt, ... (RFC 8725 section 3.11).
var (
	idTokenTypes     = []string{"", "jwt", "id_token+jwt"}
	accessTokenTypes = []string{"at+jwt"} // RFC 9068 section 2.1
)

func checkHeaderMembers(header claims, algs, types []string) (string, error) {
	for name := range headerSchema.members {
		if header.named(name) && !header.has(name) {
			return "", fmt.Errorf("header: %s is null", name)
		}
	}
	alg, err := header.text("alg")
	if err != nil || !slices.Contains(algs, alg) {
		return "", fmt.Errorf("algorithm %q is not one of %v", printable(alg), algs)
	}
	for _, refused := range []string{"crit", "b64", "zip", "enc"} {
		if header.named(refused) {
			return "", fmt.Errorf("header has %s, which is not supported", refused)
		}
	}
	if _, err := header.text("kid"); err != nil {
		return "", err
	}
	typ, err := header.text("typ")
	if err != nil {
		return "", err
	}
	if !slices.Contains(types, strings.TrimPrefix(strings.ToLower(typ), "application/")) {
		return "", fmt.Errorf("typ %q is not permitted for this kind of token", printable(typ))
	}
	return alg, nil
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// isBase64URL reports whether s is canonical base64url. Decoders also accept line ends and unused
// bits in the last character, so one token could have many spellings.
func isBase64URL(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' ||
			c == '_') {
			return false
		}
	}
	last := strings.IndexByte(base64URL, s[len(s)-1])
	switch len(s) % 4 {
	case 1:
		return false
	case 2:
		return last&0b1111 == 0
	case 3:
		return last&0b11 == 0
	}
	return true
}
