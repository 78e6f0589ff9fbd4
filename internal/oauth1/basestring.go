package oauth1

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// baseString is what gets signed (RFC 5849 section 3.4.1.1). It holds tokens and verifiers, and must not be shown to anybody.
func baseString(method, uri string, params []Param) string {
	return Encode(strings.ToUpper(method)) + "&" + Encode(uri) + "&" + Encode(normalize(params))
}

// baseURI is the address of a request without its query, as the server sees it (RFC 5849 section 3.4.1.2): scheme and host in
// lower case, the port if it is not the usual one, and the path exactly as it goes over the wire.
func baseURI(r *http.Request) (string, error) {
	scheme := strings.ToLower(r.URL.Scheme)
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	switch {
	case scheme != "http" && scheme != "https" || host == "":
		return "", errors.New("oauth1: only requests to an absolute http or https address can be signed")
	case r.URL.Opaque != "":
		return "", errors.New("oauth1: a request whose address is opaque cannot be signed; use URL.RawPath")
	case !ascii(host):
		return "", errors.New("oauth1: the host name has to be written in ASCII (xn--...), because that is what the server sees")
	}
	host = strings.TrimSuffix(strings.ToLower(host), ":") // an empty port is not sent
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return scheme + "://" + host + path(r.URL), nil
}

// path is what net/http sends as the path.
func path(u *url.URL) string {
	if p := u.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
