package provider

import (
	"bytes"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

// R1: PKCE or nonce binds a code to its login, even at a provider that lacks one of them.
func TestQuirks_R1_Validate(t *testing.T) {
	openID := func(q Quirks, change func(*OIDC)) Validator {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c", ClientSecret: "s", Quirks: q}
		change(o)
		return o
	}
	plain := func(q Quirks, secret string) Validator {
		return &OAuth2{
			ClientID: "c", ClientSecret: secret, Quirks: q,
			Endpoints: Endpoints{
				Authorization: "https://op.example/authorize",
				Token:         "https://op.example/token",
				UserInfo:      "https://op.example/me",
			},
			UserFields: Fields{ID: "id"},
		}
	}
	same := func(*OIDC) {}
	for name, row := range map[string]struct {
		v    Validator
		want string // in the error; empty for none
	}{
		"none":     {openID(Quirks{}, same), ""},
		"no PKCE":  {openID(Quirks{NoPKCE: true}, same), ""},
		"no nonce": {openID(Quirks{NoNonce: true}, same), ""},
		"neither":  {openID(Quirks{NoPKCE: true, NoNonce: true}, same), "exclude each other"},
		"neither, by choice": {
			openID(Quirks{NoNonce: true}, func(o *OIDC) {
				o.InsecureNoPKCE = true
			}), "exclude each other",
		},
		"no PKCE, no secret": {
			openID(Quirks{NoPKCE: true}, func(o *OIDC) {
				o.ClientSecret = ""
			}), "Quirks.NoPKCE needs a client secret",
		},
		"no nonce for an ID token from the browser": {
			openID(Quirks{NoNonce: true}, func(o *OIDC) { o.ResponseType = "id_token" }),
			"needs ResponseType code",
		},
		"OAuth 2.0, no PKCE": {plain(Quirks{NoPKCE: true}, "s"), ""},
		"OAuth 2.0, no PKCE, no secret": {plain(Quirks{NoPKCE: true}, ""),
			"Quirks.NoPKCE needs a client secret"},
		"OAuth 2.0, no nonce": {plain(Quirks{NoNonce: true}, "s"),
			"Quirks.NoNonce does not apply"},
	} {
		insecure, err := row.v.Validate()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(),
			row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
		if row.want == "" && len(insecure) > 0 {
			t.Errorf("%s: %q is a fact about the provider, not a choice", name, insecure)
		}
	}
}

// Each quirk is logged once.
func TestQuirks_AreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	for _, p := range []Reporter{
		&OIDC{Quirks: Quirks{NoNonce: true}}, &OAuth2{Quirks: Quirks{NoPKCE: true}}, &OIDC{},
		&OAuth2{},
	} {
		p.ReportTo(logger)
		p.ReportTo(logger)
	}
	for _, quirk := range []string{"NoNonce", "NoPKCE"} {
		if n := strings.Count(log.String(), "quirk="+quirk); n != 1 {
			t.Errorf("%s is logged %d times: %s", quirk, n, &log)
		}
	}
}

// The dialect translates a provider's own error code in the callback, with OAuth 2.0 too.
func TestOAuth2_TranslatesTheCallbackError(t *testing.T) {
	o := &OAuth2{Dialect: Dialect{ErrorCodes: map[string]string{"cancelled": "access_denied"}}}
	o.Endpoints.Authorization = "https://op.example/authorize"
	f := &Flow{}
	if _, err := o.Begin(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	_, err := o.Finish(t.Context(), f, url.Values{"error": {"cancelled"}, "state": {f.State}})
	if fault, ok := err.(*Error); !ok || fault.Fault != FaultDenied {
		t.Errorf("%v, want %s", err, FaultDenied)
	}
}
