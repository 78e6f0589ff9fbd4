package provider_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// fakeDNS is the Dial of a resolver whose server answers every question for an IPv4 address with what answer returns.
func fakeDNS(t *testing.T, answer func() [4]byte) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		t.Cleanup(func() { here.Close(); there.Close() })
		go func() {
			defer there.Close()
			var size [2]byte // as over TCP, because a pipe is no packet connection
			if _, err := io.ReadFull(there, size[:]); err != nil {
				return
			}
			query := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(there, query); err != nil {
				return
			}
			end := 12
			for query[end] != 0 {
				end += int(query[end]) + 1
			}
			end += 5 // root, type, class
			reply := append([]byte{}, query[:end]...)
			reply[2], reply[3] = 0x81, 0x80 // an answer, recursion available
			clear(reply[6:12])
			if query[end-3] == 1 { // type A
				reply[7] = 1
				ip := answer()
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				reply = append(reply, ip[:]...)
			}
			there.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply))))
			there.Write(reply)
		}()
		return here, nil
	}
}
