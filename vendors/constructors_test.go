package vendors_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/vendors"
)

// A sent records the last request.
type sent struct {
	request *http.Request
	fails   error
}

// RoundTrip implements http.RoundTripper.
func (s *sent) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.request = r; s.fails != nil {
		return nil, s.fails
	}
	return &http.Response{
		StatusCode: 200,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader("{}")),
		Request:    r,
	}, nil
}

// Client sends what the vendor's API needs, without what only the profile needs.
func TestConstructors_Client(t *testing.T) {
	const installation vendors.BaseURL = "https://git.example.com/sub/"
	for name, row := range map[string]struct {
		o       *provider.OAuth2
		call    string
		want    string
		header  map[string]string // "" for none
		without string            // must not be in the address
	}{
		"GitHub": {
			vendors.GitHub("id", "hush"),
			"user/repos",
			"https://api.github.com/user/repos",
			map[string]string{"User-Agent": "sallyport", "Authorization": "Bearer t0ken"},
			"t0ken",
		},
		"GitHub Enterprise": {
			vendors.GitHubEnterprise(installation, "id", "hush"),
			"user/repos",
			"https://git.example.com/sub/api/v3/user/repos",
			nil,
			"",
		},
		"ghe.com": {
			vendors.GitHubEnterprise("https://Octo.GHE.com", "id", "hush"),
			"user",
			"https://api.Octo.GHE.com/user",
			nil,
			"",
		},
		"not ghe.com": {
			vendors.GitHubEnterprise("https://notghe.com", "id", "hush"),
			"user",
			"https://notghe.com/api/v3/user",
			nil,
			"",
		},
		"Facebook": {
			vendors.Facebook("id", "hush"),
			"me/accounts?limit=1",
			"https://graph.facebook.com/v26.0/me/accounts?appsecret_proof=" +
				"625495a6ae8a8a00693ee2373a5e56fdc4d0a3ecefa39b824c2c24a366d0bc67&limit=1",
			map[string]string{"Authorization": "Bearer t0ken"},
			"",
		},
		"Facebook, no secret": {
			vendors.Facebook("id", ""),
			"me",
			"https://graph.facebook.com/v26.0/me",
			nil,
			"proof",
		},
		"WeChat": {
			vendors.WeChat("id", "hush"),
			"sns/auth?openid=o",
			"https://api.weixin.qq.com/sns/auth?access_token=t0ken&openid=o",
			map[string]string{"Authorization": ""},
			"lang",
		},
		"HubSpot": {
			vendors.HubSpot("id", "hush"),
			"crm/v3/objects/contacts",
			"https://api.hubapi.com/crm/v3/objects/contacts",
			map[string]string{"Authorization": "Bearer t0ken"},
			"t0ken",
		},
		"Stripe": {
			vendors.StripeConnect("id", "hush"),
			"charges",
			"https://api.stripe.com/v1/charges",
			map[string]string{"Authorization": "Bearer t0ken"},
			"",
		},
		"VK": {
			vendors.VKID("id", "hush"),
			"x",
			"https://id.vk.com/x",
			map[string]string{"Authorization": "Bearer t0ken", "Content-Type": ""},
			"",
		},
		"Heroku": {
			vendors.Heroku("id", "hush"),
			"apps",
			"https://api.heroku.com/apps",
			map[string]string{"Accept": "application/vnd.heroku+json; version=3"},
			"",
		},
		"Amazon": {
			vendors.Amazon("id", "hush"),
			"x",
			"https://api.amazon.com/x",
			map[string]string{"X-Amz-Access-Token": "t0ken", "Authorization": ""},
			"",
		},
		"Yandex": {
			vendors.Yandex("id", "hush"),
			"https://login.yandex.ru/x",
			"https://login.yandex.ru/x",
			map[string]string{"Authorization": "OAuth t0ken"},
			"",
		},
		"Notion": {
			vendors.Notion("id", "hush"),
			"users",
			"https://api.notion.com/v1/users",
			map[string]string{"Notion-Version": "2022-06-28"},
			"",
		},
		"Nextcloud": {
			vendors.Nextcloud("https://cloud.example.com/next/", "id", "hush"),
			"ocs/x",
			"https://cloud.example.com/next/ocs/x",
			map[string]string{"OCS-APIRequest": "true"},
			"",
		},
		"Shopify": {
			vendors.Shopify(vendors.Shop{Name: "flowers"}, "id", "hush"),
			"products.json",
			"https://flowers.myshopify.com/admin/api/2026-07/products.json",
			map[string]string{"X-Shopify-Access-Token": "t0ken"},
			"",
		},
		"Mastodon": {
			vendors.Mastodon(vendors.MastodonInstance{
				URL: "https://mastodon.example",
			}, "id", "hush"),
			"statuses",
			"https://mastodon.example/api/v1/statuses",
			nil,
			"",
		},
	} {
		vendor := &sent{}
		row.o.HTTPClient = &http.Client{Transport: vendor}
		resp, err := row.o.Client(t.Context(), session.Tokens{AccessToken: "t0ken"}).Get(row.call)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		resp.Body.Close()
		got := vendor.request.URL.String()
		if got != row.want || row.without != "" && strings.Contains(got, row.without) {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
		for header, want := range row.header {
			if got := vendor.request.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
	}
}

// The fields of a provider can be changed before its first use, and what depends on them follows.
func TestConstructors_CanBeChanged(t *testing.T) {
	proof := func(o *provider.OAuth2) string {
		vendor := &sent{}
		o.HTTPClient = &http.Client{Transport: vendor}
		if _, err := o.Client(t.Context(), session.Tokens{
			AccessToken: "t0ken",
		}).Get("me"); err != nil {
			t.Fatal(err)
		}
		return vendor.request.URL.Query().Get("appsecret_proof")
	}
	first, second := vendors.Facebook("id", "hush"), vendors.Facebook("id", "other")
	if proof(first) == proof(second) {
		t.Error("the proof does not depend on the secret")
	}
	first.ClientSecret = "other"
	if proof(first) != proof(second) {
		t.Error("the proof is made with the former secret")
	}

	dropbox := vendors.Dropbox("id", "hush")
	dropbox.AuthParams.Set("token_access_type", "offline")
	trello := vendors.Trello("id", "hush")
	trello.AuthParams.Set("name", "Reports")
	reddit := vendors.Reddit("id", "hush")
	reddit.Header.Set("User-Agent", "web:com.example.reports:v1.0 (by /u/alice)")
	if again := vendors.Reddit("id", "hush"); again.Header.Get("User-Agent") != "web:id:sallyport" {
		t.Error("two providers share a header")
	}
	address, err := dropbox.Begin(t.Context(), &provider.Flow{
		RedirectURI: "https://app.example/cb",
	})
	if err != nil || !strings.Contains(address, "token_access_type=offline") {
		t.Errorf("%s, %v", address, err)
	}
}

// The users of X and of Tumblr are the same in both protocols; the registrations are not.
func TestConstructors_BothProtocols(t *testing.T) {
	for name, pair := range map[string][2]provider.Provider{
		"X":      {vendors.X("id", "hush"), vendors.XOAuth1("id", "hush")},
		"Tumblr": {vendors.Tumblr("id", "hush"), vendors.TumblrOAuth1("id", "hush")},
	} {
		two, one := pair[0].(*provider.OAuth2), pair[1].(*provider.OAuth1)
		if two.Issuer != one.Issuer || two.Registration() == one.Registration() {
			t.Errorf("%s: issuers differ, or registrations do not", name)
		}
	}
}

// F56: HubSpot's profile is fetched with the token in the form, and no address or error shows it,
// whatever goes wrong.
func TestHubSpot_KeepsTheToken(t *testing.T) {
	for name, fails := range map[string]error{
		"unreachable": errors.New("no route"),
		"with the form": &url.Error{
			Op:  "Post",
			URL: "https://api.hubapi.com/?token=s3cret-t0ken",
			Err: errors.New("no route"),
		},
		"none": nil, // the profile has no ID
	} {
		o := vendors.HubSpot("id", "s3cret-of-the-client")
		profile := &sent{fails: fails}
		o.HTTPClient = &http.Client{
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/token") {
					return jsonAnswer(`{"access_token":"s3cret-t0ken","token_type":"bearer",
					"expires_in":1800}`), nil
				}
				return profile.RoundTrip(r)
			}),
		}
		f := &provider.Flow{RedirectURI: "https://app.example/cb"}
		if _, err := o.Begin(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		_, err := o.Finish(t.Context(), f, url.Values{"code": {"c0de"}, "state": {f.State}})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
		const introspection = "https://api.hubapi.com/oauth/2026-03/token/introspect"
		if asked := profile.request.URL.String(); asked != introspection {
			t.Errorf("%s: the profile is fetched from %s", name, asked)
		}
	}
}

