package main

import (
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
	Answer    string // JSON, indented
	Problem   string // why there is none
	Until     string // end of the access token; empty if the provider did not say
	Refreshed string // when the tokens were last refreshed; empty for never
}

// callAPI asks the userinfo endpoint who the user is, with the user's own access token. A problem is shown on the page, which
// has other things to show.
func (p *pages) callAPI(w http.ResponseWriter, r *http.Request, s *session.Session) *apiCall {
	oidc, ok := p.providers[s.Provider].(*provider.OIDC)
	if !ok {
		return nil
	}
	call := &apiCall{}
	var err error
	if call.URL, err = oidc.UserInfoURL(r.Context()); err == nil && call.URL == "" {
		return nil
	}
	if err == nil {
		call.Answer, err = p.get(w, r, call.URL)
	}
	if err != nil {
		call.Problem = "The provider's API does not answer at the moment."
	}
	// Read afterwards: Client has renewed the session if that was due.
	call.Refreshed = s.Values[refreshedAt]
	if tokens, err := s.Tokens(); err == nil && !tokens.Expiry.IsZero() {
		call.Until = tokens.Expiry.UTC().Format(time.RFC1123)
	}
	return call
}

// get fetches a JSON document as the user.
func (p *pages) get(w http.ResponseWriter, r *http.Request, address string) (string, error) {
	client, err := p.auth.Client(w, r)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, nil)
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
