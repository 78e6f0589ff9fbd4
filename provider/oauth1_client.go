package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/oauth1"
	"github.com/sallyport-go/sallyport/session"
)

// Client implements [Provider]. Every request is signed, with the parameters of its query and of its form (RFC 5849 section 3.4), and
// sent as it was signed; a form is taken into memory for that. An address without a host is one below APIBase. The client is for the API
// that the token is meant for: any other is handed a signature, and with PLAINTEXT both secrets. So it does not follow redirects
// to another origin.
func (o *OAuth1) Client(_ context.Context, t session.Tokens) *http.Client {
	base, _ := url.Parse(o.APIBase) // as Validate has found
	if base != nil && !strings.HasSuffix(base.Path, "/") {
		base = base.JoinPath("/")
	}
	out := o.outbound()
	c := out.callAPI(func(req *http.Request, via []*http.Request) error {
		return sameOrigin(req, append([]*http.Request{{URL: absolute(base, via[0].URL)}}, via[1:]...))
	})
	c.Transport = apiBase{out, base, &oauth1.Transport{Signer: o.signer(t.AccessToken, t.Secret), Next: c.Transport}}
	return c
}

// apiBase completes addresses that have no host, and keeps signatures from being sent in the clear.
type apiBase struct {
	out  outbound
	base *url.URL
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b apiBase) RoundTrip(r *http.Request) (*http.Response, error) {
	target := absolute(b.base, r.URL)
	if err := b.check(target); err != nil {
		if r.Body != nil {
			r.Body.Close() // as a RoundTripper must
		}
		return nil, err
	}
	if target == r.URL {
		return b.next.RoundTrip(r)
	}
	completed := r.Clone(r.Context())
	completed.URL = target
	resp, err := b.next.RoundTrip(completed)
	if err == nil && resp.StatusCode >= 300 && resp.StatusCode < 400 {
		// The client knows the incomplete address only, and could not tell where a redirect leads to.
		if location, err := resp.Location(); err == nil {
			resp.Header.Set("Location", location.String())
		}
	}
	return resp, err
}

func (b apiBase) check(target *url.URL) error {
	if target.Host == "" {
		return errors.New("provider: an address without a host needs APIBase")
	}
	return b.out.checkConfidential(target)
}

// absolute resolves an address without scheme and host (RFC 3986 section 5.2).
func absolute(base, u *url.URL) *url.URL {
	if base == nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" {
		return u
	}
	return base.ResolveReference(u)
}
