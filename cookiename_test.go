package sallyport

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/session"
)

// R167: applications on one host have cookies of different names, whatever their ports and paths.
func TestCookieName_R167_Injective(t *testing.T) {
	seen := map[string]string{}
	paths := []string{"", "/app", "/auth", "/8443", "/a", "/b", "/a/b", "/a-b", "/a_b", "/a.b",
		"/a~b", "/a_hb", "/a__b", "/a_in", "/in", "/logout", "/app/logout", "/app-logout", "/_of-x",
		"/" + strings.Repeat("x", 60), "/" + strings.Repeat("x", 61), strings.Repeat("/x", 40)}
	for _, port := range []string{"", ":8443", ":443", ":80"} {
		for _, path := range paths {
			for _, prefix := range paths[1:] {
				base := &url.URL{Scheme: "https", Host: "example.com" + port, Path: path}
				name := cookieName(base, prefix)
				where := base.String() + " " + prefix
				if other, taken := seen[name]; taken {
					t.Errorf("%q is the name for %s and for %s", name, other, where)
				}
				seen[name] = where
				for _, beside := range []string{name + "-logout", name + "-flow-AAAAAAAAAAAA"} {
					if other, taken := seen[beside]; taken {
						t.Errorf("%q is a cookie of %s and of %s", beside, where, other)
					}
				}
				c := session.Config{Secret: "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", CookieName: name}
				if _, err := session.New(c, engine.Site{BaseURL: base}, nil); err != nil {
					t.Errorf("%s: %v", where, err)
				}
			}
		}
	}
}

// R167: the same for any paths.
func FuzzCookieName(f *testing.F) {
	f.Add("/a", "/b", "/a/b", "/auth")
	f.Add("/a_in__b", "/auth", "/a", "/b")
	f.Add("", "/a", "/a", "/auth")
	f.Fuzz(func(t *testing.T, path, prefix, path2, prefix2 string) {
		for _, p := range []string{"/x" + path, prefix, "/x" + path2, prefix2} {
			if !validPrefix(p) {
				t.Skip()
			}
		}
		one := &url.URL{Scheme: "https", Host: "example.com", Path: "/x" + path}
		two := &url.URL{Scheme: "https", Host: "example.com", Path: "/x" + path2}
		same := path == path2 && prefix == prefix2
		if (cookieName(one, prefix) == cookieName(two, prefix2)) != same {
			t.Errorf("%s %s and %s %s: %s", one, prefix, two, prefix2, cookieName(one, prefix))
		}
	})
}
