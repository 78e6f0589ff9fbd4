package provider

import (
	"cmp"
	"errors"
	"log/slog"
	"net/textproto"
	"regexp"
	"strings"
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

// What is in this file keeps text of a provider, and of the network on the way to it, from doing
// harm in a log: it is printable, short, without markup and without the secrets of the request.

// longestText is how much of a provider's text is passed on.
const longestText = 200

// printable makes text of a provider fit for an error message.
func printable(s string) string {
	if len(s) > longestText {
		s = s[:longestText]
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, s)
	return tagStart.ReplaceAllString(s, ".$1")
}

// tagStart is where HTML begins a tag or a comment.
var tagStart = regexp.MustCompile(`<([A-Za-z/!?])`)

// description makes an error_description fit for a log: without the secrets that some providers
// repeat there.
func description(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return printable(text)
}

// withoutQuotes returns an error of the network with the text of networkText, for those who log it
// themselves.
func withoutQuotes(err error) error {
	if err == nil || networkText(err) == err.Error() {
		return err
	}
	return &networkError{err}
}

type networkError struct{ err error }

func (e *networkError) Error() string { return networkText(e.err) }
func (e *networkError) Unwrap() error { return e.err }

// networkText is the text of an error of the network. net/http quotes what it cannot understand of
// an answer, which may repeat what was sent: that goes.
func networkText(err error) string {
	if _, malformed := errors.AsType[textproto.ProtocolError](err); malformed {
		return "malformed header in the answer"
	}
	text, _, quotes := strings.Cut(err.Error(), `"`)
	if quotes {
		text = strings.TrimSpace(text) + " [text of the answer withheld]"
	}
	return printable(text)
}
