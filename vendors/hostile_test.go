package vendors_test

import (
	"maps"
	"testing"

	"github.com/sallyport-go/sallyport/vendors"
)

// tokenEndpoint is the address of the answer to the code.
func tokenEndpoint(c trial) string {
	for address, answer := range c.Answers {
		if answer.Request != nil && answer.Request.Grant == "code" {
			return address
		}
	}
	return ""
}

// A hostile is a change that must fail the login at every OpenID Connect vendor.
type hostile struct {
	change func(*trial)
	fault  string
}

func claim(name string, value any) func(*trial) {
	return func(c *trial) { c.IDToken = laid(c.IDToken, map[string]any{name: value}) }
}

func header(members map[string]any) func(*trial) {
	return func(c *trial) { c.Header = members }
}

// answers merges a reply into that of the token endpoint.
func answers(over reply) func(*trial) {
	return func(c *trial) {
		c.Answers = laidAnswers(c.Answers, map[string]reply{
			tokenEndpoint(*c): over,
		})
	}
}

func callsBack(params map[string]any) func(*trial) {
	return func(c *trial) {
		changed := callback{}
		if c.Callback != nil {
			changed = *c.Callback
		}
		changed.Params = laid(changed.Params, params)
		c.Callback = &changed
	}
}

func text(s string) *string { return &s }

func withoutNonce(c *trial) { c.IDToken = laid(c.IDToken, map[string]any{"nonce": nil}) }

// R42, R46, R50, R56: answers that no vendor may accept.
var hostiles = map[string]hostile{
	"iss of another provider": {claim("iss", "https://op.example.com"), "invalid_id_token"},
	"iss in upper case": {
		claim("iss", "HTTPS://ACCOUNTS.EXAMPLE.COM"),
		"invalid_id_token",
	},
	"no iss":                {claim("iss", nil), "invalid_id_token"},
	"aud of another client": {claim("aud", "another-client"), "invalid_id_token"},
	"another client among aud": {
		claim("aud", []any{"{client_id}", "another-client"}),
		"invalid_id_token",
	},
	"azp of another client":  {claim("azp", "another-client"), "invalid_id_token"},
	"no sub":                 {claim("sub", nil), "invalid_id_token"},
	"sub is a number":        {claim("sub", 7), "invalid_id_token"},
	"expired":                {claim("exp", "{now-120}"), "invalid_id_token"},
	"no exp":                 {claim("exp", nil), "invalid_id_token"},
	"no iat":                 {claim("iat", nil), "invalid_id_token"},
	"nonce of another login": {claim("nonce", "another"), "invalid_id_token"},
	"no signature":           {header(map[string]any{"alg": "none"}), "invalid_id_token"},
	"signed with the secret": {header(map[string]any{"alg": "HS256"}), "invalid_id_token"},
	"an unknown key": {
		header(map[string]any{"alg": "RS256", "kid": "unknown"}),
		"invalid_id_token",
	},
	"no ID token": {
		answers(reply{Merge: map[string]any{"id_token": nil}}),
		"token_error",
	},
	"an error with status 200": {
		answers(reply{JSON: map[string]any{"error": "invalid_grant"}}),
		"token_error",
	},
	"the same name twice": {
		answers(reply{
			Text: text(`{"access_token":"a","access_token":"b","id_token":"x"}`),
			Type: "application/json",
		}),
		"token_error",
	},
	"a page instead of JSON": {
		answers(reply{Text: text("<html></html>"), Type: "text/html"}),
		"token_error",
	},
	"a server in trouble": {
		answers(reply{Text: text("oops"), Status: 502}),
		"provider_unavailable",
	},
	"a redirect": {
		answers(reply{
			Text:   text(""),
			Status: 307,
			Header: map[string]string{"Location": "https://op.example.com/token"},
		}),
		"token_error",
	},
	"state of another login": {callsBack(map[string]any{"state": "another"}), "no_flow"},
	"a code and an error": {
		callsBack(map[string]any{"error": "access_denied"}),
		"invalid_response",
	},
	"an access token in the front": {
		callsBack(map[string]any{"access_token": "x"}),
		"invalid_response",
	},
	"iss in front of another": {
		callsBack(map[string]any{"iss": "https://op.example.com"}),
		"issuer_mismatch",
	},
	"two codes": {
		callsBack(map[string]any{"code": []any{"a", "b"}}),
		"invalid_response",
	},
	"no code": {callsBack(map[string]any{"code": nil}), "invalid_response"},
	"declined": {
		callsBack(map[string]any{"code": nil, "error": "access_denied"}),
		"access_denied",
	},
}

func TestVendors_R46_HostileAnswers(t *testing.T) {
	for _, f := range fixtures(t) {
		vendor, _ := vendors.Named(f.Vendor)
		if vendor.Protocol != vendors.OpenIDConnect {
			continue
		}
		rows := maps.Clone(hostiles)
		rows["no nonce"] = hostile{withoutNonce, "invalid_id_token"}
		usual := f.trials()[0]
		for name, row := range rows {
			t.Run(f.Vendor+" "+name, func(t *testing.T) {
				c := usual
				row.change(&c)
				c.Fault, c.User, c.Refresh, c.Logout = row.fault, nil, nil, nil
				c.Requested, c.NotRequested = nil, nil
				for _, complaint := range run(t, vendor, c) {
					t.Error(complaint)
				}
			})
		}
	}
}

// R59: an issuer that differs from the configured one in a slash, in case, or altogether.
func TestVendors_R59_DiscoveryOfAnotherIssuer(t *testing.T) {
	for _, f := range fixtures(t) {
		vendor, _ := vendors.Named(f.Vendor)
		if vendor.Protocol != vendors.OpenIDConnect {
			continue
		}
		usual := f.trials()[0]
		for address, answer := range usual.Answers {
			document, _ := answer.JSON.(map[string]any)
			issuer, found := document["issuer"].(string)
			if !found {
				continue
			}
			for _, other := range []string{
				issuer + "/",
				"https://op.example.com",
				"HTTPS" + issuer[5:],
				"",
			} {
				t.Run(f.Vendor+" "+other, func(t *testing.T) {
					c := usual
					c.Answers = laidAnswers(c.Answers, map[string]reply{
						address: {Merge: map[string]any{"issuer": other}},
					})
					c.Fault = "provider_misconfigured"
					for _, complaint := range run(t, vendor, c) {
						t.Error(complaint)
					}
				})
			}
		}
	}
}
