package provider_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

// fixedClock is a clock that only the test moves.
type fixedClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fixedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fixedClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newOP(t *testing.T) (*authtest.Provider, *provider.OIDC, *fixedClock) {
	op, clock := authtest.NewProvider(t), &fixedClock{now: time.Now()}
	op.SetNow(clock.Now)
	return op, op.OIDC(), clock
}

// onBoth runs a test of grants with an OpenID Connect and an OAuth 2.0 configuration for the same
// provider. o introspects the tokens.
func onBoth(
	t *testing.T,
	test func(t *testing.T, op *authtest.Provider, g provider.Grants, o *provider.OIDC,
		clock *fixedClock),
) {
	t.Run("OIDC", func(t *testing.T) {
		op, o, clock := newOP(t)
		test(t, op, o.Grants(), o, clock)
	})
	t.Run("OAuth2", func(t *testing.T) {
		op, o, clock := newOP(t)
		plain := op.OAuth2()
		plain.Endpoints.DeviceAuthorization = op.Issuer() + "/device_authorization"
		plain.Endpoints.Introspection = op.Issuer() + "/introspect"
		test(t, op, plain.Grants(), o, clock)
	})
}

func TestClientCredentials_CachesAndRefreshes(t *testing.T) {
	onBoth(t, testClientCredentials)
}

func testClientCredentials(
	t *testing.T, op *authtest.Provider, g provider.Grants, o *provider.OIDC, clock *fixedClock,
) {
	source := g.ClientCredentials("reports")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if token, err := source.Token(); err != nil || token.AccessToken == "" {
				t.Error(token, err)
			}
		})
	}
	wg.Wait()
	if n := op.Count("token"); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
	first, _ := source.Token()
	clock.advance(59*time.Minute + time.Second)
	second, err := source.Token()
	if err != nil || second.AccessToken == first.AccessToken || op.Count("token") != 2 {
		t.Errorf("near its expiry: %v, %d requests", err, op.Count("token"))
	}
	if form := op.Requests("token")[0].Form; form.Get("scope") != "reports" ||
		form.Get("grant_type") != "client_credentials" {
		t.Errorf("the request was %v", form)
	}
	info, err := o.Grants().Introspect(t.Context(), second.AccessToken)
	if err != nil || !info.Active || info.Subject != "" ||
		!slices.Equal(info.Scopes, []string{"reports"}) {
		t.Errorf("introspection %+v, %v", info, err)
	}
}

func TestOtherGrants(t *testing.T) { onBoth(t, testOtherGrants) }

func testOtherGrants(
	t *testing.T, op *authtest.Provider, g provider.Grants, o *provider.OIDC, _ *fixedClock,
) {
	ctx := t.Context()
	about := func(tokens session.Tokens, err error) string {
		t.Helper()
		if err != nil {
			return err.Error()
		}
		info, err := o.Grants().Introspect(ctx, tokens.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		return info.Username + " " + strings.Join(info.Scopes, ",")
	}
	alice, err := g.Password(ctx, "alice", "alice", "a", "b")
	if got := about(alice, err); got != "alice a,b" {
		t.Errorf("password: %s", got)
	}
	if _, err := g.Password(ctx, "alice", "hunter2hunter2"); err == nil ||
		strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a wrong password: %v", err)
	}
	if got := about(g.ExchangeToken(ctx, provider.TokenExchange{SubjectToken: alice.AccessToken,
		Audience: []string{"https://api.example", "https://b.example"},
		Scopes:   []string{"b"}})); got != "alice b" {
		t.Errorf("token exchange: %s", got)
	}
	sent := op.Requests("token")
	if form := sent[len(sent)-1].Form; len(form["audience"]) != 2 ||
		form.Get("subject_token_type") != accessTokenType || form.Has("actor_token") {
		t.Errorf("the exchange was %v", form)
	}
	if _, err := g.ExchangeToken(ctx, provider.TokenExchange{}); err == nil {
		t.Error("an exchange without a subject token is accepted")
	}
	if got := about(g.JWTBearer(ctx, op.Sign(map[string]any{"sub": "bob"}), "x")); got != "bob x" {
		t.Errorf("JWT bearer: %s", got)
	}
	if _, err := g.JWTBearer(ctx, "no.real.assertion"); err == nil {
		t.Error("a forged assertion is accepted")
	}
}

