package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// R62: a request to a provider that sends one byte per second fails after ten seconds.
func TestOutbound_R62_SlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c",
			HTTPClient: &http.Client{Transport: trickling{}}}
		begin := time.Now()
		err := o.Ready(t.Context())
		if took := time.Since(begin); !errors.Is(err, ErrUnavailable) || took > outboundTimeout+
			time.Second {
			t.Errorf("after %v: %v, want ErrUnavailable after %v", took, err, outboundTimeout)
		}
	})
}

// R62, R110: a caller that waits for a hanging provider can be canceled; the fetch continues for
// the others.
func TestOutbound_R62_WaitingEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &OIDC{Issuer: "https://op.example", ClientID: "c",
			HTTPClient: &http.Client{Transport: trickling{}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if err := o.Ready(ctx); !errors.Is(err, ErrUnavailable) ||
			time.Since(begin) > 2*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		<-time.After(outboundTimeout) // let the fetch end
	})
}

// Back-off: the first failure does not count, later ones pause up to five seconds.
func TestBackoff(t *testing.T) {
	var b outage
	now := time.Unix(1_000_000, 0)
	for i, want := range []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second,
		4 * time.Second, 5 * time.Second, 5 * time.Second} {
		if err := b.wait(now); err != nil {
			t.Fatalf("failure %d: %v before the pause is over", i, err)
		}
		err := b.failed(now, errors.New("x"))
		if got := RetryAfter(err); got < time.Second || got > max(want, time.Second) {
			t.Errorf("failure %d: Retry-After %v", i, got)
		}
		if waits := b.wait(now.Add(max(want-1, 0))) != nil; waits != (want > 0) {
			t.Errorf("failure %d: waits %v", i, waits)
		}
		if b.wait(now.Add(-time.Hour)) != nil {
			t.Errorf("failure %d: setting the clock back makes the pause longer", i)
		}
		now = now.Add(want)
	}
}

// trickling responds at once and then sends one byte per second, without end.
type trickling struct{}

// RoundTrip implements http.RoundTripper.
func (trickling) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(trickle{r}),
		Request: r}, nil
}

type trickle struct{ r *http.Request }

// Read implements io.Reader.
func (t trickle) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return copy(p, strings.Repeat(" ", 1)), nil
	case <-t.r.Context().Done():
		return 0, t.r.Context().Err()
	}
}

// refusing returns a client without a network. It calls tell for each request, then fails it.
func refusing(tell func()) *http.Client {
	return &http.Client{Transport: refuser(tell)}
}

type refuser func()

// RoundTrip implements http.RoundTripper.
func (tell refuser) RoundTrip(*http.Request) (*http.Response, error) {
	tell()
	return nil, errors.New("no network here")
}
