package vendors_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// A wrong fixture fails.
func TestChecksCanFail(t *testing.T) {
	f := load(t, filepath.Join(folder, "google.json"))
	vendor, _ := vendors.Named("google")
	usual := f.trials()[0]
	for _, c := range []trial{usual, usual.with(trial{})} {
		if complaints := run(t, vendor, c); len(complaints) > 0 {
			t.Fatalf("the usual case: %v", complaints)
		}
	}
	const token = "https://oauth2.googleapis.com/token"
	asked := func(request string) string {
		return `{"answers":{"` + token + `":{"request":{` + request + `}}}}`
	}
	for name, wrong := range map[string]string{
		"address":          `{"authorize":{"url":"https://accounts.google.com/other"}}`,
		"parameter":        `{"authorize":{"params":{"scope":"openid"}}}`,
		"absent":           `{"authorize":{"params":{"nonce":null}}}`,
		"missing":          `{"authorize":{"params":{"more":"x"}}}`,
		"encoding":         `{"authorize":{"encoding":"openid+"}}`,
		"mode":             `{"callback":{"mode":"form_post"}}`,
		"callback":         `{"callback":{"params":{"state":"other"}}}`,
		"unknown request":  `{"change":{"Issuer":"https://other.example.com"}}`,
		"token request":    asked(`"grant":"code","auth":"post","params":{"code_verifier":null}`),
		"client":           asked(`"grant":"code","auth":"none"`),
		"method":           asked(`"method":"GET"`),
		"header":           asked(`"header":{"Accept":"text/html"}`),
		"no header":        asked(`"header":{"Accept":null}`),
		"signature":        `{"id_token_header":{"alg":"none"}}`,
		"user":             `{"user":{"iss":"https://accounts.google.com","sub":"other"}}`,
		"no user":          `{"user":{"iss":"","sub":""}}`,
		"claims":           `{"claims":{"hd":"x"}}`,
		"absent claims":    `{"claims":{"name":null}}`,
		"values":           `{"values":{"a":"b"}}`,
		"scopes":           `{"scopes":["x"]}`,
		"tokens":           `{"tokens":{"access_token":"other"}}`,
		"fault":            `{"fault":"invalid_id_token"}`,
		"mistake":          `{"mistake":"anything"}`,
		"requested":        `{"requested":["https://openidconnect.googleapis.com/v1/userinfo"]}`,
		"not requested":    `{"not_requested":["` + token + `"]}`,
		"refresh":          `{"refresh":{}}`,
		"logout":           `{"logout":{"url":"/elsewhere"}}`,
		"unknown settings": `{"settings":{"color":"red"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf(`{"vendor":"google","cases":[%s]}`, wrong)
			c := usual.with(parse(t, "google.json", []byte(text)).Cases[0])
			if len(run(t, vendor, c)) == 0 {
				t.Errorf("%s: no complaint", wrong)
			}
		})
	}
}

// plainOAuth and signedOAuth are fixtures of made-up vendors without OpenID Connect.
const plainOAuth = `{
	"vendor": "plain",
	"authorize": {"url": "https://plain.example.com/authorize", "params": {"scope": "read"}},
	"answers": {
		"https://plain.example.com/token": {
			"request": {"grant": "code", "auth": "basic"},
			"json": {
				"access_token": "{access_token}", "refresh_token": "{refresh_token}",
				"expires_in": 3600, "token_type": "bearer"
			}
		},
		"https://plain.example.com/me?fields=all": {
			"request": {"method": "GET", "auth": "bearer"}, "json": {"id": 7, "name": "Alice"}
		}
	},
	"requested": ["https://plain.example.com/me?fields=all"],
	"user": {"iss": "https://plain.example.com", "sub": "7", "name": "Alice"},
	"scopes": ["read"],
	"refresh": {
		"answers": {"https://plain.example.com/token": {
			"request": {"grant": "refresh", "auth": "basic"},
			"json": {"access_token": "{access_token}", "expires_in": 3600, "token_type": "bearer"}
		}},
		"vars": {"access_token": "fixture-access-token-2"},
		"tokens": {"access_token": "fixture-access-token-2", "refresh_token": "{refresh_token}"}
	},
	"logout": {"url": "/auth/logged-out"},
	"cases": [
		{
			"name": "refused", "callback": {"params": {"code": null, "error": "access_denied"}},
			"fault": "access_denied", "not_requested": ["https://plain.example.com/token"]
		},
		{
			"name": "form", "change": {"Dialect": {"Sniff": true}},
			"answers": {"https://plain.example.com/token": {
				"form": {"access_token": "{access_token}"}
			}}
		},
		{
			"name": "not permitted", "fault": "invalid_userinfo",
			"answers": {"https://plain.example.com/me?fields=all": {"status": 403}}
		}
	]
}`

const signedOAuth = `{
	"vendor": "signed",
	"authorize": {"url": "https://signed.example.com/authorize", "params": {"perms": "read"}},
	"answers": {
		"https://signed.example.com/request": {
			"request": {
				"method": "POST", "auth": "oauth1",
				"params": {"oauth_callback": "{redirect_uri}?state={state}"}
			},
			"form": {
				"oauth_token": "{request_token}", "oauth_token_secret": "{token_secret}",
				"oauth_callback_confirmed": "true"
			}
		},
		"https://signed.example.com/access": {
			"request": {
				"method": "POST", "auth": "oauth1",
				"params": {"oauth_token": "{request_token}", "oauth_verifier": "{oauth_verifier}"}
			},
			"form": {
				"oauth_token": "{access_token}", "oauth_token_secret": "{token_secret}",
				"user_id": "7"
			}
		},
		"https://signed.example.com/me": {
			"request": {
				"method": "GET", "auth": "oauth1", "params": {"oauth_token": "{access_token}"}
			},
			"json": {"id": "7"}
		}
	},
	"user": {"iss": "https://signed.example.com", "sub": "7"},
	"cases": [
		{
			"name": "denied", "fault": "access_denied",
			"callback": {"params": {
				"oauth_token": null, "oauth_verifier": null, "denied": "{request_token}"
			}}
		},
		{
			"name": "not confirmed", "fault": "provider_error",
			"answers": {"https://signed.example.com/request": {
				"form": {"oauth_token": "{request_token}", "oauth_token_secret": "{token_secret}"}
			}}
		}
	]
}`

func TestHarness_KnowsEveryProtocol(t *testing.T) {
	plain := vendors.Vendor{
		Name:     "plain",
		Protocol: vendors.OAuthTwo,
		New: func(v vendors.Values) (provider.Provider, error) {
			id, secret := v.Client()
			return &provider.OAuth2{
				ClientID:     id,
				ClientSecret: secret,
				Scopes:       []string{"read"},
				Endpoints: provider.Endpoints{
					Authorization: "https://plain.example.com/authorize",
					Token:         "https://plain.example.com/token",
					UserInfo:      "https://plain.example.com/me?fields=all",
				},
				UserFields: provider.Fields{ID: "id", Name: "name"},
			}, nil
		},
	}
	signed := vendors.Vendor{
		Name:     "signed",
		Protocol: vendors.OAuthOne,
		New: func(v vendors.Values) (provider.Provider, error) {
			id, secret := v.Client()
			return &provider.OAuth1{
				ClientID:     id,
				ClientSecret: secret,
				Endpoints: provider.Endpoints{
					RequestToken:  "https://signed.example.com/request",
					Authorization: "https://signed.example.com/authorize?perms=read",
					Token:         "https://signed.example.com/access",
					UserInfo:      "https://signed.example.com/me",
				},
				UserFields: provider.Fields{ID: "id"},
			}, nil
		},
	}
	for text, vendor := range map[string]vendors.Vendor{plainOAuth: plain, signedOAuth: signed} {
		for _, c := range parse(t, vendor.Name+".json", []byte(text)).trials() {
			t.Run(vendor.Name+" "+c.title(), func(t *testing.T) {
				for _, complaint := range run(t, vendor, c) {
					t.Error(complaint)
				}
			})
		}
	}
}
