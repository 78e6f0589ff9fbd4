package vendors_test

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// F51: in FIPS mode, Validate rejects a client secret that is too short as an HMAC key, because its
// first use would panic.
func TestFIPS_F51_ShortSecrets(t *testing.T) {
	if !fips140.Enforced() {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), "GODEBUG=fips140=only")
		out, err := again.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Errorf("with GODEBUG=fips140=only: %v\n%s", err, out)
		}
		return
	}
	const long = "a-client-secret-of-many-bytes"
	flowers := vendors.Shop{Name: "flowers"}
	for name, row := range map[string]struct {
		v    provider.Validator
		want string // in the error; empty for none
	}{
		"Facebook":               {vendors.Facebook("c", long), ""},
		"Facebook, short secret": {vendors.Facebook("c", "short"), "ClientSecret is too short"},
		"Shopify":                {vendors.Shopify(flowers, "c", long), ""},
		"Shopify, short secret": {
			vendors.Shopify(flowers, "c", "short"),
			"ClientSecret is too short",
		},
	} {
		_, err := row.v.Validate()
		if row.want == "" && err == nil {
			continue
		}
		if err == nil || row.want == "" || !strings.Contains(err.Error(), row.want) ||
			!strings.Contains(err.Error(), "fips140=only") {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
