package directory

import (
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
)

// What is configured is compared, and what has been read from the provider is not.
func TestSameConfiguration(t *testing.T) {
	quirky := func() *provider.OAuth2 {
		return &provider.OAuth2{Quirks: provider.Quirks{NoPKCE: true}}
	}
	if sameConfiguration(quirky(), &provider.OAuth2{}) || !sameConfiguration(quirky(), quirky()) {
		t.Error("Quirks are not compared")
	}
	op := authtest.NewProvider(t)
	configured := func() *provider.OIDC {
		o := op.OIDC()
		o.Now = nil // functions are never equal
		return o
	}
	read := configured()
	if err := read.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !sameConfiguration(read, configured()) {
		t.Error("what has been read is compared")
	}
}
