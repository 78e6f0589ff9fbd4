package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-go/sallyport/internal/bounded"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/internal/typednil"
	"github.com/sallyport-go/sallyport/provider"
)

// A tenantCache remembers what Tenants.Find has said, for a while, within a limit. Failures are not
// remembered: the next request asks again.
type tenantCache struct {
	find        func(context.Context, string) (provider.Provider, error)
	check       func(name string, p provider.Provider) error
	now         func() time.Time
	keep        time.Duration
	keepUnknown time.Duration

	flight singleflight.Group

	mu sync.Mutex
	// also for a while after their time, to go on with the value if nothing has changed
	known   *bounded.Cache[string, tenant]
	unknown *bounded.Cache[string, tenant] // apart, so that made-up names do not displace real ones
}

const (
	defaultKeep  = time.Minute
	defaultLimit = 1000

	// maxKeepUnknown is short so that a new tenant works soon.
	maxKeepUnknown = 10 * time.Second

	// findTimeout bounds one call of Find, and waiting for it.
	findTimeout = 10 * time.Second
)

// keepValues is how long a provider that was not looked up again is kept, with what it has read.
const keepValues = 24 * time.Hour

// A tenant is what is known about a name. Without a provider, there is none.
type tenant struct {
	provider     provider.Provider
	registration string
	until        time.Time
}

func newTenantCache(
	t provider.Tenants, check func(string, provider.Provider) error, now func() time.Time,
) *tenantCache {
	keep, limits := cmp.Or(t.Keep, defaultKeep),
		bounded.Limits{Count: cmp.Or(t.Limit, defaultLimit)}
	return &tenantCache{
		find: t.Find, check: check, now: now, keep: keep, keepUnknown: min(keep, maxKeepUnknown),
		known: bounded.New[string, tenant](limits), unknown: bounded.New[string, tenant](limits),
	}
}

// get returns the tenant of a name, with the errors of Providers.Find.
func (c *tenantCache) get(ctx context.Context, name string) (tenant, error) {
	t, known := c.recall(name)
	if !known {
		if !ValidName(name) {
			return tenant{}, ErrUnknown
		}
		var err error
		if t, err = c.ask(ctx, name); err != nil {
			return tenant{}, err
		}
	}
	if t.provider == nil {
		return tenant{}, ErrUnknown
	}
	return t, nil
}

// recall returns an answer whose time is not over.
func (c *tenantCache) recall(name string) (tenant, bool) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	t, known := c.known.Get(name, now)
	if !known {
		t, known = c.unknown.Get(name, now)
	}
	return t, known && c.young(t, now)
}

// young also rejects what was kept before the clock was set back.
func (c *tenantCache) young(t tenant, now time.Time) bool {
	rest := t.until.Sub(now)
	return 0 < rest && rest <= c.lasting(t)
}

// lasting is how long an answer is kept.
func (c *tenantCache) lasting(t tenant) time.Duration {
	if t.provider == nil {
		return c.keepUnknown
	}
	return c.keep
}

// ask gets an answer from the application, the same for all who wait for it. It does not end with
// the request that has caused it.
func (c *tenantCache) ask(ctx context.Context, name string) (tenant, error) {
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	result := c.flight.DoChan(name, func() (any, error) {
		return recovered.Get(func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), findTimeout)
			defer cancel()
			return c.look(ctx, name)
		})
	})
	select {
	case <-ctx.Done():
		return tenant{}, noAnswer(name, context.Cause(ctx))
	case r := <-result:
		if r.Err != nil {
			return tenant{}, noAnswer(name, r.Err)
		}
		return r.Val.(tenant), nil
	}
}

func noAnswer(name string, cause error) error {
	return fmt.Errorf("%w: tenant %q: %w", provider.ErrUnavailable, name, cause)
}

// look asks the application and checks its answer.
func (c *tenantCache) look(ctx context.Context, name string) (tenant, error) {
	found, err := c.find(ctx, name)
	if err != nil {
		return tenant{}, err
	}
	if err := context.Cause(ctx); err != nil { // an answer that took too long may be an old one
		return tenant{}, err
	}
	switch {
	case found == nil:
		return c.remember(name, tenant{}), nil
	case typednil.Is(found): // a mistake must not end sessions
		return tenant{}, errTypedNil
	}
	if before, known := c.before(name); known && sameConfiguration(before.provider, found) {
		return c.remember(name, before), nil
	}
	if err := c.check(name, found); err != nil {
		return tenant{}, err
	}
	if err := provider.CheckTenant(found); err != nil {
		return tenant{}, err
	}
	registration := found.Registration()
	if registration == "" {
		return tenant{}, errNoRegistration
	}
	return c.remember(name, tenant{provider: found, registration: registration}), nil
}

// before returns the provider of a name, however long ago it was looked up.
func (c *tenantCache) before(name string) (tenant, bool) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known.Get(name, now)
}

var (
	errNoRegistration = errors.New("the provider has an empty Registration")
	errTypedNil       = errors.New("Find returned a nil pointer in a Provider, whose methods " +
		"would have panicked: " +
		"return nil itself for an unknown tenant")
)

// remember keeps an answer from now on.
func (c *tenantCache) remember(name string, t tenant) tenant {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.Delete(name)
	c.unknown.Delete(name)
	answers := c.known
	if t.provider == nil {
		answers = c.unknown
	}
	t.until = now.Add(c.lasting(t))
	answers.Put("", name, t, 0, c.lasting(t)+keepValues, now)
	return t
}
