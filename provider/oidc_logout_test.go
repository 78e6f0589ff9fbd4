package provider

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// R114: a hanging provider delays a logout by two seconds, and later ones not at all after the
// fetch has failed.
func TestLogoutURL_R114_ProviderHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c",
			HTTPClient: &http.Client{Transport: trickling{}}}
		for range 3 { // the first fetch continues meanwhile
			begin := time.Now()
			if got := o.EndSessionURL(t.Context(), EndSession{}); got != "" ||
				time.Since(begin) > logoutPatience {
				t.Errorf("%q after %v", got, time.Since(begin))
			}
		}
		<-time.After(2 * outboundTimeout)
	})
}

// Known metadata of any age is used, without a request.
func TestLogoutURL_UsesKnownMetadata(t *testing.T) {
	o := &OIDC{Issuer: "https://op.example", ClientID: "c", HTTPClient: refusing(func() {
		t.Error("the provider is asked")
	})}
	o.discovery.current.Store(&known{&metadata{EndSessionEndpoint: "https://op.example/end?a=b"},
		time.Unix(0, 0)})
	want := "https://op.example/end?a=b&client_id=c&logout_hint=someone&post_logout_redirect_uri=r&state=s"
	if got := o.EndSessionURL(t.Context(),
		EndSession{Hint: "someone", Claims: []byte(`{"login_hint":"other"}`), ReturnURL: "r",
			State: "s"}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	o.discovery.current.Store(&known{&metadata{}, time.Unix(0, 0)})
	if got := o.EndSessionURL(t.Context(), EndSession{}); got != "" {
		t.Errorf("without an endpoint: %q", got)
	}
}

// R122: all origins whose pages may have the provider's frames, without duplicates.
func TestLogoutOrigins(t *testing.T) {
	o := &OIDC{Issuer: "https://op.example/tenant",
		VendorLogout: &VendorLogout{URL: "https://vendor.example/v2/logout?federated",
			ReturnParam: "returnTo"}}
	if got, want := o.Describe().LogoutOrigins,
		[]string{"https://op.example", "https://vendor.example"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for endpoint, more := range map[string][]string{
		"https://logout.op.example:8443/end?a=b": {"https://logout.op.example:8443"},
		"https://op.example/end":                 nil, "": nil,
		"http://[::1]:8080/end":        {"http://[::1]:8080"},
		"https://a.example;script-src": nil, "https://*/end": nil,
		"https://a.example,b.example/": nil, "https://bücher.example/": nil, "https://'self'/": nil,
	} {
		o := &OIDC{Issuer: "https://op.example"}
		o.discovery.current.Store(&known{&metadata{EndSessionEndpoint: endpoint}, time.Unix(0, 0)})
		if got, want := o.Describe().LogoutOrigins, append([]string{"https://op.example"},
			more...); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", endpoint, got, want)
		}
	}
}
