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

// Limits for responses of a provider, which may be slow, broken or hostile: they bound memory and
// time.
const (
	outboundTimeout = 10 * time.Second
	maxAnswer       = 1 << 20
	maxRedirects    = 2 // for discovery, keys and API calls only, within one origin
)

// An answer is a response, read within the limits.
type answer struct {
	status int
	media  string // media type, lower case
	body   []byte
	date   time.Time // the server's clock; zero if unknown

	sent     []string // spellings of the client's secret in the request, to redact in errors
	repeated bool     // the request was sent twice; see sendOnce

	retryAfter time.Duration // the server's Retry-After; zero for none
}

// busy reports whether the status is a temporary failure (RFC 9110 section 15.6, RFC 6585 section
// 4).
func (a answer) busy() bool {
	return a.status >= 500 || a.status == http.StatusTooManyRequests ||
		a.status == http.StatusRequestTimeout
}

// isJSON reports whether the Content-Type is JSON.
func (a answer) isJSON() bool {
	return a.media == "application/json" || strings.HasSuffix(a.media, "+json")
}

// read reads a response that must be a JSON object.
func (a answer) read(s *schema, n *notes) (document, error) {
	if !a.isJSON() {
		return document{}, errors.New("the response is not application/json")
	}
	return s.read(a.body, n)
}

var errNoRedirect = errors.New("the response is a redirect, which is not followed here")

// An outbound sends the requests to one provider, for all protocols.
type outbound struct {
	own          *http.Client // the application's; nil for the default
	connections  *connections // to the provider's endpoints
	loopbackHTTP bool         // http is permitted for endpoints on this machine
	detour       detour       // set if the provider is reached at another origin
}

// check returns the mistakes in HTTPClient and InternalURL.
func (out outbound) check() error {
	if out.own != nil && out.own.Transport != nil && typednil.Is(out.own.Transport) {
		return wrongField("HTTPClient",
			"has a Transport that holds a nil %T: set it, or leave it out", out.own.Transport)
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

// callAPI returns a client for the provider's API. The transport decides how long idle connections
// are kept, and the context of a request is its only time limit.
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

// fetchProfile fetches a profile document, which is called name in errors. A status other than 200
// is a [statusError].
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

// A statusError is a response with an unsuccessful status.
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

// never follows no redirect. It is for requests with a code, a token or a secret, which a 307 would
// leak.
func never(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// sameOrigin follows redirects within the origin: a few providers redirect their metadata to
// another path.
func sameOrigin(req *http.Request, via []*http.Request) error {
	return withinOrigin(via[0].URL, req.URL, len(via))
}

var (
	errTooManyRedirects = errors.New("too many redirects")
	errOtherOrigin      = errors.New("redirect to another origin")
)

// withinOrigin checks the nth redirect of a request.
func withinOrigin(first, target *url.URL, n int) error {
	if n > maxRedirects {
		return errTooManyRedirects
	}
	if target.Scheme != first.Scheme || target.Host != first.Host {
		return fmt.Errorf("%w, %s", errOtherOrigin, where(target))
	}
	return nil
}

// do sends the request and reads the response. Errors name the endpoint, but include nothing that
// was sent or received.
func do(c *http.Client, req *http.Request) (answer, error) {
	return doNamed(c, req, where(req.URL))
}

// doNamed is do for a request whose URL must not appear in errors.
func doNamed(c *http.Client, req *http.Request, endpoint string) (answer, error) {
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	a, err := recovered.Get(func() (answer, error) { return roundTrip(c, req, endpoint) })
	if recovered.Is(err) { // in the application's transport
		return answer{}, &unreachable{endpoint: endpoint, err: err}
	}
	return a, err
}

// roundTrip sends a request and reads the response, within the timeout of the client.
func roundTrip(c *http.Client, req *http.Request, endpoint string) (answer, error) {
	// The client itself would start a goroutine for the timeout, if the application has a
	// transport of its own.
	ctx, cancel := context.WithTimeout(req.Context(), c.Timeout)
	defer cancel()
	untimed := *c
	untimed.Timeout = 0
	resp, err := untimed.Do(req.WithContext(ctx))
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
		return answer{}, fmt.Errorf("%s: response is larger than %d bytes", endpoint, maxAnswer)
	}
	// "" if missing or malformed
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	date, _ := http.ParseTime(resp.Header.Get("Date"))
	return answer{
		status: resp.StatusCode, media: media, date: date,
		body:       bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark)),
		retryAfter: retryAfter(resp.Header.Get("Retry-After"), date),
	}, nil
}

// byteOrderMark precedes JSON of some editors; parsers may ignore it (RFC 8259 section 8.1).
var byteOrderMark = []byte("\xef\xbb\xbf")

// unreachable is the error of a request without a complete response.
type unreachable struct {
	endpoint string
	err      error
}

func (u *unreachable) Error() string { return u.endpoint + ": " + networkText(u.err) }
func (u *unreachable) Unwrap() error { return u.err }

// rootCause strips *url.Error, whose text repeats the URL with its query. There are several if the
// application's transport uses another client.
func rootCause(err error) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = u.Err
	}
}

// where returns the name of an endpoint in errors: its URL without query and user.
func where(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }

// fetch fetches a public document, the metadata or the keys, which is called name in errors. No
// response, 5xx and 429 mean an outage, which a retry may fix. All other failures mean that the URL
// or the document is wrong.
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
	case a.status >= 500, a.status == http.StatusTooManyRequests,
		a.status == http.StatusRequestTimeout:
		return answer{}, err
	}
	return answer{}, &misconfigured{err}
}

// displayed returns a URL for errors, without query and user.
func displayed(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "a malformed URL"
	}
	return where(u)
}
