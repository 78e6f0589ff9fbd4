package redisstore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A mark is stored as three decimal numbers of fixed width: 20 digits for All, 20 for Some, 10 for
// Before. To merge a revocation (session.Mark.Merge), scripts/mark.lua takes the larger of each
// number, so the order of revocations does not matter.
const markLen = digits + digits + 10

func newMark(epoch uint64, issuedBefore time.Time) string {
	m := session.Mark{}.Merge(epoch, issuedBefore)
	return fmt.Sprintf("%0*d%0*d%010d", digits, m.All, digits, m.Some, m.Before)
}

func parseMark(text string) (m session.Mark, err error) {
	if len(text) != markLen {
		return m, errForeign
	}
	all, errAll := strconv.ParseUint(text[:digits], 10, 64)
	some, errSome := strconv.ParseUint(text[digits:2*digits], 10, 64)
	before, errBefore := strconv.ParseUint(text[2*digits:], 10, 32)
	if errAll != nil || errSome != nil || errBefore != nil {
		return m, errForeign
	}
	return session.Mark{All: all, Some: some, Before: uint32(before)}, nil
}
