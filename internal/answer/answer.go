// Package answer is the one table of outcomes: for each code that an event, a log line or a failed
// request can carry, its HTTP status, what the user reads, and what the operator should know.
//
// docs/troubleshooting.md is generated from it:
//
//	go generate ./internal/answer
//
// Tests fail when the document is out of date, when the code uses an outcome that is missing here,
// and when an outcome here is not used.
package answer

import (
	"slices"
	"strings"
)

//go:generate go run ./generate

// An Outcome is what one code means.
type Outcome struct {
	Code   string
	Status int // of the HTTP response; 0 if the code occurs in events and log lines only

	Wording            // what the user or client reads
	Cause    string    // why it happens, for operators
	Remedy   string    // what to do about it, for operators
	Variants []Wording // the same outcome in other situations
}

// A Wording is an outcome in words for the user: no blame, no protocol names, nothing from the
// request. In names the situation of a variant.
type Wording struct {
	In    string
	Title string // a few words
	Text  string // what happened and what to do next
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
		for _, v := range o.Variants {
			if v.In == in {
				o.Wording = v
				return o, true
			}
		}
	}
	return Outcome{}, false
}

// help is where the operator reads about outcomes, at a section per code.
const help = "https://github.com/sallyport-go/sallyport/blob/main/docs/troubleshooting.md#"

// Help returns the address of the section about a code in docs/troubleshooting.md.
func Help(code string) string { return help + code }
