package provider

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// R114: a provider that hangs delays a logout by two seconds, and the next ones not at all once it counts as failed.
func TestLogoutURL_R114_ProviderHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c", HTTPClient: &http.Client{Transport: trickling{}}}
		for range 3 { // the first fetch goes on meanwhile
			begin := time.Now()
			if got := o.LogoutURL(t.Context(), Logout{}); got != "" || time.Since(begin) > logoutPatience {
				t.Errorf("%q after %v", got, time.Since(begin))
			}
		}
		<-time.After(2 * outboundTimeout)
	})
}

// What is known is used, however old, and without a request.
func TestLogoutURL_UsesWhatIsKnown(t *testing.T) {
	o := &OIDC{Issuer: "https://op.example", ClientID: "c", HTTPClient: refusing(func() { t.Error("the provider is asked") })}
	o.discovery.current.Store(&known{&metadata{EndSessionEndpoint: "https://op.example/end?a=b"}, time.Unix(0, 0)})
	want := "https://op.example/end?a=b&client_id=c&logout_hint=someone&post_logout_redirect_uri=r&state=s"
	if got := o.LogoutURL(t.Context(), Logout{Hint: "someone", Claims: []byte(`{"login_hint":"other"}`), ReturnURL: "r", State: "s"}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	o.discovery.current.Store(&known{&metadata{}, time.Unix(0, 0)})
	if got := o.LogoutURL(t.Context(), Logout{}); got != "" {
		t.Errorf("without an endpoint: %q", got)
	}
}
