package vendors_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

const (
	contoso  = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	fabrikam = "11111111-2222-3333-4444-555555555555"
)

func issuerOf(tenant string) string {
	return "https://login.microsoftonline.com/" + tenant + "/v2.0"
}

// multiTenant is the usual case of Entra with the tenants of a test.
func multiTenant(t *testing.T, tenants provider.Organizations) (vendors.Vendor, trial) {
	t.Helper()
	vendor, _ := vendors.Named("entra-multitenant")
	vendor.Settings, vendor.New = nil, func(v vendors.Values) (provider.Provider, error) {
		id, secret := v.Client()
		return vendors.EntraMultiTenant(tenants, id, secret), nil
	}
	c := load(t, filepath.Join(folder, "entra-multitenant.json")).trials()[0]
	c.Settings, c.Logout = nil, nil
	return vendor, c
}

// R38: Approve decides about tenants that are not in Allowed.
func TestTenants_R38_Approve(t *testing.T) {
	noDatabase := fmt.Errorf("%w: no database", provider.ErrUnavailable)
	for name, row := range map[string]struct {
		allowed []string
		approve error // what Approve returns
		asked   []string
		fault   string
	}{
		"approved":      {nil, nil, []string{contoso}, ""},
		"rejected":      {nil, errors.New("not a customer"), []string{contoso}, "not_admitted"},
		"cannot tell":   {nil, noDatabase, []string{contoso}, "provider_unavailable"},
		"allowed":       {[]string{contoso}, errors.New("not asked"), nil, ""},
		"only approved": {[]string{fabrikam}, nil, []string{contoso}, ""},
		"neither": {
			[]string{fabrikam}, errors.New("no"), []string{contoso}, "not_admitted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			approve := func(ctx context.Context, tenant string) error {
				if ctx == nil {
					t.Error("no context")
				}
				asked = append(asked, tenant)
				return row.approve
			}
			tenants := provider.Organizations{Allowed: row.allowed, Approve: approve}
			vendor, c := multiTenant(t, tenants)
			c.Fault = row.fault
			for _, complaint := range run(t, vendor, c) {
				t.Error(complaint)
			}
			if !slices.Equal(asked, row.asked) {
				t.Errorf("asked about %q, want %q", asked, row.asked)
			}
		})
	}
}

// R38: a tenant that is no longer approved loses its sessions at the next refresh; it keeps them
// while Approve cannot tell.
func TestTenants_R38_ApproveAtRefresh(t *testing.T) {
	for name, row := range map[string]struct {
		refusal error
		fault   string
	}{
		"has left": {errors.New("has left"), "refresh_refused"},
		"not known": {
			fmt.Errorf("%w: no database", provider.ErrUnavailable),
			"",
		}, // F15: the new tokens are kept
	} {
		t.Run(name, func(t *testing.T) {
			times := 0
			vendor, c := multiTenant(t, provider.Organizations{
				Approve: func(context.Context, string) error {
					if times++; times > 1 {
						return row.refusal
					}
					return nil
				},
			})
			file := filepath.Join(folder, "entra-multitenant.json")
			for _, other := range load(t, file).trials() {
				if other.Name == "refresh" {
					c.Refresh = other.Refresh
				}
			}
			c.Refresh.Fault = row.fault
			for _, complaint := range run(t, vendor, c) {
				t.Error(complaint)
			}
			if times != 2 {
				t.Errorf("asked %d times, want 2", times)
			}
		})
	}
}

