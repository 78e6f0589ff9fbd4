package rig

import (
	"bytes"
	"strings"
	"sync"
)

// Log returns what has been logged.
func (app *App) Log() string { return app.log.String() }

// AwaitLog waits until the log contains a text.
func (app *App) AwaitLog(text string) { app.log.await(text) }

// A syncBuffer is a bytes.Buffer for several goroutines.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
	grown  chan struct{} // closed by the next Write; nil unless awaited
}

// await waits until the buffer contains a text.
func (b *syncBuffer) await(text string) {
	for {
		b.mu.Lock()
		if strings.Contains(b.buffer.String(), text) {
			b.mu.Unlock()
			return
		}
		if b.grown == nil {
			b.grown = make(chan struct{})
		}
		grown := b.grown
		b.mu.Unlock()
		<-grown
	}
}

// Write implements io.Writer.
func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.grown != nil {
		close(b.grown)
		b.grown = nil
	}
	return b.buffer.Write(p)
}

// String returns what has been written.
func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
