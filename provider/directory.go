package provider

import (
	"context"
	"errors"
	"time"
)

// ErrUnknown means that there is no provider of a name.
var ErrUnknown = errors.New("provider: there is none of this name")

// A Directory finds providers by their names, for everybody who has to: the configured ones, then those of tenants. It is
// safe for concurrent use.
type Directory struct {
	configured    Set
	registrations map[string]string // of the configured ones: they never change, and every request needs one
	tenants       *tenantCache      // nil: there are none
}

// NewDirectory returns a directory of the configured providers, which have been checked, and of tenants, which check is
// asked about when they are found.
func NewDirectory(configured Set, tenants Tenants, check func(name string, p Provider) error, now func() time.Time) *Directory {
	d := &Directory{configured: configured, registrations: make(map[string]string, len(configured))}
	for name, p := range configured {
		d.registrations[name] = p.Registration()
	}
	if tenants.Find != nil {
		d.tenants = newTenantCache(tenants, check, now)
	}
	return d
}

// Configured returns the providers that are there for everybody, and that can be listed. It must not be changed.
func (d *Directory) Configured() Set { return d.configured }

// HasTenants reports whether there may be more than the configured ones.
func (d *Directory) HasTenants() bool { return d.tenants != nil }

// TenantOf returns the name if it is that of a tenant, and "" if it is that of a configured provider.
func (d *Directory) TenantOf(name string) string {
	if _, configured := d.configured[name]; configured {
		return ""
	}
	return name
}

// Find returns the provider of a name. The error is [ErrUnknown] when there is none, and wraps [ErrUnavailable] when
// nobody knows at the moment.
func (d *Directory) Find(ctx context.Context, name string) (Provider, error) {
	if p, known := d.configured[name]; known {
		return p, nil
	}
	t, err := d.tenant(ctx, name)
	return t.provider, err
}

// Registration returns the registration of the provider of a name. The errors are those of Find.
func (d *Directory) Registration(ctx context.Context, name string) (string, error) {
	if registration, known := d.registrations[name]; known {
		return registration, nil
	}
	t, err := d.tenant(ctx, name)
	return t.registration, err
}

func (d *Directory) tenant(ctx context.Context, name string) (tenant, error) {
	if d.tenants == nil {
		return tenant{}, ErrUnknown
	}
	return d.tenants.get(ctx, name)
}

// maxName bounds the name of a provider.
const maxName = 64

// ValidName reports whether a provider may have this name: up to 64 of a-z, 0-9, '-' and '_', the first of them a
// letter or a digit. It is a segment of URLs.
func ValidName(name string) bool {
	for i, r := range []byte(name) {
		letter := 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
		if !letter && (i == 0 || r != '-' && r != '_') {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
