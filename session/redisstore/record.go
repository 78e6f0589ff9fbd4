package redisstore

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/sallyport-go/sallyport/session"
)

// A record is kept as one text: the version in twenty digits, the tag of the call that has put it in sixteen, the data. The tag lets
// a Put that is sent again, because the answer to it was lost, find out that it has been done.
const (
	digits = 20 // of 1<<64 - 1
	tagLen = 16
)

// errForeign means that a key of ours holds what we have not written.
var errForeign = errors.New("the key holds something else")

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
