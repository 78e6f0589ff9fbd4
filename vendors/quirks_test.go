package vendors_test

import (
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/sallyport-go/sallyport/vendors"
)

// plainQuirks are the quirks of vendors without OpenID Connect, by their numbers in the catalog of
// vendor quirks.
var plainQuirks = []int{
	4, 5, 6, 7, 8, 10, 11, 12, 13, // authorization request and callback
	14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, // token endpoint
	39, 40, 41, 42, 43, 45, 46, 48, // profile
	49, 50, 51, 52, // refresh, revocation, logout
}

// openIDQuirks are those of vendors of OpenID Connect. Quirk 27, clients that sign, is shown by the
// tests of ClientKey; quirk 8, no PKCE, by those of provider.Quirks.
var openIDQuirks = []int{
	1, 2, 3, 5, 7, 9, 10, 12, 13, // authorization request and callback
	15, 16, 17, 18, 19, 20, 21, 23, 24, 26, // token endpoint
	28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, // discovery, keys, ID token
	44, 45, 46, 47, // profile
	49, 50, 51, 52, // refresh, revocation, logout
}

var named = regexp.MustCompile(`^quirk ([0-9]+)\b`)

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func TestEveryQuirkHasFixtures(t *testing.T) {
	shown, openID := map[int]bool{}, map[int]bool{}
	for _, f := range fixtures(t) {
		vendor, _ := vendors.Named(f.Vendor)
		for _, c := range append(f.Cases, f.trial) {
			n := named.FindStringSubmatch(c.Name)
			if n != nil && !slices.Contains(append(f.Quirks, c.Quirks...), number(n[1])) {
				t.Errorf("%s: %q is not in the list of its quirks", f.Vendor, c.Name)
			}
			for _, quirk := range c.Quirks {
				if quirk < 1 || quirk > 52 {
					t.Errorf("%s, %s: there is no quirk %d", f.Vendor, c.Name, quirk)
				}
				if vendor.Protocol == vendors.OpenIDConnect {
					openID[quirk] = true
					continue
				}
				shown[quirk] = true
				if !slices.Contains(plainQuirks, quirk) {
					t.Errorf("%s: quirk %d belongs to OpenID Connect only", f.Vendor, quirk)
				}
			}
		}
	}
	for _, quirk := range plainQuirks {
		if !shown[quirk] {
			t.Errorf("no fixture shows quirk %d", quirk)
		}
	}
	for _, quirk := range openIDQuirks {
		if !openID[quirk] {
			t.Errorf("no fixture of OpenID Connect shows quirk %d", quirk)
		}
	}
}
