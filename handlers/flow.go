package handlers

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/provider"
)

// flowLifetime is how long a login may take, from the redirect to the provider to the callback. It
// is enforced by the time sealed in the flow, not by the cookie's Max-Age alone.
const flowLifetime = 15 * time.Minute

// flowName is the name of the cookie for a flow with this key: each attempt has its own, so that
// logins in several tabs do not disturb each other.
func (h *routes) flowName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return h.cookie(flowCookie + base64.RawURLEncoding.EncodeToString(sum[:9]))
}

// cookie is the name of one of our cookies beside the session's.
func (h *routes) cookie(suffix string) string {
	return h.config.Sessions.CookieName() + "-" + suffix
}

// flowTicket ties a sealed flow to its cookie and this application. The provider and the client
// registration that it was started with are in the flow, so that its age can be told without
// knowing every provider.
func (h *routes) flowTicket(cookie string) engine.Ticket {
	return engine.Ticket{Name: cookie, Binding: h.bound("")}
}

// keepFlow seals the flow and its destination, each into a cookie of its own, and removes older
// ones that are too many.
func (h *routes) keepFlow(w http.ResponseWriter, r *http.Request, p provider.Provider,
	f *provider.Flow) error {
	name := h.flowName(f.State)
	text, err := h.sealFlow(name, f)
	if err != nil {
		return err
	}
	size := h.cookieSize(name, text)
	if size > maxFlowBytes {
		return fmt.Errorf("handlers: this login needs a cookie of %d bytes, more than %d: "+
			"ask for less in Flow.Request", size, maxFlowBytes)
	}
	all := h.held(r)
	kept := h.dropFlows(w, all, size)
	h.config.Sessions.Cookies().Set(w, name, text, flowLifetime, flowSameSite(p))

	room, taken := h.destinationRoom(w, r, all, kept+size), 0
	if f.ReturnTo != h.returns.start() {
		d := destination{to: f.ReturnTo, at: f.Created, kind: kindOf(f)}
		taken, err = h.keepDestination(w, p, f, d, room)
	}
	h.dropDestinations(w, all, room-taken)
	return err
}

// sealFlow leaves out what is known at the callback, and the address to return to, which has a
// cookie of its own.
func (h *routes) sealFlow(cookie string, f *provider.Flow) (string, error) {
	bare := *f
	bare.ReturnTo, bare.RedirectURI = "", ""
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false) // one byte must not become six
	if err := encoder.Encode(bare); err != nil {
		return "", fmt.Errorf("handlers: encode flow: %w", err)
	}
	text, err := h.config.Sessions.Seal(h.flowTicket(cookie), bytes.TrimSpace(plain.Bytes()))
	if err != nil {
		return "", fmt.Errorf("handlers: seal flow: %w", err)
	}
	return text, nil
}

// openFlow opens a flow of this application, of any age and for any provider.
func (h *routes) openFlow(cookie, text string) (*provider.Flow, error) {
	plain, err := h.config.Sessions.Unseal(h.flowTicket(cookie), text)
	if err != nil {
		return nil, err
	}
	flow := new(provider.Flow)
	if err := json.Unmarshal(plain, flow); err != nil {
		return nil, fmt.Errorf("handlers: decode flow: %w", err)
	}
	return flow, nil
}

// flowSameSite is Lax, so that the cookie comes along when the provider redirects back, except for
// providers that POST back, which browsers let only SameSite=None cookies follow.
func flowSameSite(p provider.Provider) http.SameSite {
	if callbackMethod(p) == http.MethodPost {
		return http.SameSiteNoneMode
	}
	return http.SameSiteLaxMode
}

// useFlow uses a flow up: its cookie is removed and it is not accepted again, whatever comes of it.
func (h *routes) useFlow(w http.ResponseWriter, p provider.Provider, flow *provider.Flow) error {
	h.config.Sessions.Cookies().Delete(w, h.flowName(flow.State), flowSameSite(p))
	if !h.spent.first(flow.Provider, flow.State, flow.Created, h.config.Sessions.Now()) {
		return errUsed
	}
	return nil
}

// findFlow finds the flow with this key among the browser's cookies. Only one that was made for
// this provider and client, and is young enough, can be finished (R34). Otherwise it returns a
// *flowError; one that has expired it returns as well.
func (h *routes) findFlow(r *http.Request, c callback) (*provider.Flow, error) {
	if c.key == "" {
		return nil, &flowError{reason: flowNoState}
	}
	cookie := h.flowName(c.key)
	missing := &flowError{reason: flowMissing}
	for text := range h.values(r, cookie) {
		flow, err := h.openFlow(cookie, text)
		switch {
		case err != nil:
			missing.or(flowUnreadable)
		case flow.Provider != c.name || flow.Registration != c.p.Registration():
			missing.or(flowElsewhere)
			missing.provider = flow.Provider
		case flow.State == "" || subtle.ConstantTimeCompare([]byte(flow.State), []byte(c.key)) != 1:
			missing.or(flowUnreadable)
		default:
			d, _ := h.destinationOf(r, c.name, c.key)
			flow.ReturnTo, flow.RedirectURI = d.to, h.redirectURI(c.name, c.p)
			return flow, h.checkAge(flow)
		}
	}
	return nil, missing
}

func (h *routes) checkAge(flow *provider.Flow) error {
	switch age := h.config.Sessions.Now().Sub(flow.Created); {
	case age >= flowLifetime:
		return &flowError{reason: flowExpired, age: age - flowLifetime}
	case age <= -time.Minute:
		return &flowError{reason: flowAhead, age: -age}
	}
	return nil
}
