package main

import (
	"context"
	"sync"

	"github.com/sallyport-go/sallyport/provider"
)

// A directory is where the application keeps what its customers have configured: a table of a database, in earnest.
type directory struct {
	mu        sync.Mutex
	customers map[string]provider.Provider
}

func newDirectory() *directory { return &directory{customers: map[string]provider.Provider{}} }

// find is the provider of a customer, or nil. It is for provider.Tenants.
//
// With issuers that customers type in, there would be HTTPClient: provider.PublicOnly(), one for all.
func (d *directory) find(_ context.Context, name string) (provider.Provider, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.customers[name], nil
}

func (d *directory) add(name string, p provider.Provider) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.customers[name] = p
}

func (d *directory) remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.customers, name)
}