// signingVendor returns a provider whose vendor answers as in the usual case, and a function that
// signs that vendor's tokens.
func signingVendor(
	t *testing.T, tenants provider.Organizations,
) (*provider.OIDC, func(claims, header map[string]any) string) {
	t.Helper()
	_, c := multiTenant(t, tenants)
	clock := rig.NewClock()
	v := &server{
		values:  values{clock.Now, merged(usualVars, c.Vars)},
		answers: c.Answers,
		arrived: make(chan string, 1000),
	}
	o := vendors.EntraMultiTenant(tenants, usualVars["client_id"], usualVars["client_secret"])
	connect(o, &http.Client{Transport: v}, clock.Now)
	return o, func(claims, header map[string]any) string {
		token, err := sign(v.values.json(claims), header, v.values)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
}

// R38: logout tokens.
func TestTenants_R38_LogoutTokens(t *testing.T) {
	o, signed := signingVendor(t, provider.Organizations{Allowed: []string{contoso}})
	good := map[string]any{
		"iss": issuerOf(contoso),
		"tid": contoso,
		"sub": "alice",
		"aud": "{client_id}",
		"iat": "{now}",
		"exp": "{now+120}",
		"jti": "1",
		"events": map[string]any{
			"http://schemas.openid.net/event/backchannel-logout": map[string]any{},
		},
	}
	token, err := o.VerifyLogoutToken(t.Context(), signed(good, nil))
	if err != nil || token.Issuer != issuerOf(contoso) || token.Subject != "alice" {
		t.Fatalf("%+v, %v", token, err)
	}
	for name, claims := range map[string]map[string]any{
		"no tid":                {"tid": nil},
		"another iss":           {"iss": issuerOf(fabrikam)},
		"another tid":           {"tid": fabrikam},
		"a tenant off the list": {"tid": fabrikam, "iss": issuerOf(fabrikam)},
		"the template":          {"tid": "{tenantid}", "iss": issuerOf("{tenantid}")},
	} {
		_, err := o.VerifyLogoutToken(t.Context(), signed(laid(good, claims), nil))
		fault, ok := errors.AsType[*provider.Error](err)
		if !ok || fault.Fault != provider.FaultLogoutToken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// R38: access tokens of API callers.
func TestTenants_R38_AccessTokens(t *testing.T) {
	o, signed := signingVendor(t, provider.Organizations{Allowed: []string{contoso}})
	good := map[string]any{
		"iss": issuerOf(contoso),
		"tid": contoso,
		"sub": "alice",
		"aud": "https://api.example.com",
		"iat": "{now}",
		"exp": "{now+120}",
	}
	kind := map[string]any{"typ": "at+jwt"}
	s, err := o.VerifyAccessToken(t.Context(), signed(good, kind),
		provider.AccessTokens{Audience: "https://api.example.com"})
	if err != nil || s.User.Issuer != issuerOf(contoso) {
		t.Fatalf("%+v, %v", s, err)
	}
	_, err = o.VerifyAccessToken(t.Context(), signed(laid(good, map[string]any{
		"tid": fabrikam,
		"iss": issuerOf(fabrikam),
	}), kind), provider.AccessTokens{Audience: "https://api.example.com"})
	fault, ok := errors.AsType[*provider.Error](err)
	if !ok || fault.Fault != provider.FaultAccessToken {
		t.Errorf("a tenant off the list: %v", err)
	}
}

// R30, R38: which issuers may start a login.
func TestTenants_R38_Initiates(t *testing.T) {
	o, _ := signingVendor(t, provider.Organizations{Allowed: []string{contoso}})
	for issuer, want := range map[string]bool{
		issuerOf(contoso):        true,
		issuerOf(fabrikam):       true, // the login itself is refused
		issuerOf("{tenantid}"):   false,
		issuerOf(""):             false,
		issuerOf("x/" + contoso): false,
		issuerOf(contoso) + "/":  false,
		"https://login.microsoftonline.us/" + contoso + "/v2.0": false,
		"": false,
	} {
		if got := o.Initiates(issuer); got != want {
			t.Errorf("Initiates(%q) = %v", issuer, got)
		}
	}
}

// R38: introspection does not name the tenant of an opaque token. An alias of the issuer is the
// issuer.
func TestTenants_R38_Introspection(t *testing.T) {
	introspect := "https://op.example.com/introspect"
	for name, row := range map[string]struct {
		change func(*provider.OIDC)
		iss    string
		good   bool
	}{
		"the issuer":     {func(*provider.OIDC) {}, "https://accounts.google.com", true},
		"an alias":       {func(*provider.OIDC) {}, "accounts.google.com", true},
		"another issuer": {func(*provider.OIDC) {}, "https://op.example.com", false},
		"tenants matter": {
			func(o *provider.OIDC) { o.TenantClaim = "tid" },
			"https://accounts.google.com",
			false,
		},
	} {
		c := load(t, filepath.Join(folder, "google.json")).trials()[0]
		clock := rig.NewClock()
		v := &server{
			values:  values{clock.Now, merged(usualVars, nil)},
			arrived: make(chan string, 1000),
		}
		v.answers = laidAnswers(c.Answers, map[string]reply{
			introspect: {
				JSON: map[string]any{
					"active": true,
					"iss":    row.iss,
					"sub":    "alice",
					"aud":    "https://api.example.com",
				},
			},
		})
		o := vendors.Google(usualVars["client_id"], usualVars["client_secret"])
		o.Endpoints.Introspection = introspect
		row.change(o)
		connect(o, &http.Client{Transport: v}, clock.Now)
		s, err := o.VerifyAccessToken(t.Context(), "opaque",
			provider.AccessTokens{Audience: "https://api.example.com"})
		if (err == nil) != row.good || row.good && s.User.Issuer != "https://accounts.google.com" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}
