package sallyport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/provider"
)

// origins finds the origin of a request by its Host header, which must be that of an origin
// exactly. X-Forwarded-Host is never read: anyone can send it.
type origins struct {
	base   *url.URL
	listed map[string]*url.URL // by wiring.HostKey
	find   func(host string) (origin string, ok bool)
	domain string // of Session.Domain; empty: any
	failed func(r *http.Request, err error)
}

// origins returns the further origins of the application, or nil if there are none.
func (c Config) origins(base *url.URL) (*origins, []error) {
	if len(c.Origins) == 0 && c.OriginOf == nil {
		return nil, nil
	}
	o := &origins{
		base: originOf(base), listed: map[string]*url.URL{}, find: c.OriginOf,
		domain: strings.ToLower(c.Session.Domain),
		failed: func(r *http.Request, err error) {
			c.Logger.ErrorContext(r.Context(), "sallyport: OriginOf failed", "host", r.Host,
				"error", err, recovered.Stack(err))
		},
	}
	var mistakes []error
	names := map[string]string{base.Hostname(): base.Host}
	for _, text := range c.Origins {
		origin, err := o.parse(text)
		if err == nil && origin.Host == base.Host {
			continue
		}
		if err == nil && names[origin.Hostname()] != "" && names[origin.Hostname()] != origin.Host {
			err = fmt.Errorf("%q differs from %s in the port only, which cookies do not know",
				text, names[origin.Hostname()])
		}
		if err != nil {
			mistakes = append(mistakes, wrongField("Origins", "%w", err))
			continue
		}
		names[origin.Hostname()] = origin.Host
		o.listed[wiring.HostKey(origin.Host, origin.Scheme)] = origin
	}
	return o, mistakes
}

// parse reads an origin of the application.
func (o *origins) parse(text string) (*url.URL, error) {
	u, err := parseBaseURL(text)
	if err != nil {
		return nil, inner(err)
	}
	switch {
	case u.Path != "":
		return nil, fmt.Errorf("%q has a path: all origins have that of BaseURL", text)
	case u.Scheme != o.base.Scheme:
		return nil, fmt.Errorf("%q is not %s, as BaseURL is", text, o.base.Scheme)
	case o.domain != "" && u.Hostname() != o.domain &&
		!strings.HasSuffix(u.Hostname(), "."+o.domain):
		return nil, fmt.Errorf("%q is outside of Session.Domain %q", text, o.domain)
	}
	return u, nil
}

// inner returns an error of parseBaseURL without the name of the field, for those of other fields.
func inner(err error) error {
	if field, ok := errors.AsType[*provider.FieldError](err); ok {
		return field.Err
	}
	return err
}

// of returns the origin of a request, or nil if its host is unknown.
func (o *origins) of(r *http.Request) *url.URL {
	key := wiring.HostKey(r.Host, o.base.Scheme)
	if wiring.SameHost(r.Host, o.base) {
		return o.base
	}
	if origin := o.listed[key]; origin != nil {
		return origin
	}
	host := strings.TrimSuffix(strings.ToLower(r.Host), defaultPorts[o.base.Scheme])
	// what no browser sends is not worth a look-up
	if o.find == nil || host == "" || strings.ContainsAny(host, "/@?#\\") ||
		badHost(&url.URL{Scheme: o.base.Scheme, Host: host}) != "" {
		return nil
	}
	origin, err := recovered.Get(func() (*url.URL, error) { return o.lookUp(host) })
	if err != nil {
		o.failed(r, err)
		return nil
	}
	return origin
}

var defaultPorts = map[string]string{"https": ":443", "http": ":80"}

// lookUp asks the application. A wrong answer is an error, because every redirect would follow it.
func (o *origins) lookUp(host string) (*url.URL, error) {
	text, ok := o.find(host)
	if !ok {
		return nil, nil
	}
	origin, err := o.parse(text)
	if err != nil {
		return nil, err
	}
	if origin.Host != host {
		return nil, fmt.Errorf("sallyport: OriginOf returns %s for the host %s: return the "+
			"origin of this host, or false", origin, host)
	}
	if origin.Hostname() == o.base.Hostname() {
		return nil, errors.New("sallyport: OriginOf returns an origin that differs from BaseURL " +
			"in the port only, which cookies do not know")
	}
	return origin, nil
}

// crossing rejects cross-site requests with unsafe methods, except from TrustedOrigins. Of several
// origins, each trusts only itself, which it finds in the Host header.
func (c Config) crossing(origin *url.URL) (*http.CrossOriginProtection, error) {
	crossing := http.NewCrossOriginProtection()
	all := c.TrustedOrigins
	if len(c.Origins) == 0 && c.OriginOf == nil {
		all = append([]string{origin.String()}, all...)
	}
	for _, trusted := range all {
		if err := crossing.AddTrustedOrigin(trusted); err != nil {
			return nil, fmt.Errorf("TrustedOrigins: %w", err)
		}
	}
	return crossing, nil
}
