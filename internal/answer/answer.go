// Package answer writes what users and programs read: pages, application/problem+json (RFC 9457),
// and with each failure one log line and one event.
//
// It has one table of outcomes: for each code that an event, a log line or a failed request can
// carry, its HTTP status, the texts that the user reads, and what the operator should know. The
// texts themselves are in texts, one file per language.
//
// docs/troubleshooting.md is generated from both:
//
//	go generate ./internal/answer
//
// Tests fail when the document is out of date, when the code uses an outcome that is missing here,
// when an outcome here is not used, and when a language lacks a text.
package answer

import (
	"cmp"
	"slices"
	"strings"
)

//go:generate go run ./generate

// An Outcome is what one code means.
type Outcome struct {
	Code   string
	Status int // of the HTTP response; 0 if the code occurs in events and log lines only

	Words    string   // key of the texts, without ".title" and ".text"; default: Code
	Cause    string   // why it happens, for operators
	Remedy   string   // what to do about it, for operators
	Variants []string // situations in which the outcome has texts of its own: Code + "/" + variant
}

// words is the key of the outcome's texts.
func (o Outcome) words() string { return cmp.Or(o.Words, o.Code) }

// wordings are the keys of all texts of the outcome, its own first.
func (o Outcome) wordings() []string {
	if o.Status == 0 {
		return nil
	}
	keys := []string{o.words()}
	for _, v := range o.Variants {
		keys = append(keys, o.Code+"/"+v)
	}
	return keys
}

// all is the table.
var all = slices.Concat(logins, providers, sessions, requests, logouts, pages)

// All returns the outcomes in no particular order.
func All() []Outcome { return slices.Clone(all) }

// Find returns the outcome of a code such as "cross_site", or of one of its variants such as
// "cross_site/logout".
func Find(name string) (Outcome, bool) {
	code, in, _ := strings.Cut(name, "/")
	for _, o := range all {
		if o.Code != code {
			continue
		}
		if in == "" {
			return o, true
		}
		if slices.Contains(o.Variants, in) {
			o.Words = name
			return o, true
		}
	}
	return Outcome{}, false
}

// help is where the operator reads about outcomes, at a section per code.
const help = "https://github.com/sallyport-go/sallyport/blob/main/docs/troubleshooting.md#"

// Help returns the address of the section about a code in docs/troubleshooting.md.
func Help(code string) string { return help + code }
