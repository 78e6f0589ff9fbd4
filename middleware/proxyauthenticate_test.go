package middleware

import "testing"

// R163: whatever an API writes before or after a challenge for a password, the line is removed.
func FuzzAsksForPassword_R163(f *testing.F) {
	for _, seed := range []string{`Bearer realm="a"`, "Bearer", "DPoP algs=\"ES256\"", `"`, `\`, ",",
		`Bearer realm="a\"`, "Bearer ,", "Bearer a=b,\tc = d", "", "=", "Bearer token68=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, all := range []string{line + `, Basic realm="b"`, line + ",\tnegotiate",
			`Basic realm="b", ` + line, `Bearer realm="a",Basic  realm=b,` + line} {
			if !asksForPassword(all) {
				t.Errorf("%q passes", all)
			}
		}
	})
}
