package authparams_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/authparams"
)

func TestCheckName_R164_Owned(t *testing.T) {
	for _, name := range []string{
		"state", "nonce", "redirect_uri", "response_type", "response_mode", "client_id",
		"client_secret", "client_assertion", "client_assertion_type", "client_assertion_x",
		"code_challenge", "code_challenge_method", "request", "request_uri", "prompt", "max_age",
		"acr_values", "scope", "resource", "dpop_jkt", "login_hint", "ui_locales",
	} {
		dotted := strings.ReplaceAll(name, "_", ".")
		for _, spelling := range []string{
			name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], dotted,
			strings.ReplaceAll(name, "_", "-"), name + "[]", name + "[0]", " " + name, name + " ",
			name + "\x00", name + "\n",
		} {
			if err := authparams.CheckName(spelling); err == nil {
				t.Errorf("%q is accepted", spelling)
			} else if spelling == name && !strings.HasPrefix(err.Error(), `"`+name+`" `) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"", strings.Repeat("a", 65), "a b", "a=b", "a&b", "ä", "ſtate"} {
		if authparams.CheckName(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	for _, name := range []string{
		"organization", "kc_idp_hint", "screen_hint", "domain_hint", "claims", "hd", "display",
		"authorization_details", "id_token_hint", "audience", "ext-login", "access_type", "states",
	} {
		if err := authparams.CheckName(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck_R164(t *testing.T) {
	many := url.Values{}
	for i := range 33 {
		many.Set("p"+strings.Repeat("x", i), "1")
	}
	for name, params := range map[string]url.Values{
		"duplicate":      {"organization": {"a", "b"}},
		"no value":       {"organization": nil},
		"two spellings":  {"organization": {"a"}, "Organization": {"b"}},
		"by punctuation": {"screen_hint": {"a"}, "screen.hint": {"b"}},
		"owned":          {"organization": {"a"}, "State": {"x"}},
		"not UTF-8":      {"organization": {"\xff"}},
		"control":        {"organization": {"a\x00b"}},
		"carriage":       {"organization": {"a\rb"}},
		"too many":       many,
	} {
		if authparams.Check(params) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for name, params := range map[string]url.Values{
		"none": nil, "one": {"organization": {"org_1"}}, "empty": {"screen_hint": {""}},
		"text": {"claims": {"{\n\t\"id_token\": {}\n}"}, "note": {"grüß & dich=1"}},
	} {
		if err := authparams.Check(params); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMerge(t *testing.T) {
	configured := url.Values{"hd": {"a"}, "Organization": {"x"}, "resource": {"r", "s"}}
	got := authparams.Merge(configured, url.Values{"organization": {"y"}})
	if got.Encode() != "hd=a&organization=y&resource=r&resource=s" {
		t.Errorf("merged to %s", got.Encode())
	}
	got.Add("hd", "changed")
	if len(configured["hd"]) != 1 {
		t.Error("the configuration was changed")
	}
}

func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"state", "Organization", "a.b", "code_challenge", "ſ", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if authparams.CheckName(name) != nil {
			return
		}
		if authparams.Owned(name) || url.QueryEscape(name) == "" ||
			authparams.CheckName(authparams.Canonical(name)) != nil {
			t.Errorf("%q is accepted", name)
		}
	})
}
