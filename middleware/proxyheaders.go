package middleware

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
)

// removedFromRequests are the headers by which a client could claim an identity, or come from
// somewhere. Names are folded, because servers that follow CGI confuse them. An entry that ends in
// '-' is the start of names. "Proxy" would become HTTP_PROXY, the variable for outgoing requests.
var removedFromRequests = []string{
	"Authorization", "Dpop", "Cookie", "Cookie2", "Origin", "Referer", "Sec-Fetch-",
	"Access-Control-Request-",
	"Forwarded", "X-Forwarded-", "X-Forwarded", "X-Original-", "X-Rewrite-Url", "X-Real-Ip",
	"X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Fastly-Client-Ip", "Cf-", "Via",
	"X-Http-Method", "X-Http-Method-Override", "X-Method-Override",
	"Remote-", "X-Remote-", "X-User", "X-User-", "X-Username", "X-Email", "X-Groups", "X-Roles",
	"X-Auth-", "X-Authenticated-", "X-Webauth-", "X-Access-Token", "X-Id-Token", "X-Pomerium-",
	"X-Goog-Authenticated-", "X-Goog-Iap-", "X-Amzn-Oidc-", "X-Ms-Client-Principal",
	"X-Ms-Client-Principal-", "X-Ms-Token-", "Tailscale-", "X-Token-", "X-Vouch-", "X-Authentik-",
	"Client-Cert", "Client-Cert-", "X-Client-Cert", "X-Client-Cert-", "X-Ssl-", "Ssl-",
	"X-Arr-", "X-Amzn-Mtls-", "X-Tenant", "X-Tenant-Id", "X-Sallyport-",
	"Proxy", "Proxy-", "X-Serverless-Authorization", "X-Appengine-", "X-Envoy-", "X-Azure-",
	"X-Consumer-", "X-Credential-", "X-Userinfo", "X-Endpoint-Api-Userinfo",
	"X-Apigateway-Api-Userinfo", "X-Jwt-", "Oidc-", "X-Oidc-", "Shib-", "X-Proxyuser-Ip",
	"X-Originating-Ip", "X-Host", "X-Http-Host-Override",
}

// removedFromResponses are the headers that affect more than the response: the whole origin, or
// what other sites may read.
var removedFromResponses = []string{
	"Set-Cookie2", "Access-Control-", "Clear-Site-Data", "Strict-Transport-Security",
	"Service-Worker-Allowed", "Public-Key-Pins", "Public-Key-Pins-", "Expect-Ct", "Alt-Svc",
	"Nel", "Report-To", "Reporting-Endpoints", "Origin-Agent-Cluster", "Refresh",
	"Authentication-Info", "Proxy-", "X-Accel-", "X-Sendfile", "Sourcemap", "X-Sourcemap",
	"Hx-", "Content-Security-Policy-Report-Only",
	"Set-Login", "Sec-Session-", "Secure-Session-", "Accept-Ch", "Critical-Ch", "Use-As-Dictionary",
	"Timing-Allow-Origin", "Activate-Storage-Access", "Shared-Storage-Write",
	"Attribution-Reporting-", "Observe-Browsing-Topics", "X-Reproxy-Url", "X-Lighttpd-",
	"X-Litespeed-",
}

// cacheFields are the headers that tell browsers and shared caches what to keep; the caches of CDNs
// follow their own before Cache-Control (RFC 9213).
var cacheFields = []string{"Cache-Control", "Expires", "Pragma", "Cdn-Cache-Control",
	"Cloudflare-", "Vercel-", "Netlify-", "Akamai-", "Fastly-", "Surrogate-", "Edge-"}

// listedIn reports whether a header is in a list of names and starts of names.
func listedIn(list []string, name string) bool {
	name = http.CanonicalHeaderKey(folded(name))
	return slices.ContainsFunc(list, func(entry string) bool {
		return entry == name || strings.HasSuffix(entry, "-") && strings.HasPrefix(name, entry)
	})
}

