package session

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/internal/cookies"
)

const (
	maxChunks = 5
	maxText   = 20 << 10 // all chunks together

	// Browsers reject a cookie whose name, value and attributes exceed 4096 bytes (RFC 6265 section
	// 6.1); some proxies have a lower limit.
	maxCookie = 3900

	maxLeftover = 99 // leftovers with higher numbers are not ours
	maxRemoved  = 16 // leftovers that one response removes, those with the lowest numbers

	// fullChunk is less than the length of the first of several cookies, whatever its name and
	// domain.
	fullChunk = 3000

	// shortestText is less than the length of any text that we seal.
	shortestText = 40
)

// Every further cookie of a text starts with its tag: four characters of the first cookie, from the
// nonce of the seal. The tag tells the cookies of one write from leftovers, and from cookies of the
// same names set by a sibling host, before anything is opened (R97).
const (
	tagAt   = 10
	tagSize = 4
)

// tagOf returns the tag of the text that starts with the given cookie.
func tagOf(first string) (tag string, ok bool) {
	if len(first) < tagAt+tagSize {
		return "", false
	}
	return first[tagAt : tagAt+tagSize], true
}

// chunks are the cookies of one text: "name", "name.1", "name.2", ...
type chunks [maxChunks]string

// pieces returns the cookies without their tags, up to the first with another tag.
func (c chunks) pieces() chunks {
	pieces := chunks{c[0]}
	tag, ok := tagOf(c[0])
	for i := 1; ok && i < maxChunks; i++ {
		if pieces[i], ok = strings.CutPrefix(c[i], tag); !ok {
			pieces[i] = ""
		}
	}
	return pieces
}

// firstChunks returns the first value of each chunk's name in the request, and whether some name
// occurs more than once.
func firstChunks(c cookies.Jar, r *http.Request, name string) (found chunks, twice bool) {
	for cookie, value := range c.All(r) {
		i, ours := chunkNumber(cookie, name)
		if !ours || i >= maxChunks || value == "" {
			continue
		}
		if found[i] != "" {
			twice = true
			continue
		}
		found[i] = value
	}
	return found, twice
}

// candidates returns each text that the request may carry under a name whose cookies occur more
// than once: each value of the first cookie, with the further cookies that have its tag, or
// otherwise with the first one of each further name (formats 1 and 2 had no tags). Opening them
// shows which are ours (R93). The number of candidates is bounded.
func candidates(c cookies.Jar, r *http.Request, name string) []chunks {
	type place struct {
		number int
		tag    string
	}
	var all []chunks
	var untagged chunks
	tagged := map[place]string{}
	known := map[string]bool{}
	for cookie, value := range c.All(r) {
		i, ours := chunkNumber(cookie, name)
		switch {
		case !ours || i >= maxChunks || value == "":
		case i == 0:
			if len(value) >= shortestText && len(all) < cookies.MaxSame && !known[value] {
				known[value] = true
				all = append(all, chunks{value})
			}
		default:
			if untagged[i] == "" {
				untagged[i] = value
			}
			at := place{i, value[:min(tagSize, len(value))]}
			if tagged[at] == "" && len(tagged) < maxChunks*cookies.MaxSame {
				tagged[at] = value
			}
		}
	}
	for n := range all {
		tag, ok := tagOf(all[n][0])
		for i := 1; i < maxChunks; i++ {
			all[n][i] = untagged[i]
			if value := tagged[place{i, tag}]; ok && value != "" {
				all[n][i] = value
			}
		}
	}
	return all
}

// chunkNumber returns the number of a chunk's cookie. Each number has one spelling: not ".01", not
// ".-1".
func chunkNumber(cookie, name string) (int, bool) {
	if !strings.HasPrefix(cookie, name) {
		return 0, false
	}
	suffix := cookie[len(name):]
	if suffix == "" {
		return 0, true
	}
	if suffix[0] != '.' || len(suffix) > 3 || len(suffix) < 2 || suffix[1] == '0' {
		return 0, false
	}
	n := 0
	for _, digit := range []byte(suffix[1:]) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = 10*n + int(digit-'0')
	}
	return n, true
}

func chunkName(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "." + strconv.Itoa(i)
}
