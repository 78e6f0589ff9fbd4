package rig

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A SharedSubject provider is one of many issuers, one for each user. Subject and sid are the same
// in all of them.
type SharedSubject struct{ *provider.OIDC }

// Finish implements provider.Provider.
func (p SharedSubject) Finish(
	ctx context.Context, f *provider.Flow, callback url.Values,
) (*session.Session, error) {
	s, err := p.OIDC.Finish(ctx, f, callback)
	if err == nil {
		s.User.Issuer, s.User.Subject, s.SID = "https://"+s.User.Username+".example", "same", "same"
	}
	return s, err
}

// VerifyLogoutToken takes "issuer sid" or "issuer sub" as a token.
func (p SharedSubject) VerifyLogoutToken(
	_ context.Context,
	token string,
) (*provider.LogoutToken, error) {
	issuer, by, _ := strings.Cut(token, " ")
	now := p.Now()
	t := &provider.LogoutToken{
		Issuer:   issuer,
		ID:       "1",
		IssuedAt: now,
		Until:    now.Add(time.Minute),
	} // one ID: replays are of an issuer
	if by == "sid" {
		t.SID = "same"
	} else {
		t.Subject = "same"
	}
	return t, nil
}

// A Tenancy is an application's own list of tenants, which can be away.
type Tenancy struct {
	mu        sync.Mutex
	Providers provider.Set // before the application starts; Set changes it afterwards
	err       error
	calls     []string
}

// ErrTenancy is an error of a database.
var ErrTenancy = errors.New("the database of tenants is away")

// Find is a Tenants.Find.
func (tn *Tenancy) Find(_ context.Context, name string) (provider.Provider, error) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.calls = append(tn.calls, name)
	return tn.Providers[name], tn.err
}

// Set changes a tenant; nil removes it.
func (tn *Tenancy) Set(name string, p provider.Provider) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.Providers = maps.Clone(tn.Providers)
	if tn.Providers[name] = p; p == nil {
		delete(tn.Providers, name)
	}
}

// Fail makes Find fail; nil ends that.
func (tn *Tenancy) Fail(err error) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.err = err
}

// Asked returns how often Find was called.
func (tn *Tenancy) Asked() int {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return len(tn.calls)
}

// NewTenants is an application with the tenants acme, with a provider of its own, and globex and
// initech, which share one: with the same client at it. The provider of acme is app.OP2.
func NewTenants(t *testing.T, change ...func(*Setup)) (*App, *Tenancy) {
	t.Helper()
	tn := &Tenancy{}
	acme := authtest.NewTLSProvider(t)
	app := New(t, append([]func(*Setup){func(s *Setup) {
		acme.SetNow(s.Config.Session.Now)
		tn.Providers = provider.Set{
			"acme":    acme.OIDC(),
			"globex":  s.OP.OIDC(),
			"initech": s.OP.OIDC(),
		}
		s.Config.Tenants.Find = tn.Find
	}}, change...)...)
	app.OP2 = acme
	return app, tn
}
