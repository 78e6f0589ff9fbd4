package provider

import (
	"cmp"
	"log/slog"
	"sync"
)

// A Reporter logs what is odd about its provider but stops no login. sallyport.New hands it the
// logger; without one it uses slog.Default.
type Reporter interface {
	// ReportTo sets the logger. It must be safe for concurrent use, and the first call wins.
	ReportTo(*slog.Logger)
}

// notes are what a provider has logged about odd answers: each once, and a bounded number.
type notes struct {
	mu     sync.Mutex
	logger *slog.Logger
	said   map[string]bool
}

// maxNotes bounds what is logged about one provider.
const maxNotes = 100

// reportTo sets the logger, once.
func (n *notes) reportTo(l *slog.Logger) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.logger = cmp.Or(n.logger, l)
}

// add logs what is odd about a document unless it is known. A nil value logs nothing.
func (n *notes) add(document string, odd ...string) {
	for _, what := range odd {
		if logger := n.news(document + ": " + what); logger != nil {
			logger.Warn("sallyport: irregular answer from a provider",
				"document", document, "detail", what)
		}
	}
}

// news returns the logger for something that has not been said.
func (n *notes) news(what string) *slog.Logger {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.said[what] || len(n.said) >= maxNotes {
		return nil
	}
	if n.said == nil {
		n.said = map[string]bool{}
	}
	n.said[what] = true
	return cmp.Or(n.logger, slog.Default())
}
