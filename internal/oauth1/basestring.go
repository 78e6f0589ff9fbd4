package oauth1

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// baseString returns the signature base string (RFC 5849 section 3.4.1.1). It contains tokens and
// verifiers: never log it.
func baseString(method, uri string, params []Param) string {
	return Encode(strings.ToUpper(method)) + "&" + Encode(uri) + "&" + Encode(normalize(params))
}

// baseURI returns the base string URI (RFC 5849 section 3.4.1.2): the scheme and host in lower
// case, the port unless it is the default, and the path exactly as sent.
func baseURI(r *http.Request) (string, error) {
	scheme := strings.ToLower(r.URL.Scheme)
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	switch {
	case scheme != "http" && scheme != "https" || host == "":
		return "", errors.New("oauth1: the request URL must be absolute, with scheme http or https")
	case r.URL.Opaque != "":
		return "", errors.New("oauth1: cannot sign a request with URL.Opaque; use URL.RawPath")
	case !ascii(host):
		return "", errors.New("oauth1: the host name is not ASCII; write its xn-- form, " +
			"which the server sees and verifies")
	}
	host = strings.TrimSuffix(strings.ToLower(host), ":") // an empty port is not sent
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return scheme + "://" + host + path(r.URL), nil
}

// path returns the path as net/http sends it.
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
