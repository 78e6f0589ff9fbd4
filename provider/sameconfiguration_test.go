package provider

import "testing"

// What a preset has set for itself counts as well; what has been read does not.
func TestSameConfiguration_Unexported(t *testing.T) {
	if sameConfiguration(&OAuth2{noPKCE: true}, &OAuth2{}) || !sameConfiguration(&OAuth2{noPKCE: true}, &OAuth2{noPKCE: true}) {
		t.Error("noPKCE does not count")
	}
	read := &OIDC{Issuer: "i"}
	read.discovery.current.Store(&known{})
	if !sameConfiguration(read, &OIDC{Issuer: "i"}) {
		t.Error("what has been read counts")
	}
}