func removeListed(h http.Header, list []string) {
	for name := range h {
		if listedIn(list, name) {
			delete(h, name)
		}
	}
}

// rewrite makes the request to the API.
func (p *proxy) rewrite(pr *httputil.ProxyRequest) {
	x, out := exchangeOf(pr.In.Context()), pr.Out
	out.URL = &url.URL{
		Scheme: p.target.Scheme, Host: p.target.Host,
		Path: p.target.Path + x.path, RawPath: p.target.EscapedPath() + x.raw,
		RawQuery: out.URL.RawQuery,
	}
	out.Host, out.Trailer = "", nil
	passing := p.passing(pr.In)
	removeListed(out.Header, removedFromRequests)
	for _, c := range passing {
		out.AddCookie(c)
	}
	if !opensSocket(pr.In) { // no other protocol, such as h2c
		out.Header.Del("Upgrade")
		out.Header.Del("Connection")
	}
}

// passing returns the cookies of a request that the API gets.
func (p *proxy) passing(r *http.Request) []*http.Cookie {
	return slices.DeleteFunc(r.Cookies(), func(c *http.Cookie) bool { return !p.passes(c.Name) })
}

// passes reports whether a cookie of this name may pass. Those of sessions and logins never do,
// whatever the application lists.
func (p *proxy) passes(name string) bool {
	bare := strings.ToLower(name)
	for _, prefix := range []string{"__host-", "__secure-"} {
		bare = strings.TrimPrefix(bare, prefix)
	}
	own := strings.ToLower(p.guard.config.Sessions.CookieName())
	return slices.Contains(p.config.Cookies, name) && !strings.HasPrefix(bare, own)
}

// modify makes the response one of this origin.
func (p *proxy) modify(resp *http.Response) error {
	x, h := exchangeOf(resp.Request.Context()), resp.Header
	allowed := slices.DeleteFunc(h["Set-Cookie"], func(line string) bool {
		c, err := http.ParseSetCookie(line)
		return err != nil || !p.passes(c.Name) || hasDomain(line)
	})
	removeListed(h, removedFromResponses)
	h.Del("Set-Cookie")
	for _, line := range allowed {
		h.Add("Set-Cookie", line)
	}
	h["Www-Authenticate"] = slices.DeleteFunc(h["Www-Authenticate"], asksForPassword)
	if len(h["Www-Authenticate"]) == 0 {
		h.Del("Www-Authenticate")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	if x.w.Header()["Cache-Control"] != nil { // set by the guard; the copy would be added to it
		removeListed(h, cacheFields)
	}
	p.relocate(resp)
	filterTrailers(resp)
	return nil
}

// hasDomain reports whether a Set-Cookie line has a Domain, also one that net/http cannot read: a
// browser may.
func hasDomain(line string) bool {
	return slices.ContainsFunc(strings.Split(line, ";")[1:], func(attribute string) bool {
		name, _, _ := strings.Cut(attribute, "=")
		return strings.EqualFold(strings.TrimSpace(name), "Domain")
	})
}

// relocate turns a Location within the target into one of this origin, and removes any other.
func (p *proxy) relocate(resp *http.Response) {
	h := resp.Header
	location := h["Location"]
	h.Del("Location")
	h.Del("Content-Location")
	if len(location) != 1 {
		return
	}
	u, err := resp.Request.URL.Parse(location[0])
	if err != nil || u.Scheme != p.target.Scheme || !strings.EqualFold(u.Host, p.target.Host) ||
		u.User != nil || checkPath(u.EscapedPath(), u.Path) != nil {
		return
	}
	rest, below := strings.CutPrefix(u.EscapedPath(), p.target.EscapedPath())
	if !below || rest == "" || rest[0] != '/' {
		return
	}
	here := p.guard.config.Paths.Base + p.config.StripPrefix + rest
	if u.RawQuery != "" {
		here += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		here += "#" + u.EscapedFragment()
	}
	h.Set("Location", here)
}
