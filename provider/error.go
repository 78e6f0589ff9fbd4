package provider

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ErrUnavailable is wrapped by errors of a provider that cannot be reached, or whose responses are
// unusable at the moment. A later attempt may succeed. See [RetryAfter].
var ErrUnavailable = errors.New("provider: unavailable")

// ErrMisconfigured is wrapped by errors of a provider whose metadata contradicts its configuration
// here. Logins fail until one of the two changes. Such errors also wrap [ErrUnavailable], because
// signed-in users stay signed in.
var ErrMisconfigured = errors.New("provider: misconfigured")

// misconfigured is an unavailable provider that retries do not fix.
type misconfigured struct{ err error }

func (m *misconfigured) Error() string { return "provider: misconfigured: " + m.err.Error() }
func (m *misconfigured) Unwrap() error { return m.err }
func (m *misconfigured) Is(target error) bool {
	return target == ErrMisconfigured || target == ErrUnavailable
}

// A Fault is the kind of a failed login: a fixed code for metrics and tests.
type Fault string

// The faults that the login routes and the guards handle.
const (
	FaultResponse    Fault = "invalid_response"     // parameters missing, repeated or contradictory
	FaultDenied      Fault = "access_denied"        // the user or the provider declined
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
	faultToken       Fault = "token_error"      // the token endpoint's response is unusable
	faultInterrupted Fault = "interrupted"      // the code is spent, and its response was lost
	faultIDToken     Fault = "invalid_id_token" // the ID token is invalid
	faultState       Fault = "state_mismatch"   // the callback does not belong to the flow
	faultNotAdmitted Fault = "not_admitted"     // a user of an organization that is not admitted
)

// An Error is a login that failed because of the provider's response. Its text is for the
// operator's log, not for the browser.
type Error struct {
	Fault Fault
	// Code is the OAuth error code that the provider sent, if it is a registered one, else empty.
	Code string
	// Description is the provider's error_description, made printable and truncated. Untrusted
	// text.
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

// unavailable is a provider that cannot be used at the moment.
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

// RetryAfter returns how long to wait before another attempt after an [ErrUnavailable]: the
// provider's Retry-After, but at least one second.
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

// maxRetryAfter bounds Retry-After, so that logins work again soon after the provider does.
const maxRetryAfter = 5 * time.Minute

// retryAfter reads a Retry-After field (RFC 9110 section 10.2.3): seconds, or a time by the
// server's clock. It returns zero for a missing or malformed field.
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

// A FieldError is a mistake in a field of a provider. [Validator] returns one for each mistake;
// sallyport.FromEnv and FromFile add the variable or line that set the field.
type FieldError struct {
	Field string // path of the field, such as "ClientSecret" or "Endpoints.Token"
	Err   error  // what is wrong and what to do, as a predicate: "is missing"

	// Insecure is the field that permits the value for development, such as "InsecureLoopbackHTTP",
	// or empty.
	Insecure string
}

// Error implements error: the field, and what is wrong with it.
func (e *FieldError) Error() string {
	text := e.Field + " " + e.Err.Error()
	if e.Insecure != "" {
		text += ": for development on this machine set " + e.Insecure
	}
	return text
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// wrongField returns the error for a field.
func wrongField(field, format string, args ...any) error {
	return &FieldError{Field: field, Err: fmt.Errorf(format, args...)}
}

// within adds the member of a list or map to a mistake.
func within(member string, err error) error {
	wrong, ok := errors.AsType[*FieldError](err)
	if !ok {
		return err
	}
	found := *wrong
	found.Err = fmt.Errorf("%q %w", member, wrong.Err)
	return &found
}
