package provider

import (
	"errors"
	"net/textproto"
	"regexp"
	"strings"
)

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
