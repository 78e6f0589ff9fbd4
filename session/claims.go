package session

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// A member is one name and value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// parseObject splits a JSON object into its members, in order. It rejects duplicate names, which
// decoders treat differently (RFC 8259 section 4). The values share the memory of raw.
func parseObject(raw []byte) ([]member, error) {
	switch {
	case !utf8.Valid(raw):
		return nil, errors.New("session: claims are not UTF-8")
	case !bytes.HasPrefix(bytes.TrimLeft(raw, jsonSpace), []byte("{")):
		return nil, errors.New("session: claims are not a JSON object")
	case !json.Valid(raw):
		return nil, errors.New("session: claims are not well-formed JSON")
	}
	var members []member
	seen := map[string]bool{}
	for rest := skipTo(raw, '{'); ; {
		rest = bytes.TrimLeft(rest, jsonSpace+",")
		if rest[0] == '}' {
			return members, nil
		}
		name := rest[:jsonLength(rest)]
		rest = bytes.TrimLeft(skipTo(rest[len(name):], ':'), jsonSpace)
		value := rest[:jsonLength(rest)]
		rest = rest[len(value):]

		m := member{name: textOf(name), value: value[:len(value):len(value)]}
		if seen[m.name] {
			return nil, fmt.Errorf("session: claims contain %.40q twice", m.name)
		}
		seen[m.name] = true
		members = append(members, m)
	}
}

const jsonSpace = " \t\r\n"

// skipTo returns the bytes after the first b.
func skipTo(raw []byte, b byte) []byte { return raw[bytes.IndexByte(raw, b)+1:] }

// jsonLength returns the length of the first value in valid JSON.
func jsonLength(raw []byte) int {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			for i++; raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth > 0 || i+1 < len(raw) && !bytes.ContainsRune(afterScalar, rune(raw[i+1])) {
				continue
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(raw)
}

// afterScalar are the bytes that can follow a number, true, false or null.
var afterScalar = []byte(jsonSpace + ",]}")

// textOf decodes a valid JSON string.
func textOf(raw []byte) (text string) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	_ = json.Unmarshal(raw, &text)
	return text
}

// buildObject is the inverse of parseObject.
func buildObject(members []member) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(jsonOf(m.name))
		b.WriteByte(':')
		_ = json.Compact(&b, m.value) // well-formed: parsed or marshaled by us
	}
	b.WriteByte('}')
	return b.Bytes()
}

// jsonOf encodes strings, booleans, numbers and lists of strings, which cannot fail.
func jsonOf(v any) json.RawMessage {
	raw, _ := json.Marshal(v)
	return raw
}

// protocolClaim reports whether a claim describes the token rather than the user (OpenID Connect
// Core section 2, RFC 7519 section 4.1).
func protocolClaim(name string) bool {
	switch name {
	case "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash":
		return true
	}
	return false
}

// userClaims returns the claims for Session.Claims: raw without protocol claims or, if there are
// none, the claims that the session's fields hold.
func userClaims(raw json.RawMessage, s *Session) (json.RawMessage, error) {
	if raw == nil {
		return buildObject(heldClaims(s)), nil
	}
	members, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	members = slices.DeleteFunc(members, func(m member) bool { return protocolClaim(m.name) })
	return buildObject(members), nil
}

// heldClaims returns the claims that the fields of a session hold, without empty ones.
func heldClaims(s *Session) []member {
	var held []member
	for _, name := range holdable {
		if value := holding(s, name); !reflect.ValueOf(value).IsZero() {
			held = append(held, member{name, jsonOf(value)})
		}
	}
	return held
}

// holdable are the claims that session fields can hold. A claim's index is its bit in the stored
// format: never change the order.
var holdable = [...]string{
	"iss", "sub", "name", "preferred_username", "email", "email_verified", "picture", "sid",
	"auth_time", "acr", "amr",
}

// holding returns the value of the session field for a claim.
func holding(s *Session, name string) any {
	switch name {
	case "iss":
		return s.User.Issuer
	case "sub":
		return s.User.Subject
	case "name":
		return s.User.Name
	case "preferred_username":
		return s.User.Username
	case "email":
		return s.User.Email
	case "email_verified":
		return s.User.EmailVerified
	case "picture":
		return s.User.Picture
	case "sid":
		return s.SID
	case "auth_time":
		if s.AuthTime.IsZero() {
			return int64(0)
		}
		return s.AuthTime.Unix()
	case "acr":
		return s.ACR
	case "amr":
		return s.AMR
	}
	return nil
}

// claims writes claims without protocol claims.
func (w *writer) claims(raw json.RawMessage) error {
	members, err := parseObject(raw)
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(m member) bool { return protocolClaim(m.name) })
	if text := string(buildObject(members)); !w.json(text) {
		w.verbatim(text)
	}
	return nil
}

// payload returns the claims of a JWT. It does not verify the JWT, which comes from our own seal.
func payload(jwt string) (json.RawMessage, bool) {
	_, rest, _ := strings.Cut(jwt, ".")
	middle, _, found := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(middle)
	return raw, found && err == nil && len(raw) > 0
}

func payloadIs(jwt string, claims json.RawMessage) bool {
	raw, ok := payload(jwt)
	return ok && bytes.Equal(raw, claims)
}
