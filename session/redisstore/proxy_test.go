package redisstore_test

import (
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A proxy forwards between a store and a server. It counts round trips, and can delay or lose
// answers.
type proxy struct {
	listener net.Listener
	target   string

	delay atomic.Int64 // of each answer, in nanoseconds
	lose  atomic.Int64 // number of answers still to lose, with their connections
	trips atomic.Int64 // round trips: a client sent data, first or after an answer

	mu   sync.Mutex
	open map[net.Conn]struct{}
}

func startProxy(t testing.TB, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, open: map[net.Conn]struct{}{}}
	t.Cleanup(p.stop)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *proxy) addr() string {
	return "127.0.0.1:" + strconv.Itoa(p.listener.Addr().(*net.TCPAddr).Port)
}

func (p *proxy) url() string { return "redis://" + p.addr() }

// stop closes the listener and all connections.
func (p *proxy) stop() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
}

func (p *proxy) keep(conn net.Conn) (done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[conn] = struct{}{}
	return func() {
		conn.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, conn)
	}
}

func (p *proxy) serve(client net.Conn) {
	defer p.keep(client)()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.keep(server)()
	var answered atomic.Bool
	answered.Store(true)
	go func() {
		defer client.Close()
		defer server.Close()
		copyEach(server, client, func() bool {
			if answered.CompareAndSwap(true, false) {
				p.trips.Add(1)
			}
			return true
		})
	}()
	copyEach(client, server, func() bool {
		answered.Store(true)
		if d := time.Duration(p.delay.Load()); d > 0 {
			<-time.After(d)
		}
		return p.lose.Load() <= 0 || p.lose.Add(-1) < 0
	})
}

// copyEach copies data piece by piece, as long as before returns true.
func copyEach(to io.Writer, from io.Reader, before func() bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !before() {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
