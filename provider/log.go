package provider

import (
	"cmp"
	"errors"
	"log/slog"
	"net/textproto"
	"strings"
	"sync"

	"github.com/sallyport-go/sallyport/internal/logtext"
)

// A Reporter logs irregularities of its provider that do not fail a login. sallyport.New passes it
// the logger; the default is slog.Default.
type Reporter interface {
	// ReportTo sets the logger. It must be safe for concurrent use, and the first call wins.
	ReportTo(*slog.Logger)
}

// notes logs irregular responses of a provider: each once, and a bounded number.
type notes struct {
	mu     sync.Mutex
	logger *slog.Logger
	said   map[string]bool
}

// maxNotes bounds the irregularities logged per provider.
const maxNotes = 100

// reportTo sets the logger, once.
func (n *notes) reportTo(l *slog.Logger) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.logger = cmp.Or(n.logger, l)
}

// add logs the irregularities of a document that are new. A nil value logs nothing.
func (n *notes) add(document string, odd ...string) {
	for _, what := range odd {
		if logger := n.news(document + ": " + what); logger != nil {
			logger.Warn("sallyport: irregular response from a provider",
				"document", document, "detail", what)
		}
	}
}

// news returns the logger if what has not been logged, else nil.
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

// The functions below make text of a provider or of the network safe for a log: printable, short,
// without markup and without the secrets of the request.

// longestText is the longest text of a provider that is logged, in characters.
const longestText = 200

// printable makes text of a provider safe for an error message.
func printable(s string) string { return logtext.Printable(s, longestText) }

// description makes an error_description safe for a log: without the secrets that some providers
// repeat there.
func description(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return printable(text)
}

// withoutQuotes returns a network error with the text of networkText, for callers that log it.
func withoutQuotes(err error) error {
	if err == nil || networkText(err) == err.Error() {
		return err
	}
	return &networkError{err}
}

type networkError struct{ err error }

func (e *networkError) Error() string { return networkText(e.err) }
func (e *networkError) Unwrap() error { return e.err }

// networkText returns the text of a network error without quotes: net/http quotes malformed
// responses, which may repeat the request.
func networkText(err error) string {
	if _, malformed := errors.AsType[textproto.ProtocolError](err); malformed {
		return "malformed header in the response"
	}
	text, _, quotes := strings.Cut(err.Error(), `"`)
	if quotes {
		text = strings.TrimSpace(text) + " [response text omitted]"
	}
	return printable(text)
}