func TestIntrospect_OnlyTrueIsActive(t *testing.T) {
	op, o, clock := newOP(t)
	tokens, err := o.Grants().Password(t.Context(), "alice", "alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, active := range []any{"true", 1, nil, []bool{true}, "yes", false} {
		op.Misbehave(func(f *authtest.Faults) {
			f.Introspection = func(a map[string]any) { a["active"] = active }
		})
		if info, err := o.Grants().Introspect(t.Context(), tokens.AccessToken); err != nil ||
			info.Active || info.Subject != "" {
			t.Errorf("active = %v: %+v, %v", active, info, err)
		}
	}
	op.Misbehave(func(f *authtest.Faults) {
		f.Introspection = func(a map[string]any) { a["Active"] = true }
	})
	if _, err := o.Grants().Introspect(t.Context(), tokens.AccessToken); err == nil {
		t.Error("a look-alike of active is accepted")
	}
	op.Behave()
	clock.advance(2 * time.Hour)
	if info, err := o.Grants().Introspect(t.Context(), tokens.AccessToken); err != nil ||
		info.Active {
		t.Errorf("an expired token: %+v, %v", info, err)
	}
}

// The device waits for the user, who approves, declines, or never signs in.
func TestDevice(t *testing.T) { onBoth(t, testDevice) }

func testDevice(
	t *testing.T, op *authtest.Provider, g provider.Grants, o *provider.OIDC, _ *fixedClock,
) {
	op.SetNow(time.Now)
	tokens, err := g.Device(t.Context(), func(c provider.DeviceCode) error {
		if c.VerificationURI == "" || time.Until(c.Expires) < time.Minute {
			t.Errorf("code %+v", c)
		}
		if !op.ApproveDevice(c.UserCode, "bob") {
			t.Error("the user code is unknown")
		}
		return nil
	}, "openid", "x")
	if err != nil {
		t.Fatal(err)
	}
	info, err := o.Grants().Introspect(t.Context(), tokens.AccessToken)
	if err != nil || info.Username != "bob" {
		t.Errorf("signed in as %+v, %v", info, err)
	}
	if openID := strings.HasSuffix(t.Name(), "/OIDC"); openID != (tokens.IDToken != "") {
		t.Errorf("the ID token is %q", tokens.IDToken)
	}
	_, err = g.Device(t.Context(), func(c provider.DeviceCode) error {
		op.DenyDevice(c.UserCode)
		return nil
	})
	if fault, ok := errors.AsType[*provider.Error](err); !ok ||
		fault.Fault != provider.FaultDenied {
		t.Errorf("denied: %v", err)
	}
	gone := errors.New("the screen is off")
	if _, err := g.Device(t.Context(), func(provider.DeviceCode) error {
		return gone
	}); !errors.Is(err, gone) {
		t.Errorf("show fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := g.Device(ctx, func(provider.DeviceCode) error {
		cancel()
		return nil
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// F53: the parameters of a token exchange for the actor and the token types (RFC 8693 section 2.1).
func TestExchangeToken_F53_Parameters(t *testing.T) {
	const jwt = "urn:ietf:params:oauth:token-type:jwt"
	for name, row := range map[string]struct {
		x    provider.TokenExchange
		want map[string]string // "" for absent
	}{
		"defaults": {provider.TokenExchange{SubjectToken: "s"}, map[string]string{
			"subject_token": "s", "subject_token_type": accessTokenType,
			"requested_token_type": "", "actor_token": "", "actor_token_type": "",
		}},
		"an actor": {provider.TokenExchange{SubjectToken: "s", ActorToken: "a"}, map[string]string{
			"actor_token": "a", "actor_token_type": accessTokenType,
		}},
		"types": {
			provider.TokenExchange{
				SubjectToken: "s", SubjectTokenType: jwt, ActorToken: "a", ActorTokenType: jwt,
				RequestedTokenType: jwt,
			},
			map[string]string{"subject_token_type": jwt, "actor_token_type": jwt,
				"requested_token_type": jwt},
		},
		"a type without an actor": {
			provider.TokenExchange{SubjectToken: "s", ActorTokenType: jwt},
			map[string]string{"actor_token_type": ""},
		},
	} {
		op, o, _ := newOP(t)
		// whether it is granted does not matter here
		_, _ = o.Grants().ExchangeToken(t.Context(), row.x)
		requests := op.Requests("token")
		if len(requests) != 1 {
			t.Fatalf("%s: %d token requests", name, len(requests))
		}
		for param, want := range row.want {
			if got := requests[0].Form.Get(param); got != want ||
				requests[0].Form.Has(param) != (want != "") {
				t.Errorf("%s: %s is %q, want %q", name, param, got, want)
			}
		}
	}
}
