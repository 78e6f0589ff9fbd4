package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// refreshedAt is where the session notes when its tokens were last refreshed.
const refreshedAt = "refreshed-at"

// An apiCall is what came of calling the provider's API as the user.
type apiCall struct {
	URL       string
	Signed    bool   // as OAuth 1.0a has it, instead of sending the token
	Answer    string // JSON, indented
	Problem   string // why there is none
	Until     string // end of the access token; empty if the provider did not say
	Refreshed string // when the tokens were last refreshed; empty for never
}

// callAPI asks the provider's API who the user is, with the user's own access token. A problem is
// shown on the page, which has other things to show.
func (p *pages) callAPI(w http.ResponseWriter, r *http.Request, s *session.Session) *apiCall {
	call := &apiCall{}
	var method string
	var err error
	method, call.URL, err = p.profileOf(r, s.Provider)
	if err == nil && call.URL == "" {
		return nil
	}
	if err == nil {
		call.Answer, err = p.ask(w, r, method, call.URL)
	}
	if err != nil {
		call.Problem = "The provider's API does not answer at the moment."
	}
	_, call.Signed = p.providers[s.Provider].(*provider.OAuth1)
	// Read afterwards: Client has renewed the session if that was due.
	call.Refreshed = s.Values[refreshedAt]
	if tokens, err := s.Tokens(); err == nil && !tokens.Expiry.IsZero() {
		call.Until = tokens.Expiry.UTC().Format(time.RFC1123)
	}
	return call
}

// profileOf returns where a provider's API serves the user's profile; empty if it does not.
func (p *pages) profileOf(r *http.Request, name string) (method, address string, err error) {
	switch p := p.providers[name].(type) {
	case *provider.OIDC:
		address, err = p.UserInfoURL(r.Context())
	case *provider.OAuth2:
		method, address = p.UserMethod, p.Endpoints.UserInfo
	case *provider.OAuth1:
		address = p.Endpoints.UserInfo
	}
	return method, address, err
}

// ask fetches a JSON document as the user. The address may be relative to the provider's APIBase.
func (p *pages) ask(
	w http.ResponseWriter, r *http.Request, method, address string,
) (string, error) {
	client, err := p.auth.Client(w, r)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(r.Context(), cmp.Or(method, http.MethodGet),
		address, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d", resp.StatusCode)
	}
	var answer any
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil {
		return "", err
	}
	indented, err := json.MarshalIndent(answer, "", "  ")
	return string(indented), err
}
