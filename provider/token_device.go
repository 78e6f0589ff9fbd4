package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A DeviceCode holds the instructions with which a user signs in a device from another one (RFC
// 8628 section 3.2).
type DeviceCode struct {
	UserCode                string
	VerificationURI         string // where to enter the code
	VerificationURIComplete string // includes the code, for a QR code; may be empty
	Expires                 time.Time
}

const (
	defaultPoll = 5 * time.Second
	maxPoll     = time.Minute
	maxDevice   = time.Hour // limit of the provider's expires_in
)

// Device signs a user in on a device without a browser (RFC 8628). It calls show with the code to
// enter on another device, then waits until the user has signed in, ctx ends, or the code expires.
// If the user declines, the error is an *[Error] with [FaultDenied]. Default: the scopes of a
// login.
func (g Grants) Device(
	ctx context.Context, show func(DeviceCode) error, scopes ...string,
) (session.Tokens, error) {
	e, err := g.endpoint(ctx)
	if err != nil {
		return session.Tokens{}, err
	}
	code, secret, interval, err := e.startDevice(ctx, scopes)
	if err != nil {
		return session.Tokens{}, err
	}
	if err := show(code); err != nil {
		return session.Tokens{}, err
	}
	form := url.Values{
		"grant_type":  {"urn:ietf:params:oauth:grant-type:device_code"},
		"device_code": {secret},
	}
	for {
		select {
		case <-ctx.Done():
			return session.Tokens{}, context.Cause(ctx)
		case <-time.After(interval):
		}
		if !g.now().Before(code.Expires) {
			return session.Tokens{}, errDeviceExpired
		}
		tokens, err := g.request(ctx, form, nil, secret)
		if err == nil {
			return tokens, nil
		}
		if interval, err = keepPolling(err, interval); err != nil {
			return session.Tokens{}, err
		}
	}
}

var errDeviceExpired = &Error{Fault: FaultDenied, Err: errors.New("the device code has expired")}

// startDevice requests the codes.
func (e *tokenEndpoint) startDevice(
	ctx context.Context, scopes []string,
) (code DeviceCode, secret string, interval time.Duration, err error) {
	if e.endpoints.DeviceAuthorization == "" {
		return code, "", 0, notOffered("device authorization", "DeviceAuthorization")
	}
	if len(scopes) == 0 {
		scopes = e.scopes
	}
	form := url.Values{}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, e.separator))
	}
	// client_id is required even if a header authenticates the client (RFC 8628 section 3.1).
	maps.Copy(form, renamed(credentials{id: e.clientID, method: authNone}.in(url.Values{}),
		e.dialect.Names))
	a, err := e.post(ctx, e.endpoints.DeviceAuthorization, form)
	if err != nil {
		return code, "", 0, asUnavailable(faultToken, err)
	}
	if a.status != http.StatusOK {
		return code, "", 0, e.dialect.refused(faultToken, a, nil, nil)
	}
	return e.readDeviceCode(a)
}

// notOffered returns the error for a missing endpoint.
func notOffered(what, field string) error {
	return fmt.Errorf("provider: the provider offers no %s: set Endpoints.%s if it does",
		what, field)
}

// readDeviceCode reads the response (RFC 8628 section 3.2).
func (e *tokenEndpoint) readDeviceCode(
	a answer,
) (code DeviceCode, secret string, interval time.Duration, err error) {
	fault := func(err error) (DeviceCode, string, time.Duration, error) {
		return DeviceCode{}, "", 0, &Error{Fault: faultToken, Err: err}
	}
	d, err := a.read(deviceSchema, e.notes)
	if err != nil {
		return fault(err)
	}
	secret = d.display("device_code")
	code = DeviceCode{
		UserCode:                d.display("user_code"),
		VerificationURI:         webAddress(d.display("verification_uri")),
		VerificationURIComplete: webAddress(d.display("verification_uri_complete")),
	}
	if secret == "" || code.UserCode == "" || code.VerificationURI == "" {
		return fault(errors.New("the response lacks a code or a verification URI"))
	}
	lifetime, _ := expiresIn(d.claims["expires_in"])
	code.Expires = e.now().Add(min(lifetime, maxDevice))
	interval = defaultPoll
	if wanted, ok := expiresIn(d.claims["interval"]); ok {
		interval = min(wanted, maxPoll)
	}
	return code, secret, interval, nil
}

var deviceSchema = newSchema(
	"device authorization response", "device_code", "user_code", "verification_uri",
)

// keepPolling returns the interval until the next request, or an error if polling must stop (RFC
// 8628 section 3.5).
func keepPolling(err error, interval time.Duration) (time.Duration, error) {
	if errors.Is(err, ErrUnavailable) {
		return max(min(2*interval, maxPoll), RetryAfter(err)), nil
	}
	fault, ok := errors.AsType[*Error](err)
	if !ok {
		return 0, err
	}
	switch fault.Code {
	case "authorization_pending":
		return interval, nil
	case "slow_down":
		return interval + defaultPoll, nil
	case "access_denied":
		return 0, &Error{Fault: FaultDenied, Code: fault.Code, Err: fault.Err}
	case "expired_token":
		return 0, errDeviceExpired
	}
	return 0, err
}
