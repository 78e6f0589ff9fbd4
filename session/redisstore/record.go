package redisstore

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/sallyport-go/sallyport/session"
)

// A record is stored as one text: the version in 20 digits, the random tag of the Put that wrote it
// in 16 hex digits, and the data. If an answer is lost and the client repeats the Put, the tag
// shows that it was already done.
const (
	digits = 20 // enough for 1<<64 - 1
	tagLen = 16
)

// errForeign means that a key of the store has a value that the store did not write.
var errForeign = errors.New("the key has a value that this package did not write")

func fixedWidth(n uint64) string { return fmt.Sprintf("%0*d", digits, n) }

func parseRecord(text string) (session.Record, error) {
	if len(text) < digits+tagLen {
		return session.Record{}, errForeign
	}
	version, err := strconv.ParseUint(text[:digits], 10, 64)
	if err != nil {
		return session.Record{}, errForeign
	}
	return session.Record{Version: version, Data: text[digits+tagLen:]}, nil
}
