package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/internal/typednil"
)

// Limits of what is accepted from a provider. It may be slow, broken or hostile; it must not
// take our memory or time.
const (
	outboundTimeout = 10 * time.Second
	maxAnswer       = 1 << 20
	maxRedirects    = 2 // of discovery, keys and API calls only, within one origin
)

// An answer is a response that has been read within the limits.
type answer struct {
	status int
	media  string // media type, lower case
	body   []byte
	date   time.Time // what the server's clock says; zero when it does not

	sent     []string // spellings of the client's secret in the request, which errors must not repeat
	repeated bool     // the request was sent a second time; see sendOnce

	retryAfter time.Duration // what the server asks for; zero when it does not
}

// busy reports whether the server could not answer now (RFC 9110 section 15.6, RFC 6585 section 4).
func (a answer) busy() bool {
	return a.status >= 500 || a.status == http.StatusTooManyRequests || a.status == http.StatusRequestTimeout
}

// isJSON reports whether the answer says that it is JSON.
func (a answer) isJSON() bool {
	return a.media == "application/json" || strings.HasSuffix(a.media, "+json")
}

// read reads an answer that has to be a JSON object.
func (a answer) read(s *schema, n *notes) (document, error) {
	if !a.isJSON() {
		return document{}, errors.New("the answer is not application/json")
	}
	return s.read(a.body, n)
}

var errNoRedirect = errors.New("the provider answered with a redirect, which is not followed here")

// An outbound makes the requests of one provider, whatever protocol that speaks.
type outbound struct {
	own          *http.Client // the application's; nil for ours
	connections  *connections // to the provider's endpoints
	loopbackHTTP bool         // http endpoints on this machine are permitted
	detour       detour       // where the provider is reached, if not at its own origin
}

// check returns what is wrong with the way to the provider.
func (out outbound) check() error {
	if out.own != nil && out.own.Transport != nil && typednil.Is(out.own.Transport) {
		return wrongField("HTTPClient", "has a Transport that holds a nil %T: set it, or leave it out", out.own.Transport)
	}
	return out.detour.check(out)
}

// client returns the client for requests to the provider's endpoints.
func (out outbound) client(redirects func(*http.Request, []*http.Request) error) *http.Client {
	c := &http.Client{}
	if out.own != nil {
		*c = *out.own
	}
	c.Transport = out.detour.wrap(out.connections.transport(c.Transport))
	c.CheckRedirect = redirects
	c.Jar = nil
	if c.Timeout == 0 || c.Timeout > outboundTimeout {
		c.Timeout = outboundTimeout
	}
	return c
}

// callAPI returns a client for the provider's API. It keeps idle connections for as long as the
// transport says, and the context of a request limits its time.
func (out outbound) callAPI(redirects func(*http.Request, []*http.Request) error) *http.Client {
	c := out.client(redirects)
	c.Timeout = 0
	c.Transport = ownTransport()
	if out.own != nil && out.own.Transport != nil {
		c.Transport = out.own.Transport
	}
	c.Transport = out.detour.wrap(c.Transport)
	return c
}

// fetchProfile fetches a profile document. Errors call it name. A status other than 200 is a
// [statusError].
func (out outbound) fetchProfile(r *http.Request, name string) (answer, error) {
	a, err := doNamed(out.client(never), r, name)
	switch {
	case err != nil:
		return a, asUnavailable(FaultUserInfo, err)
	case a.busy():
		return a, &unavailable{a.retryAfter, &statusError{name, a.status}}
	case a.status != http.StatusOK:
		return a, userInfoFault(&statusError{name, a.status})
	}
	return a, nil
}

// A statusError is an answer with a status that is no success.
type statusError struct {
	endpoint string
	status   int
}

// Error implements error.
func (e *statusError) Error() string { return fmt.Sprintf("%s: status %d", e.endpoint, e.status) }

// statusOf returns the status of a [statusError], or 0.
func statusOf(err error) int {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status
	}
	return 0
}

