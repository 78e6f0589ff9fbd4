package sallyport

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
)

// cookieName keeps applications on one host apart: cookies do not know ports, and ours are for all
// paths, so the name has the port, the path of BaseURL and the prefix in it where they are not the
// usual ones: "sallyport-8443__app". Different ones never have the same name, nor that of another
// cookie of ours, which has "-" and a word behind the name: a path is written without "-", and its
// escapes do not begin with "_in" or "_of".
func cookieName(base *url.URL, prefix string) string {
	name := "sallyport"
	if port := base.Port(); port != "" {
		name += "-" + port
	}
	var paths string
	if base.Path != "" {
		paths += cookiePath.Replace(base.Path)
	}
	if prefix != defaultPrefix {
		paths += "_in" + cookiePath.Replace(prefix)
	}
	if len(paths) > maxCookiePaths {
		sum := sha256.Sum256([]byte(paths))
		paths = "_of-" + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return name + paths
}

// maxCookiePaths leaves room for the rest of the name, which has at most 64 characters.
const maxCookiePaths = 48

// cookiePath writes a path in the characters that the name of a cookie may have.
var cookiePath = strings.NewReplacer("/", "__", "-", "_h", "_", "_u", ".", "_d", "~", "_t")
