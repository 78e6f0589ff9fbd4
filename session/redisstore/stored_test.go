package redisstore

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// FuzzStored parses any text as a record and as a mark: only texts that this package writes are
// accepted.
func FuzzStored(f *testing.F) {
	f.Add(newMark(1, time.Time{}))
	f.Add(newMark(math.MaxUint64, time.Unix(1<<32-1, 0)))
	f.Add(strings.Repeat("9", markLen))
	f.Add(fixedWidth(7) + "0123456789abcdef" + "data")
	f.Add(fixedWidth(7))
	f.Add("-0000000000000000001" + "0123456789abcdef")
	f.Add("+0000000000000000001" + "0123456789abcdef")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := parseMark(text); err == nil {
			if again := fmt.Sprintf("%020d%020d%010d", m.All, m.Some, m.Before); again != text {
				t.Errorf("%q was parsed as the mark %q", text, again)
			}
		}
		if r, err := parseRecord(text); err == nil {
			if again := fixedWidth(r.Version) + text[digits:digits+tagLen] + r.Data; again != text {
				t.Errorf("%q was parsed as the record %q", text, again)
			}
		}
	})
}

func TestMark_RoundTrip(t *testing.T) {
	for _, epoch := range []uint64{1, 1 << 53, math.MaxUint64} {
		for _, before := range []time.Time{{}, time.Unix(0, 0), time.Unix(1_800_000_000, 999),
			time.Unix(1<<40, 0)} {
			want := session.Mark{}.Merge(epoch, before)
			if got, err := parseMark(newMark(epoch, before)); err != nil || got != want {
				t.Errorf("parsed %+v, %v; want %+v", got, err, want)
			}
		}
	}
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]int64{
		0: 1, -time.Hour: 1, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Second: 1000,
		math.MaxInt64: math.MaxInt64 / 1_000_000,
	} {
		if got := milliseconds(d); got != want && got != want+1 {
			t.Errorf("milliseconds(%v) = %d, want %d", d, got, want)
		}
	}
}

// Slots are computed as in Redis. The example is from its cluster specification.
func TestSlotOf(t *testing.T) {
	if got := slotOf("123456789"); got != 0x31c3%slots {
		t.Errorf("slot %d", got)
	}
	for slot, tag := range slotTags() {
		if slotOf(tag) != slot {
			t.Fatalf("tag %q is in slot %d, want %d", tag, slotOf(tag), slot)
		}
	}
}
