package authtest

import (
	"net/http"
	"net/url"
)

// Faults make a provider misbehave. Each field that is not nil changes something that is otherwise
// right, just before it leaves the provider; a test replaces what it needs. The zero value is a
// provider without fault.
type Faults struct {
	Discovery     func(metadata map[string]any)
	JWKS          func(set map[string]any)
	Callback      func(response url.Values)   // the parameters that go back to the application
	IDTokenHeader func(header map[string]any) // before signing
	IDToken       func(claims map[string]any) // before signing
	IDTokenRaw    func(token string) string   // after signing
	// of the ID token that goes through the browser, before signing
	FrontIDToken  func(claims map[string]any)
	TokenResponse func(answer map[string]any) // with the ID token in it
	UserInfo      func(claims map[string]any) // also the profile of the side without OpenID Connect
	Introspection func(answer map[string]any)

	LogoutToken       func(claims map[string]any) // before signing
	LogoutTokenHeader func(header map[string]any) // before signing
	LogoutTokenRaw    func(token string) string   // after signing

	OAuth1RequestToken func(answer url.Values)
	OAuth1AccessToken  func(answer url.Values)
	OAuth1Profile      func(profile map[string]any)

	// Answer changes the body of a right answer of any endpoint, as the last of the faults. The
	// endpoints are those of Handler.
	Answer func(endpoint string, body []byte) []byte

	// AssertionAudience is the only audience of client assertions that the provider accepts, such
	// as the URL of its token endpoint. The default is the issuer.
	AssertionAudience string

	// Handler may answer a request itself, and reports whether it did. The endpoint is "discovery",
	// "jwks", "authorize", "token", "revoke", "introspect", "device", "userinfo", "user", "emails",
	// "par" or "end_session", and for OAuth 1.0a "oauth1/request_token", "oauth1/authorize",
	// "oauth1/access_token" or "oauth1/profile".
	Handler func(endpoint string, w http.ResponseWriter, r *http.Request) bool
}

// Misbehave changes the faults; those of earlier calls stay unless change replaces them.
func (p *Provider) Misbehave(change func(*Faults)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.faults)
}

// Behave takes all faults away.
func (p *Provider) Behave() { p.Misbehave(func(f *Faults) { *f = Faults{} }) }

// SetDown makes the provider drop every connection without an answer, or stop doing so.
func (p *Provider) SetDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

func (p *Provider) fault() (f Faults, down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults, p.down
}

// apply calls a fault, if there is one.
func apply[T any](fault func(T), to T) {
	if fault != nil {
		fault(to)
	}
}
