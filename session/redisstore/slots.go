package redisstore

import (
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// In a cluster, a key lives in one of 16384 slots, and each slot on some node. What every session
// of a provider depends on is copied to all slots, so that the node that a session is on is the
// only one that it needs.
const slots = 16384

// slotTags are texts in braces, the one at i for a key in slot i.
var slotTags = sync.OnceValue(func() *[slots]string {
	var tags [slots]string
	for n, missing := uint64(0), slots; missing > 0; n++ {
		tag := strconv.FormatUint(n, 36)
		if slot := slotOf(tag); tags[slot] == "" {
			tags[slot] = tag
			missing--
		}
	}
	return &tags
})

// slotOf is the slot of a text in braces: its CRC-16/XMODEM (Redis cluster specification, "Key
// distribution model").
func slotOf(tag string) int {
	var crc uint16
	for _, c := range []byte(tag) {
		crc ^= uint16(c) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			if crc <<= 1; carry {
				crc ^= 0x1021
			}
		}
	}
	return int(crc % slots)
}

func (s *Store) inCluster() bool {
	_, cluster := s.Client.(*redis.ClusterClient)
	return cluster
}

// copyKey names the copy of a provider's mark in a slot.
func (s *Store) copyKey(provider string, slot int) string {
	return strings.Join([]string{s.Prefix, "{", slotTags()[slot], "}:", provider, ":revoked"}, "")
}
