package main

import (
	"bytes"
	"io"
	"sync"
)

// A heldLog keeps log lines until release, so that the address to open is the first thing on the
// screen and warnings follow it. It is safe for concurrent use.
type heldLog struct {
	mu       sync.Mutex
	w        io.Writer
	held     bytes.Buffer
	released bool
}

// Write implements io.Writer.
func (l *heldLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return l.w.Write(p)
	}
	return l.held.Write(p)
}

// release writes what has been held. Later lines are written at once.
func (l *heldLog) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.released = true
	l.held.WriteTo(l.w)
}