// never is for requests that carry a code, a token or a secret: a 307 would hand them on.
func never(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// sameOrigin follows the few providers that redirect their metadata to another path of their own.
func sameOrigin(req *http.Request, via []*http.Request) error {
	return withinOrigin(via[0].URL, req.URL, len(via))
}

var (
	errTooManyRedirects = errors.New("too many redirects")
	errOtherOrigin      = errors.New("redirect to another origin")
)

// withinOrigin permits the nth redirect of a request.
func withinOrigin(first, target *url.URL, n int) error {
	if n > maxRedirects {
		return errTooManyRedirects
	}
	if target.Scheme != first.Scheme || target.Host != first.Host {
		return fmt.Errorf("%w, %s", errOtherOrigin, where(target))
	}
	return nil
}

// do sends the request and reads the answer. Errors name the endpoint but nothing that
// was sent or received.
func do(c *http.Client, req *http.Request) (answer, error) { return doNamed(c, req, where(req.URL)) }

// doNamed is do for a request with something in its address that errors must not name.
func doNamed(c *http.Client, req *http.Request, endpoint string) (answer, error) {
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	a, err := recovered.Get(func() (answer, error) { return roundTrip(c, req, endpoint) })
	if recovered.Is(err) { // the transport may be the application's
		return answer{}, &unreachable{endpoint: endpoint, err: err}
	}
	return a, err
}

// roundTrip sends a request.
func roundTrip(c *http.Client, req *http.Request, endpoint string) (answer, error) {
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, &unreachable{endpoint: endpoint, err: rootCause(err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return answer{}, fmt.Errorf("%s: status %d: %w", endpoint, resp.StatusCode, errNoRedirect)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, &unreachable{endpoint: endpoint, err: rootCause(err)}
	}
	if len(body) > maxAnswer {
		return answer{}, fmt.Errorf("%s: answer is larger than %d bytes", endpoint, maxAnswer)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // "" when it says nothing sensible
	date, _ := http.ParseTime(resp.Header.Get("Date"))
	return answer{
		status: resp.StatusCode, media: media, date: date,
		body:       bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark)),
		retryAfter: retryAfter(resp.Header.Get("Retry-After"), date),
	}, nil
}

// byteOrderMark is what some editors put before JSON; parsers may ignore it (RFC 8259 section 8.1).
var byteOrderMark = []byte("\xef\xbb\xbf")

// unreachable is a request that got no whole answer.
type unreachable struct {
	endpoint string
	err      error
}

func (u *unreachable) Error() string { return u.endpoint + ": " + networkText(u.err) }
func (u *unreachable) Unwrap() error { return u.err }

// rootCause strips *url.Error, whose text repeats the URL with its query. There are several when the application's transport has a
// client of its own in it.
func rootCause(err error) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = u.Err
	}
}

// where names an endpoint in an error, without query and user.
func where(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }

// fetch fetches a public document, the metadata or the keys, by the name that errors have for it.
// What a second try may mend is an outage: no answer, 5xx and 429. Everything else means that the
// address is wrong, or what is at the address.
func (out outbound) fetch(ctx context.Context, name, address string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, &misconfigured{fmt.Errorf("%s: bad address: %w", name, rootCause(err))}
	}
	a, err := do(out.client(sameOrigin), r)
	switch _, unanswered := errors.AsType[*unreachable](err); {
	case err == nil:
	case unanswered && !errors.Is(err, errOtherOrigin) && !errors.Is(err, errTooManyRedirects):
		return answer{}, fmt.Errorf("%s: %w", name, err)
	default:
		return answer{}, &misconfigured{fmt.Errorf("%s: %w", name, err)}
	}
	if a.status == http.StatusOK {
		return a, nil
	}
	err = fmt.Errorf("%s: %s: status %d", name, displayed(address), a.status)
	switch {
	case a.status >= 500, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout:
		return answer{}, err
	}
	return answer{}, &misconfigured{err}
}

// displayed is an address as errors show it, without query and user.
func displayed(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "a malformed address"
	}
	return where(u)
}
