package handlers

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// FlowLifetime is how long a login may take, from the redirect to the provider to the callback. It is
// enforced by the time sealed in the flow, not by the cookie's Max-Age alone.
const FlowLifetime = 15 * time.Minute

const (
	flowCookie = "flow-" // then a part of the hash of the flow's key

	// Logins that are never finished must not fill the Cookie header, which servers bound to
	// about 8 KB: the oldest go when there are more flows than this, or more bytes.
	maxFlows     = 8
	maxFlowBytes = 4096
)

// flowName is the name of the cookie for a flow with this key: each attempt has its own, so that
// logins in several tabs do not disturb each other.
func (h *Handlers) flowName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return h.cookie(flowCookie + base64.RawURLEncoding.EncodeToString(sum[:9]))
}

// cookie is the name of one of our cookies beside the session's.
func (h *Handlers) cookie(suffix string) string {
	return h.config.Sessions.CookieName() + "-" + suffix
}

// flowBinding ties a sealed flow to this application. The provider and the client registration that it was started
// with are in the flow, so that its age can be told without knowing every provider.
func (h *Handlers) flowBinding() string { return h.RedirectURI("") }

// keepFlow seals the flow into a cookie of its own and removes those that are too many.
func (h *Handlers) keepFlow(w http.ResponseWriter, r *http.Request, p provider.Provider, f *provider.Flow) error {
	plain, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("handlers: encode flow: %w", err)
	}
	sessions := h.config.Sessions
	name := h.flowName(f.State)
	text, err := sessions.Keyring().Seal(session.PurposeFlow, name, h.flowBinding(), plain, sessions.Now())
	if err != nil {
		return fmt.Errorf("handlers: seal flow: %w", err)
	}
	if size := len(name) + len(text); size > maxFlowBytes {
		return fmt.Errorf("handlers: login needs %d bytes of cookie, more than %d", size, maxFlowBytes)
	}
	h.dropFlows(w, r, len(name)+len(text))
	sessions.Cookies().Set(w, name, text, FlowLifetime, flowSameSite(p))
	return nil
}

// flowSameSite is Lax, so that the cookie comes along when the provider redirects back, except for
// providers that POST back, which browsers let only SameSite=None cookies follow.
func flowSameSite(p provider.Provider) http.SameSite {
	if callbackMethod(p) == http.MethodPost {
		return http.SameSiteNoneMode
	}
	return http.SameSiteLaxMode
}

// findFlow finds the flow that a callback belongs to. A callback without a flow changes nothing.
func (h *Handlers) findFlow(r *http.Request, name string, p provider.Provider, params url.Values) (_ *provider.Flow, cookie string, _ error) {
	key := p.FlowKey(params)
	if key == "" {
		return nil, "", h.errNoFlow(name)
	}
	flow, cookie := h.openFlow(r, name, p, key)
	if flow == nil {
		return nil, "", h.errNoFlow(name)
	}
	return flow, cookie, nil
}

// useFlow uses a flow up: its cookie is removed and it is not accepted again, whatever comes of it.
func (h *Handlers) useFlow(w http.ResponseWriter, name string, p provider.Provider, flow *provider.Flow, cookie string) error {
	h.config.Sessions.Cookies().Delete(w, cookie, flowSameSite(p))
	if !h.spent.first(flow.State) {
		return h.errUsed(name)
	}
	return nil
}

// openFlow looks for the flow among this browser's cookies. Only a flow that was made for this
// provider and client, and is young enough, counts (R34).
func (h *Handlers) openFlow(r *http.Request, name string, p provider.Provider, key string) (*provider.Flow, string) {
	cookie := h.flowName(key)
	for text := range h.config.Sessions.Cookies().ReadAll(r, cookie) {
		flow, ok := h.unseal(cookie, text)
		if !ok || flow.Provider != name || flow.Registration != p.Registration() {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(flow.State), []byte(key)) != 1 || flow.State == "" {
			continue
		}
		return flow, cookie
	}
	return nil, ""
}

// unseal opens a flow of this application that is young enough, whichever provider it is for.
func (h *Handlers) unseal(cookie, text string) (*provider.Flow, bool) {
	sessions := h.config.Sessions
	plain, err := sessions.Keyring().Open(session.PurposeFlow, cookie, h.flowBinding(), text, sessions.Now())
	if err != nil {
		return nil, false
	}
	flow := new(provider.Flow)
	return flow, json.Unmarshal(plain, flow) == nil && h.fresh(flow.Created)
}

func (h *Handlers) fresh(created time.Time) bool {
	age := h.config.Sessions.Now().Sub(created)
	return -time.Minute < age && age < FlowLifetime
}

// pendingFlow is a flow cookie of the request.
type pendingFlow struct {
	name    string
	size    int
	created time.Time // zero for what does not open or is over
}

// dropFlows removes this browser's oldest flows until there is room for one more of the given size, and
// everything under a flow's name that is not a flow.
func (h *Handlers) dropFlows(w http.ResponseWriter, r *http.Request, size int) {
	pending := h.pendingFlows(r)
	slices.SortFunc(pending, func(a, b pendingFlow) int { return b.created.Compare(a.created) })
	room, count := maxFlowBytes-size, 1
	for _, f := range pending {
		room -= f.size
		count++
		if f.created.IsZero() || room < 0 || count > maxFlows {
			h.config.Sessions.Cookies().Delete(w, f.name, http.SameSiteLaxMode)
		}
	}
}

// pendingFlows lists the request's flow cookies, which number at most what a header can carry. Any
// provider's flow counts.
func (h *Handlers) pendingFlows(r *http.Request) []pendingFlow {
	var pending []pendingFlow
	prefix := h.cookie(flowCookie)
	for name, text := range h.config.Sessions.Cookies().All(r) {
		if strings.HasPrefix(name, prefix) {
			pending = append(pending, pendingFlow{name, len(name) + len(text), h.flowCreated(name, text)})
		}
	}
	return pending
}

func (h *Handlers) flowCreated(cookie, text string) time.Time {
	if flow, ok := h.unseal(cookie, text); ok {
		return flow.Created
	}
	return time.Time{}
}