func jsonAnswer(body string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// R157: Validate reports mistakes in the arguments, and shows no password.
func TestConstructors_Mistakes(t *testing.T) {
	for name, row := range map[string]struct {
		o    *provider.OAuth2
		want string
	}{
		"no address": {
			vendors.GitHubEnterprise("", "id", "hush"),
			"the base URL must be a URL",
		},
		"a host": {
			vendors.Gitea("git.example.com", "id", "hush"),
			"the base URL must be a URL",
		},
		"no host": {
			vendors.Forgejo("https:///x", "id", "hush"),
			"the base URL must be a URL",
		},
		"another scheme": {
			vendors.Nextcloud("ftp://cloud.example.com", "id", "hush"),
			"the base URL must be a URL",
		},
		"broken": {
			vendors.Gitea("https://s3cret:%zz@x", "id", "hush"),
			"the base URL must be a URL",
		},
		"http": {
			vendors.Gitea("http://git.example.com", "id", "hush"),
			"must be https",
		},
		"a user": {
			vendors.Gitea("https://u:s3cret@git.example.com", "id", "hush"),
			"no user, query and fragment",
		},
		"a query": {
			vendors.Mastodon(vendors.MastodonInstance{URL: "https://m.example?"}, "id", "hush"),
			"no user, query and fragment",
		},
		"a fragment": {
			vendors.Nextcloud("https://cloud.example.com/#x", "id", "hush"),
			"no user, query and fragment",
		},
		"a version":  {vendors.FacebookAt("24.0", "id", "hush"), "is not like v24.0"},
		"no version": {vendors.FacebookAt("", "id", "hush"), "is not like v24.0"},
		"no shop": {
			vendors.Shopify(vendors.Shop{}, "id", "hush"),
			"not the name of a shop",
		},
		"another domain": {
			vendors.Shopify(vendors.Shop{Name: "flowers.example.com"}, "id", "hush"),
			"not the name of a shop",
		},
		"no secret": {vendors.GitHub("id", ""), "ClientSecret is missing"},
		"no secret at all": {
			vendors.Shopify(vendors.Shop{Name: "flowers"}, "id", ""),
			"ClientSecret is missing",
		},
		"a version of API": {
			vendors.Shopify(vendors.Shop{Name: "flowers", APIVersion: "1"}, "id", "hush"),
			"not a version",
		},
	} {
		_, err := row.o.Validate()
		if err == nil || !strings.Contains(err.Error(), row.want) ||
			strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
	for name, public := range map[string]*provider.OAuth2{
		"X":       vendors.X("id", ""),
		"Spotify": vendors.Spotify("id", ""),
	} {
		if _, err := public.Validate(); err != nil {
			t.Errorf("%s without a secret: %v", name, err)
		}
	}
	local := vendors.Gitea("http://localhost:3000", "id", "hush")
	local.InsecureLoopbackHTTP = true
	if insecure, err := local.Validate(); err != nil || len(insecure) != 1 {
		t.Errorf("on this machine: %v, %v", insecure, err)
	}
}

// Validate rejects a provider with invalid arguments.
func TestConstructors_RejectNonsense(t *testing.T) {
	for name, o := range map[string]*provider.OIDC{
		"tenant":   vendors.Entra("common", "c", "s"),
		"tenants":  vendors.EntraMultiTenant(provider.Organizations{}, "c", "s"),
		"external": vendors.EntraExternalID("contoso", "c", "s"),
		"policy": vendors.AzureADB2C(vendors.B2CPolicy{
			Name:   "contoso",
			Tenant: "72f988bf-86f1-41af-91ab-2d7cd011db47",
		}, "c", "s"),
		"apple":     vendors.Apple("c", vendors.AppleKey{TeamID: "T", KeyID: "K", PrivateKey: "x"}),
		"gitlab":    vendors.GitLabSelfManaged("git.example.com", "c", "s"),
		"workspace": vendors.GoogleWorkspace(nil, "c", "s"),
		"slack":     vendors.SlackWorkspace("", "c", "s"),
		"cognito":   vendors.Cognito(vendors.CognitoPool{Domain: "d.example.com"}, "c", "s"),
		"okta":      vendors.Okta(vendors.OktaServer{Domain: "https://example.okta.com"}, "c", "s"),
		"auth0":     vendors.Auth0("example.auth0.com/", "c", "s"),
		"auth0 @":   vendors.Auth0("evil@example.auth0.com", "c", "s"),
		"keycloak": vendors.Keycloak(vendors.KeycloakRealm{
			At: "https://sso.example.com",
		}, "c", "s"),
		"authentik": vendors.Authentik(vendors.AuthentikApplication{
			At: "https://sso.example.com",
		}, "c", "s"),
		"zitadel": vendors.Zitadel("", "c", "s"),
		"ory":     vendors.Ory("https://u@example.com", "c", "s"),
		"dex":     vendors.Dex("https://dex.example.com?x", "c", "s"),
	} {
		if _, err := o.Validate(); err == nil {
			t.Errorf("%s: %v is accepted", name, o)
		}
	}
}
