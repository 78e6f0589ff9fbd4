package provider

import "testing"

// F52: vendors are listed under the protocol that they speak.
func TestPresets_F52_Lists(t *testing.T) {
	for _, p := range openIDPresets {
		if p.Protocol != OpenIDConnect {
			t.Errorf("%s is listed among the vendors of OpenID Connect, and speaks %s", p.Name, p.Protocol)
		}
	}
	for _, p := range oauthPresets {
		if p.Protocol == OpenIDConnect {
			t.Errorf("%s is listed among the vendors without OpenID Connect", p.Name)
		}
	}
}
