package provider

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// unavailable is a provider that does not answer now.
type unavailable struct {
	retryAfter time.Duration
	err        error
}

func (u *unavailable) Error() string {
	if _, ok := errors.AsType[*misconfigured](u.err); ok {
		return u.err.Error()
	}
	return "provider: unavailable: " + u.err.Error()
}
func (u *unavailable) Is(target error) bool { return target == ErrUnavailable }
func (u *unavailable) Unwrap() error        { return u.err }

// RetryAfter tells how long to wait before trying again after an [ErrUnavailable]: what the
// provider asks for in its Retry-After field, and at least one second.
func RetryAfter(err error) time.Duration {
	if u, ok := errors.AsType[*unavailable](err); ok && u.retryAfter > time.Second {
		return u.retryAfter
	}
	return time.Second
}

// maxRetryAfter bounds what a provider may ask for: logins must work again soon after it does.
const maxRetryAfter = 5 * time.Minute

// retryAfter reads a Retry-After field (RFC 9110 section 10.2.3), which is a number of seconds or a
// time by the server's clock. It is zero for a field that is missing or malformed.
func retryAfter(field string, date time.Time) time.Duration {
	seconds, err := strconv.ParseUint(field, 10, 32)
	wait := time.Duration(seconds) * time.Second
	if err != nil {
		at, err := http.ParseTime(field)
		if err != nil {
			return 0
		}
		wait = at.Sub(cmp.Or(date, time.Now()))
	}
	return min(max(wait, 0), maxRetryAfter)
}
