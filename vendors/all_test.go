package vendors

import "testing"

// F52: vendors are listed under the protocol that they speak, and make a provider of it.
func TestAll_F52_Lists(t *testing.T) {
	for _, v := range openID() {
		if v.Protocol != OpenIDConnect {
			t.Errorf("%s is listed under OpenID Connect, and speaks %s", v.Name, v.Protocol)
		}
	}
	for _, v := range oauth() {
		if v.Protocol == OpenIDConnect {
			t.Errorf("%s is listed among the vendors without OpenID Connect", v.Name)
		}
	}
}
