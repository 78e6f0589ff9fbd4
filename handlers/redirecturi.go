package handlers

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/sallyport-go/sallyport/provider"
)

// callbackURL is where the response of a provider arrives, at this origin.
func (h *routes) callbackURL(name string) string {
	return h.config.Origin.String() + h.config.Paths.Callback(name)
}

// bound is what sealed values of logins with a provider are bound to: they open at this origin
// only. The redirect URI cannot serve for this, because origins may share it.
func (h *routes) bound(name string) string { return h.callbackURL(name) }

// redirectURI returns the redirect URI of a provider. Each provider has its own, so that a response
// of one is never taken for a response of another (RFC 9700 section 4.4.2), and it depends on the
// configuration only.
func (h *routes) redirectURI(name string, p provider.Provider) string {
	if h.relayed(p) {
		return h.config.Relay.RedirectURI(name)
	}
	return h.callbackURL(name)
}

// RedirectURI returns the redirect URI of a configured provider. Register it with the provider.
func (h *routes) RedirectURI(name string) string {
	return h.redirectURI(name, h.config.Providers.Configured()[name])
}

// relayed reports whether the responses of a provider come through the relay. Those of OAuth 1.0a
// do not: they have no state, and the relay does not forward their parameters.
func (h *routes) relayed(p provider.Provider) bool {
	_, oauth1 := p.(*provider.OAuth1)
	return h.config.Relay != nil && !oauth1
}

// beginAt lets the provider begin a flow. With a relay, the authorization request has the state of
// the relay, which gives the callback that of the flow.
func (h *routes) beginAt(ctx context.Context, p provider.Provider, flow *provider.Flow) (string,
	error) {
	if !h.relayed(p) {
		return p.Begin(ctx, flow)
	}
	if flow.State == "" {
		flow.State = rand.Text()
	}
	wrapped, err := h.config.Relay.Wrap(flow.Provider, h.callbackURL(flow.Provider), flow.State)
	if err != nil {
		return "", err
	}
	sent := *flow
	sent.State = wrapped
	target, err := p.Begin(ctx, &sent)
	if err != nil {
		return "", err
	}
	if sent.State != wrapped {
		return "", fmt.Errorf("handlers: provider %q makes a state of its own, which the relay "+
			"cannot forward", flow.Provider)
	}
	sent.State = flow.State
	*flow = sent
	return target, nil
}
