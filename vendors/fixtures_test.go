package vendors_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/vendors"
)

func fixtures(t testing.TB) []fixture {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s: %v", folder, err)
	}
	all := make([]fixture, len(files))
	for i, file := range files {
		all[i] = load(t, file)
	}
	return all
}

// Every vendor, in each of its cases. R18, R19: Apple's callbacks by POST. R38: Entra's tenants.
// R78: addresses of userinfo. R134: no secret is logged. F56: the documented facts of each vendor.
func TestVendors(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.Vendor, func(t *testing.T) {
			vendor, known := vendors.Named(f.Vendor)
			if !known {
				t.Fatal("unknown vendor")
			}
			for _, c := range f.trials() {
				t.Run(c.title(), func(t *testing.T) {
					for _, complaint := range run(t, vendor, c) {
						t.Error(complaint)
					}
				})
			}
		})
	}
}

// F3: each vendor can be the provider of a tenant, although many use several origins.
func TestVendors_F3_AsTenants(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.Vendor, func(t *testing.T) {
			vendor, _ := vendors.Named(f.Vendor)
			for _, complaint := range (&flow{
				trial:  f.trials()[0],
				vendor: vendor,
				tenant: true,
			}).run(t) {
				t.Error(complaint)
			}
		})
	}
}

func TestEveryVendorHasFixtures(t *testing.T) {
	for _, p := range vendors.All() {
		if _, err := os.Stat(filepath.Join(folder, p.Name+".json")); err != nil {
			t.Errorf("%s has no fixture: %v", p.Name, err)
		}
	}
}

// The description of each vendor is complete, and names are unique.
func TestAll_SaysWhatIsNeeded(t *testing.T) {
	names := map[string]bool{}
	for _, p := range vendors.All() {
		if names[p.Name] || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("the name %q is taken or not fit for a URL", p.Name)
		}
		names[p.Name] = true
		if p.Label == "" || p.Protocol == "" || p.New == nil ||
			!strings.HasPrefix(p.Register, "https://") {
			t.Errorf("%s: label, protocol, register URL or New is missing", p.Name)
		}
		for _, s := range p.Settings {
			if s.Name == "" || s.Help == "" {
				t.Errorf("%s: a setting without a name or help", p.Name)
			}
		}
		for _, sentence := range append(p.Notes, p.Unconfirmed...) {
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: not a sentence: %q", p.Name, sentence)
			}
		}
	}
}
