package provider

import "testing"

// What a vendor's function has set counts as well; what has been read does not.
func TestSameConfiguration_Quirks(t *testing.T) {
	quirky := func() *OAuth2 { return &OAuth2{Quirks: Quirks{NoPKCE: true}} }
	if sameConfiguration(quirky(), &OAuth2{}) || !sameConfiguration(quirky(), quirky()) {
		t.Error("Quirks do not count")
	}
	read := &OIDC{Issuer: "i"}
	read.discovery.current.Store(&known{})
	if !sameConfiguration(read, &OIDC{Issuer: "i"}) {
		t.Error("what has been read counts")
	}
}
