package redisstore_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// The answer hang means not to answer, and hangUp to close the connection.
const hang, hangUp = "hang", "hang up"

// startFake starts a server that accepts Redis commands and sends the bytes that answer returns.
func startFake(t testing.TB, answer func(args []string) string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	t.Cleanup(func() { close(closed); l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					args, err := readCommand(in)
					if err != nil {
						return
					}
					switch text := answerTo(args, answer); text {
					case hang:
						<-closed
						return
					case hangUp:
						return
					default:
						if _, err := io.WriteString(conn, text); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// answerTo answers the handshake of a client, and passes other commands to answer.
func answerTo(args []string, answer func([]string) string) string {
	switch strings.ToUpper(args[0]) {
	case "HELLO", "COMMAND":
		return "-ERR unknown command\r\n"
	case "CLIENT", "SELECT", "PING", "READONLY":
		return "+OK\r\n"
	}
	return answer(args)
}

func readCommand(in *bufio.Reader) (args []string, err error) {
	number := func(kind byte) (n int, err error) {
		line, err := in.ReadString('\n')
		if err != nil || line[0] != kind {
			return 0, io.ErrUnexpectedEOF
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	count, err := number('*')
	if err != nil {
		return nil, err
	}
	for range count {
		length, err := number('$')
		if err != nil {
			return nil, err
		}
		text := make([]byte, length+2)
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, err
		}
		args = append(args, string(text[:length]))
	}
	return args, nil
}
