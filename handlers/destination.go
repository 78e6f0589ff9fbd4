package handlers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

const (
	// destinationLifetime is how long the browser keeps where a login leads: longer than the flow,
	// so that a login page that was left open for too long still ends at the right place.
	destinationLifetime = time.Hour
	// arrivedLifetime is the same after the login, for callbacks that come again.
	arrivedLifetime = flowLifetime
)

// A destination is where a login leads. It has its own sealed cookie beside the flow's, so that an
// address never makes a flow too large: it is shortened or left out instead. After the login the
// cookie stays for a while, because it holds the number of rounds and proves that a repeated
// callback belongs to this browser. A login to the start page gets one only then.
type destination struct {
	to     string
	at     time.Time // when the login began, or ended
	rounds byte      // 0: pending; otherwise the login is done, the n-th in a row of the same kind
	kind   loginKind
}

// A loginKind identifies repeated logins: with one provider, for one address and request. All
// step-ups of a page are of one kind, because an API behind the page may require something else
// each time.
type loginKind [4]byte

// kindOf is the kind of a login.
func kindOf(f *provider.Flow) (kind loginKind) {
	same := []any{f.Provider, f.ReturnTo, f.Request}
	if f.StepUp {
		same = []any{f.ReturnTo}
	}
	text, _ := json.Marshal(same) // always marshals
	sum := sha256.Sum256(text)
	copy(kind[:], sum[:])
	return kind
}

// destinationHead is the size of the plain text before the address.
const destinationHead = 4 + 1 + len(loginKind{})

func (d destination) encode() []byte {
	plain := binary.BigEndian.AppendUint32(nil, uint32(d.at.Unix()))
	plain = append(plain, d.rounds)
	plain = append(plain, d.kind[:]...)
	return append(plain, d.to...)
}

func decodeDestination(plain []byte) (d destination, ok bool) {
	if len(plain) < destinationHead {
		return d, false
	}
	d.at = time.Unix(int64(binary.BigEndian.Uint32(plain)), 0)
	d.rounds = plain[4]
	d.kind = loginKind(plain[5:])
	d.to = string(plain[destinationHead:])
	return d, true
}

// lifetime is how long the destination is useful.
func (d destination) lifetime() time.Duration {
	if d.rounds > 0 {
		return arrivedLifetime
	}
	return destinationLifetime
}

// destinationName is the cookie of the login with this state. The provider is part of it, so that
// another provider's callback does not find it.
func (h *routes) destinationName(name, state string) string {
	sum := sha256.Sum256([]byte(h.bound(name) + " " + state))
	return h.cookie(base64.RawURLEncoding.EncodeToString(sum[:9]) + destinationCookie)
}

// destinationOf returns the destination of a login of this browser.
func (h *routes) destinationOf(r *http.Request, name, state string) (destination, bool) {
	cookie := h.destinationName(name, state)
	for text := range h.values(r, cookie) {
		if d, ok := h.openDestination(cookie, text); ok {
			return d, true
		}
	}
	return destination{to: h.returns.start()}, false
}

// openDestination opens a destination that is recent enough. Its address is checked again (R84).
func (h *routes) openDestination(cookie, text string) (destination, bool) {
	plain, err := h.config.Sessions.Unseal(h.flowTicket(cookie), text)
	if err != nil {
		return destination{}, false
	}
	d, ok := decodeDestination(plain)
	d.to = h.returns.clean(d.to)
	age := h.config.Sessions.Now().Sub(d.at)
	return d, ok && -time.Minute < age && age < d.lifetime()
}

// sealDestination seals d in a cookie of at most room bytes, if necessary without the query or the
// address.
func (h *routes) sealDestination(cookie string, d destination, room int) (string, error) {
	path, _, _ := strings.Cut(d.to, "#")
	path, _, _ = strings.Cut(path, "?")
	for _, d.to = range []string{d.to, path, h.returns.start()} {
		text, err := h.config.Sessions.Seal(h.flowTicket(cookie), d.encode())
		if err != nil || h.cookieSize(cookie, text) <= room {
			return text, err
		}
	}
	return "", nil
}

// keepDestination stores where a login leads in its cookie, within the given number of bytes.
func (h *routes) keepDestination(w http.ResponseWriter, p provider.Provider, f *provider.Flow,
	d destination, room int) (taken int, err error) {
	cookie := h.destinationName(f.Provider, f.State)
	text, err := h.sealDestination(cookie, d, room)
	if err != nil || text == "" {
		return 0, err
	}
	h.config.Sessions.Cookies().Set(w, cookie, text, d.lifetime(), flowSameSite(p))
	return h.cookieSize(cookie, text), nil
}

// arrive records that a login has led to its destination, or to the page that Hooks.Login has sent
// the user to.
func (h *routes) arrive(w http.ResponseWriter, r *http.Request, a response, to string) {
	d, ok := h.destinationOf(r, a.name, a.flow.State)
	if !ok {
		d.kind = kindOf(a.flow)
	}
	d.to = to
	d.at, d.rounds = h.config.Sessions.Now(), byte(min(a.flow.Round+1, maxRounds))
	room := max(cookieBudget-h.cookieBytes(w, r), minDestination)
	if _, err := h.keepDestination(w, a.p, a.flow, d, room); err != nil {
		h.config.Login.Logger.ErrorContext(r.Context(), "sallyport: destination not kept",
			"error", err)
	}
}

// forgetDestination removes the destination of a flow.
func (h *routes) forgetDestination(w http.ResponseWriter, p provider.Provider, f *provider.Flow) {
	h.config.Sessions.Cookies().Delete(w, h.destinationName(f.Provider, f.State), flowSameSite(p))
}
