package handlers

import (
	"cmp"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	flowCookie        = "flow-"   // then a part of the hash of the flow's key
	destinationCookie = "-rounds" // after a hash of the provider and the flow's key

	// Logins that are never finished must not fill the Cookie header: the oldest flows go when
	// there are more of them than this, or more bytes.
	maxFlows     = 8
	maxFlowBytes = 4096

	// Servers bound the Cookie header to about 8 KB. Destinations get what is left of this.
	cookieBudget = 7680
	// minDestination is what the destination of a new login may always take.
	minDestination = 256

	// What one response costs does not grow with the request: so many cookies of logins are opened,
	// and so many removed. Those beyond are left alone: they may be real, behind the junk of a
	// sibling host.
	maxOpened  = 3 * maxFlows
	maxDropped = maxFlows
	maxSame    = 16 // of one name
)

// A heldCookie is a flow or a destination of this browser.
type heldCookie struct {
	name string
	size int
	at   time.Time
	destination
}

// held are the cookies that the browser has from its logins, newest first. Values that do not open
// are ignored, so they never take the place of a login.
type held struct {
	flows        []heldCookie
	destinations []heldCookie
	dropped      int
}

// held reads the cookies of logins.
func (h *routes) held(r *http.Request) *held {
	cookies := h.config.Sessions.Cookies()
	all, opened := &held{}, 0
	family, flows := h.cookie(""), h.cookie(flowCookie)
	for name, text := range cookies.All(r) {
		isFlow := strings.HasPrefix(name, flows)
		isDestination := strings.HasSuffix(name, destinationCookie) &&
			strings.HasPrefix(name, family)
		if !isFlow && !isDestination || len(text) > maxFlowBytes {
			continue
		}
		if opened++; opened > maxOpened {
			break
		}
		c := heldCookie{name: name, size: h.cookieSize(name, text)}
		if isDestination {
			if d, ok := h.openDestination(name, text); ok {
				c.at, c.destination = d.at, d
				all.destinations = append(all.destinations, c)
			}
		} else if flow, err := h.openFlow(name, text); err == nil {
			c.at = flow.Created
			all.flows = append(all.flows, c)
		}
	}
	newest := func(a, b heldCookie) int { return b.at.Compare(a.at) }
	slices.SortStableFunc(all.flows, newest)
	slices.SortStableFunc(all.destinations, func(a, b heldCookie) int {
		pendingFirst := cmp.Compare(min(a.rounds, 1), min(b.rounds, 1))
		return cmp.Or(pendingFirst, newest(a, b))
	})
	return all
}

// drop removes a cookie, unless this response has already removed enough.
func (h *routes) drop(w http.ResponseWriter, all *held, name string) {
	if all.dropped < maxDropped {
		all.dropped++
		h.config.Sessions.Cookies().Delete(w, name, http.SameSiteLaxMode)
	}
}

// dropFlows removes expired flows of this browser, and its oldest ones until there is room for one
// more of the given size. It returns the bytes of the remaining ones.
func (h *routes) dropFlows(w http.ResponseWriter, all *held, size int) (kept int) {
	count := 1
	for _, f := range all.flows {
		if count >= maxFlows || size+kept+f.size > maxFlowBytes || h.expired(f.at) {
			h.drop(w, all, f.name)
			continue
		}
		count++
		kept += f.size
	}
	return kept
}

// dropDestinations removes destinations that are too many or exceed the given bytes.
func (h *routes) dropDestinations(w http.ResponseWriter, all *held, room int) {
	for i, d := range all.destinations {
		if room -= d.size; room < 0 || i >= maxFlows {
			h.drop(w, all, d.name)
		}
	}
}

// destinationRoom returns how many bytes destinations may take beside all other cookies.
func (h *routes) destinationRoom(w http.ResponseWriter, r *http.Request, all *held,
	flows int) int {
	rest := h.cookieBytes(w, r)
	for _, d := range all.destinations {
		rest -= d.size
	}
	return max(cookieBudget-rest, maxFlowBytes-flows, minDestination)
}

// values returns the values of all cookies of a name. Other hosts of the site may have added some.
func (h *routes) values(r *http.Request, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		n := 0
		for text := range h.config.Sessions.Cookies().ReadAll(r, name) {
			if n++; n > maxSame || !yield(text) {
				return
			}
		}
	}
}

// cookieBytes is the size of the Cookie header that the browser sends after this response.
func (h *routes) cookieBytes(w http.ResponseWriter, r *http.Request) (total int) {
	cookies := h.config.Sessions.Cookies()
	set := map[string]bool{}
	for _, line := range w.Header()["Set-Cookie"] {
		pair, _, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(pair, "=")
		set[strings.TrimPrefix(name, cookies.Name(""))] = true
		if value != "" {
			total += len(pair) + len("; ")
		}
	}
	for _, line := range r.Header["Cookie"] {
		total += len(line) + len("; ")
	}
	for name, text := range cookies.All(r) {
		if set[name] {
			total -= h.cookieSize(name, text)
		}
	}
	return total
}

// cookieSize is what a cookie adds to the Cookie header.
func (h *routes) cookieSize(name, text string) int {
	return len(h.config.Sessions.Cookies().Name("")) + len(name) + len("=") + len(text) + len("; ")
}
