package provider

import (
	"strings"
	"testing"
)

// F40: white space and line ends from copying client credentials are rejected.
func TestVerbatim_F40_ClientsAndIssuers(t *testing.T) {
	const secret = "s3cret-of-the-client"
	for name, spoil := range map[string]func(string) string{
		"line end":        func(s string) string { return s + "\n" },
		"CRLF":            func(s string) string { return s + "\r\n" },
		"space":           func(s string) string { return s + " " },
		"tab before":      func(s string) string { return "\t" + s },
		"no-break space":  func(s string) string { return s + "\u00a0" },
		"byte order mark": func(s string) string { return "\ufeff" + s },
		"zero width":      func(s string) string { return s + "\u200b" },
		"line end inside": func(s string) string { return s[:3] + "\n" + s[3:] },
	} {
		id, key, issuer := spoil("client"), spoil(secret), spoil("https://op.example")
		for field, v := range map[string]Validator{
			"ClientID": &OIDC{Issuer: "https://op.example", ClientID: id},
			"ClientSecret": &OIDC{Issuer: "https://op.example", ClientID: "client",
				ClientSecret: key},
			"Issuer": &OIDC{Issuer: issuer, ClientID: "client"},
			"Discovery": &OIDC{Issuer: "https://op.example", Discovery: issuer,
				ClientID: "client"},
		} {
			wantRejected(t, name, field, v, secret)
		}
		for field, change := range map[string]func(*OAuth2){
			"ClientID":                func(o *OAuth2) { o.ClientID = id },
			"ClientSecret":            func(o *OAuth2) { o.ClientSecret = key },
			"Endpoints.Authorization": func(o *OAuth2) { o.Endpoints.Authorization = issuer },
			"Endpoints.Revocation":    func(o *OAuth2) { o.Endpoints.Revocation = issuer },
			"APIBase":                 func(o *OAuth2) { o.APIBase = issuer },
		} {
			o := &OAuth2{
				ClientID: "client", ClientSecret: secret, Issuer: "https://op.example",
				Endpoints: Endpoints{
					Authorization: "https://op.example/a",
					Token:         "https://op.example/t",
					UserInfo:      "https://op.example/me",
				},
				UserFields: Fields{ID: "id"},
			}
			if _, err := o.Validate(); err != nil {
				t.Fatal(err)
			}
			change(o)
			wantRejected(t, name, field, o, secret)
		}
		for field, change := range map[string]func(*OAuth1){
			"ClientID":     func(o *OAuth1) { o.ClientID = id },
			"ClientSecret": func(o *OAuth1) { o.ClientSecret = key },
		} {
			o := &OAuth1{
				ClientID: "client", ClientSecret: secret, Issuer: "https://op.example",
				UserFields: Fields{ID: "id"},
				Endpoints: Endpoints{
					RequestToken:  "https://op.example/r",
					Authorization: "https://op.example/a",
					Token:         "https://op.example/t",
				},
			}
			if _, err := o.Validate(); err != nil {
				t.Fatal(err)
			}
			change(o)
			wantRejected(t, name, field, o, secret)
		}
	}
}

func wantRejected(t *testing.T, name, field string, v Validator, secret string) {
	t.Helper()
	_, err := v.Validate()
	if err == nil || !strings.Contains(err.Error(), field) ||
		!strings.Contains(err.Error(), "remove") || strings.Contains(err.Error(), secret) {
		t.Errorf("%s, %s of %T: %v", name, field, v, err)
	}
}

// F46: a symmetric algorithm is rejected, and the error names the field to use instead.
func TestSigningAlgs_F46_Symmetric(t *testing.T) {
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c", ClientSecret: "s",
			SigningAlgs: []string{alg}}
		if _, err := o.Validate(); err == nil ||
			!strings.Contains(err.Error(), "SecretSignsTokens") ||
			!strings.Contains(err.Error(), alg) {
			t.Errorf("%s: %v", alg, err)
		}
	}
}
