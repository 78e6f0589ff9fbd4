package redisstore

import (
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// slots is the number of slots in a cluster. Each key belongs to a slot, and each slot to a node.
// Marks of providers, which all their sessions depend on, are copied to every slot, so that a
// session needs no other node than its own.
const slots = 16384

// slotTags returns a hash tag for each slot: a key with {tag} is in that slot.
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

// slotOf returns the slot of a hash tag: its CRC-16/XMODEM modulo slots (Redis cluster
// specification, "Key distribution model").
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

// copyKey returns the key of the copy of a provider's mark in a slot.
func (s *Store) copyKey(provider string, slot int) string {
	return strings.Join([]string{s.Prefix, "{", slotTags()[slot], "}:", provider, ":revoked"}, "")
}
