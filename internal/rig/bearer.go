package rig

import (
	"maps"
	"net/http"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// Audience is the audience of access tokens for the API under test.
const Audience = "https://api.example.com"

// AccessToken is a JWT access token (RFC 9068) for alice, with changes.
func AccessToken(app *App, change func(claims, header map[string]any)) string {
	now := app.Clock.Now().Unix()
	claims := map[string]any{
		"iss":       app.OP.Issuer(),
		"sub":       "1001",
		"aud":       Audience,
		"exp":       now + 600,
		"iat":       now,
		"jti":       "1",
		"client_id": "some-client",
		"scope":     "reports other",
		"roles":     []string{"admin"},
	}
	header := map[string]any{"typ": "at+jwt"}
	if change != nil {
		change(claims, header)
	}
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDTokenHeader = func(h map[string]any) { maps.Copy(h, header) }
	})
	defer app.OP.Behave()
	return app.OP.Sign(claims)
}

// GetAPI calls a path as a program.
func GetAPI(t *testing.T, app *App, path, authorization string) *http.Response {
	t.Helper()
	bare := &http.Client{Transport: Browser(t).Transport}
	return app.Get(
		t, bare, path, "Authorization", authorization, "Sec-Fetch-Mode", "cors", "Accept",
		"application/json",
	)
}
