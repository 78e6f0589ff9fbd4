package sallyport

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/internal/loopback"
)

// parseBaseURL accepts an origin as browsers write it: https, or http on loopback, which only this
// machine reaches. Every login would reject any other spelling of the same host as another host. A
// plain path may follow.
func parseBaseURL(text string) (*url.URL, error) {
	wrong := func(format string, args ...any) (*url.URL, error) {
		args = append([]any{withoutUser(text)}, args...)
		return nil, wrongField("BaseURL", "%q "+format, args...)
	}
	if text == "" {
		return nil, wrongField("BaseURL",
			"is missing: set the public address of the application, such as "+
				"https://app.example.com")
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" {
		return wrong("is not an absolute URL such as https://app.example.com")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		strings.HasSuffix(text, "#") {
		return wrong("must be scheme, host and path only")
	}
	if u.Path != "" && !validPrefix(u.EscapedPath()) {
		return wrong("has a path that is not plain, such as /app")
	}
	u.Host = strings.ToLower(u.Host)
	if reason := badHost(u); reason != "" {
		return wrong("%s", reason)
	}
	switch {
	case u.Scheme == "https":
		u.Host = strings.TrimSuffix(u.Host, ":443")
	case u.Scheme == "http" && loopback.Host(u.Hostname()):
		u.Host = strings.TrimSuffix(u.Host, ":80")
	default:
		return wrong("must be https: http is for loopback hosts only")
	}
	return u, nil
}

// validOrigin reports whether text is an https origin, or an http origin on loopback, exactly as
// browsers write it.
func validOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || badHost(u) != "" || text != u.Scheme+"://"+u.Host ||
		text != strings.ToLower(text) {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Port() != "443"
	case "http":
		return loopback.Host(u.Hostname()) && u.Port() != "80"
	}
	return false
}

// badHost says why no browser would send the host of a URL, or "".
func badHost(u *url.URL) string {
	host := u.Hostname()
	if reason := badPort(u); reason != "" {
		return reason
	}
	if strings.HasPrefix(u.Host, "[") {
		return badIPv6(host)
	}
	switch {
	case strings.HasSuffix(host, "."):
		return "has a dot at the end of the host, which makes it another host to browsers: write " +
			"it without"
	case !ascii(host):
		return "has a host that is not ASCII; write the form that browsers send" + asciiForm(host)
	case !hostPattern.MatchString(host) || len(host) > 253:
		return "has a host that is not a name or an address: write it as browsers show it"
	case numeric.MatchString(host) && !plainIPv4(host):
		return "has an IPv4 address in a spelling that browsers change: write four decimal " +
			"numbers without leading zeros"
	}
	return ""
}

var (
	hostPattern = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$`)
	// numeric are the hosts that browsers take for IPv4 addresses (URL Standard, "ends in a
	// number").
	numeric = regexp.MustCompile(`(^|\.)(0x[0-9a-f]*|[0-9]+)$`)
)

func plainIPv4(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Is4() && ip.String() == host
}

func badIPv6(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil || ip.Is4In6():
		return "has an IPv6 address that browsers write in another way"
	case ip.Zone() != "":
		return "has an IPv6 address with a zone, which browsers do not support: remove it"
	case ip.String() != host:
		return "has an IPv6 address that browsers write as [" + ip.String() + "]: write that"
	}
	return ""
}

func badPort(u *url.URL) string {
	port := u.Port()
	if port == "" && !strings.HasSuffix(u.Host, ":") {
		return ""
	}
	if port == "0" && loopback.Host(u.Hostname()) {
		return "" // any port, in tests of a program that is never opened in a browser
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
		return "has a port that is not a number from 1 to 65535 without leading zeros"
	}
	return ""
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

// asciiForm ends an error with the punycode of a host. net/http makes it when it writes a request.
func asciiForm(host string) string {
	var b strings.Builder
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: host, Path: "/"}}
	if err := r.Write(&b); err != nil {
		return " (xn--...)"
	}
	_, rest, _ := strings.Cut(b.String(), "\r\nHost: ")
	name, _, _ := strings.Cut(rest, "\r\n")
	return ", " + name
}

// withoutUser keeps a password in a mistyped URL out of an error.
func withoutUser(text string) string {
	if before, after, found := strings.Cut(text, "@"); found {
		scheme, _, _ := strings.Cut(before, "//")
		return scheme + "//…@" + after
	}
	return text
}
