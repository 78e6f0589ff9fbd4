package provider

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ErrUnavailable is wrapped by errors that mean: the provider cannot be reached or does not
// make sense at the moment; trying again later can help. See [RetryAfter].
var ErrUnavailable = errors.New("provider: unavailable")

// ErrMisconfigured is wrapped by errors that mean: the provider and its configuration here do not
// fit together, and logins fail until someone changes one of them. Such errors also wrap
// [ErrUnavailable], because users who are signed in stay so.
var ErrMisconfigured = errors.New("provider: misconfigured")

// A misconfigured error is one that waiting does not mend.
type misconfigured struct{ err error }

func (m *misconfigured) Error() string { return "provider: misconfigured: " + m.err.Error() }
func (m *misconfigured) Unwrap() error { return m.err }
func (m *misconfigured) Is(target error) bool {
	return target == ErrMisconfigured || target == ErrUnavailable
}

// A Fault names one way in which a login fails, as a fixed code for metrics and tests.
type Fault string

// The faults that the login routes and the guards know.
const (
	FaultState       Fault = "state_mismatch"       // the callback does not belong to the flow
	FaultResponse    Fault = "invalid_response"     // parameters missing, repeated or contradictory
	FaultDenied      Fault = "access_denied"        // the user or the provider declined
	FaultNotAdmitted Fault = "not_admitted"         // a user of an organization that is not admitted
	FaultInteraction Fault = "interaction_required" // prompt=none is not possible
	FaultRefused     Fault = "provider_error"       // the provider answered with another error
	FaultUserInfo    Fault = "invalid_userinfo"     // the profile is unusable
	FaultRefresh     Fault = "refresh_refused"      // the provider rejected the refresh token
	FaultAccessToken Fault = "invalid_token"        // of a caller of the application's API
	FaultLogoutToken Fault = "invalid_logout_token" // back-channel logout
	FaultStepUp      Fault = "insufficient_authentication"
)

// The faults that only the protocols of this package report.
const (
	faultIssuer      Fault = "issuer_mismatch"  // RFC 9207: the response is of another issuer
	faultToken       Fault = "token_error"      // the token endpoint's answer is unusable
	faultInterrupted Fault = "interrupted"      // the code is spent, and its answer was lost
	faultIDToken     Fault = "invalid_id_token" // the ID token is invalid
)

// An Error is a login that the provider's answers made fail. It says why to the operator;
// it is not for the browser.
type Error struct {
	Fault Fault
	// Code is the OAuth error code of the provider if it is one of the registered ones, else empty.
	Code string
	// Description is the provider's error_description, made printable and cut. Untrusted text.
	Description string
	// Err is the cause. Its text holds no token, code or secret.
	Err error
}

// Error implements error. The text is for the operator.
func (e *Error) Error() string {
	s := "provider: " + string(e.Fault)
	if e.Code != "" {
		s += " (" + e.Code + ")"
	}
	if e.Description != "" {
		s += fmt.Sprintf(": %q", e.Description)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

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
func (u *unavailable) Is(target error) bool      { return target == ErrUnavailable }
func (u *unavailable) Unwrap() error             { return u.err }
func (u *unavailable) RetryAfter() time.Duration { return u.retryAfter }

// RetryAfter tells how long to wait before trying again after an [ErrUnavailable]: what the
// provider asks for in its Retry-After field, and at least one second.
func RetryAfter(err error) time.Duration {
	type retryable interface {
		error
		RetryAfter() time.Duration
	}
	if u, ok := errors.AsType[retryable](err); ok {
		return max(u.RetryAfter(), time.Second)
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
