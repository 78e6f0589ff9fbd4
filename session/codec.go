package session

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"time"

	"github.com/gorilla/securecookie"
)

// Codec returns a securecookie.Codec for other gorilla stores, such as
// sessions.FilesystemStore{Codecs: ...}. It uses the manager's keys, rotation and seal. It seals
// strings and byte slices directly, and other values as gob, which it decodes only after it has
// verified the seal. Decoding a value older than Config.Lifetime fails with a securecookie.Error
// with IsDecode that wraps [ErrInvalid]. A codec is safe for concurrent use.
//
// A codec does not see requests, so a value that one origin of the application sealed
// (sallyport.Config.Origins) opens at the others as well: have the value say whose it is.
func (m *Manager) Codec() securecookie.Codec { return codec{m} }

type codec struct{ m *Manager }

// The kinds of value are part of the sealed format.
const (
	kindBytes = 1 // string or []byte
	kindGob   = 2
)

// Encode seals value under the name of its cookie.
func (c codec) Encode(name string, value any) (string, error) {
	now := c.m.config.Now()
	var b bytes.Buffer
	b.Write(binary.BigEndian.AppendUint64(nil, uint64(now.Unix())))
	switch v := value.(type) {
	case string:
		b.WriteByte(kindBytes)
		b.WriteString(v)
	case []byte:
		b.WriteByte(kindBytes)
		b.Write(v)
	default:
		b.WriteByte(kindGob)
		if err := gob.NewEncoder(&b).Encode(value); err != nil {
			return "", &codecError{err: err}
		}
	}
	text, err := c.m.keyring.seal(purposeValue, c.binding(name), b.Bytes(), now)
	if err != nil {
		return "", &codecError{err: err}
	}
	return text, nil
}

// Decode opens a value that Encode sealed under the same name and stores it in dst, a pointer to
// the value's type. If the seal is invalid or too old, the error is a securecookie.Error with
// IsDecode that wraps [ErrInvalid].
func (c codec) Decode(name, value string, dst any) error {
	now := c.m.config.Now()
	plain, _, err := c.m.keyring.open(purposeValue, c.binding(name), value, now, nil)
	if err != nil || len(plain) < 9 {
		return &codecError{decode: true, err: ErrInvalid}
	}
	sealed := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)
	if sealed.After(now.Add(skew)) || !now.Before(sealed.Add(c.m.config.Lifetime)) {
		return &codecError{decode: true, err: ErrInvalid}
	}
	if err := decodeValue(plain[8], plain[9:], dst); err != nil {
		return &codecError{decode: true, err: err}
	}
	return nil
}

func (c codec) binding(name string) []byte {
	return associatedData(purposeValue, name, c.m.origin, c.m.site.Prefix)
}

func decodeValue(kind byte, data []byte, dst any) error {
	switch kind {
	case kindBytes:
		switch v := dst.(type) {
		case *string:
			*v = string(data)
			return nil
		case *[]byte:
			*v = bytes.Clone(data)
			return nil
		}
		return errors.New("the value is a string or []byte: the destination must be a *string " +
			"or *[]byte")
	case kindGob:
		return gob.NewDecoder(bytes.NewReader(data)).Decode(dst)
	}
	return ErrInvalid
}

// codecError implements securecookie.Error.
type codecError struct {
	decode bool
	err    error
}

var _ securecookie.Error = (*codecError)(nil)

func (e *codecError) Error() string    { return "session: codec: " + e.err.Error() }
func (e *codecError) Unwrap() error    { return e.err }
func (e *codecError) Cause() error     { return e.err }
func (e *codecError) IsDecode() bool   { return e.decode }
func (e *codecError) IsUsage() bool    { return !e.decode }
func (e *codecError) IsInternal() bool { return false }
