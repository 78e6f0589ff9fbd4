package main

import (
	"context"
	"sync"

	"github.com/sallyport-go/sallyport/provider"
)

// A directory stores the providers of the customers. In production, use a database table.
type directory struct {
	mu        sync.Mutex
	customers map[string]provider.Provider
}

func newDirectory() *directory { return &directory{customers: map[string]provider.Provider{}} }

// find returns the provider of a customer, or nil if there is none, as provider.Tenants requires.
//
// If customers enter the issuer themselves, set HTTPClient to one shared provider.PublicOnly().
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
