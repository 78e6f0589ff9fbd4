// Package directory finds the providers of an application by their names: the configured ones, then
// those of its tenants, which it remembers for a while.
package directory

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// ErrUnknown means that no provider has the name.
var ErrUnknown = errors.New("provider: unknown name")

// Providers finds providers by their names. It is safe for concurrent use.
type Providers struct {
	configured provider.Set
	// of the configured ones: they never change, and every request needs one
	registrations map[string]string
	tenants       *tenantCache // nil for none
}

// New returns the configured providers, which have been checked, and those of tenants, which check
// is called with when they are found.
func New(
	configured provider.Set, tenants provider.Tenants,
	check func(name string, p provider.Provider) error, now func() time.Time,
) *Providers {
	d := &Providers{configured: configured, registrations: make(map[string]string, len(configured))}
	for name, p := range configured {
		d.registrations[name] = p.Registration()
	}
	if tenants.Find != nil {
		d.tenants = newTenantCache(tenants, check, now)
	}
	return d
}

// Configured returns the configured providers. The set must not be changed.
func (d *Providers) Configured() provider.Set { return d.configured }

// HasTenants reports whether there may be providers besides the configured ones.
func (d *Providers) HasTenants() bool { return d.tenants != nil }

// TenantOf returns the name if it is a tenant's, and "" if it is a configured provider's.
func (d *Providers) TenantOf(name string) string {
	if _, configured := d.configured[name]; configured {
		return ""
	}
	return name
}

// Find returns the provider of a name. The error is [ErrUnknown] for a name that no provider has,
// and wraps [provider.ErrUnavailable] while the tenants cannot be looked up.
func (d *Providers) Find(ctx context.Context, name string) (provider.Provider, error) {
	if p, known := d.configured[name]; known {
		return p, nil
	}
	t, err := d.tenant(ctx, name)
	return t.provider, err
}

// Registration returns the registration of the provider of a name. The errors are those of Find.
func (d *Providers) Registration(ctx context.Context, name string) (string, error) {
	if registration, known := d.registrations[name]; known {
		return registration, nil
	}
	t, err := d.tenant(ctx, name)
	return t.registration, err
}

func (d *Providers) tenant(ctx context.Context, name string) (tenant, error) {
	if d.tenants == nil {
		return tenant{}, ErrUnknown
	}
	return d.tenants.get(ctx, name)
}

// maxName bounds the name of a provider.
const maxName = 64

// ValidName reports whether a provider may have this name: up to 64 of a-z, 0-9, '-' and '_', of
// which the first is a letter or a digit. It is a segment of URLs.
func ValidName(name string) bool {
	for i, r := range []byte(name) {
		letter := 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
		if !letter && (i == 0 || r != '-' && r != '_') {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
