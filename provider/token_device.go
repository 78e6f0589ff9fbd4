package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A DeviceCode is what a person needs to sign a device in from another one (RFC 8628 section 3.2).
type DeviceCode struct {
	UserCode                string
	VerificationURI         string // where to enter the code
	VerificationURIComplete string // the same with the code in it, for a QR code; may be empty
	Expires                 time.Time
}

const (
	defaultPoll = 5 * time.Second
	maxPoll     = time.Minute
	maxDevice   = time.Hour // however long the provider would let us wait
)

// Device signs in on a device without a browser (RFC 8628): show is called with what the person has to do, then Device
// waits until that is done, ctx ends, or the code expires. A person who says no is an *[Error] with [FaultDenied].
func (o *OIDC) Device(ctx context.Context, show func(DeviceCode) error, scopes ...string) (session.Tokens, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return session.Tokens{}, err
	}
	code, secret, interval, err := o.startDevice(ctx, m, scopes)
	if err != nil {
		return session.Tokens{}, err
	}
	if err := show(code); err != nil {
		return session.Tokens{}, err
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {secret}}
	for {
		select {
		case <-ctx.Done():
			return session.Tokens{}, context.Cause(ctx)
		case <-time.After(interval):
		}
		if !o.now().Before(code.Expires) {
			return session.Tokens{}, errDeviceExpired
		}
		tokens, err := o.grant(ctx, form, nil, secret)
		if err == nil {
			return tokens, nil
		}
		if interval, err = keepPolling(err, interval); err != nil {
			return session.Tokens{}, err
		}
	}
}

var errDeviceExpired = &Error{Fault: FaultDenied, Err: errors.New("the device code has expired")}

// startDevice gets the codes.
func (o *OIDC) startDevice(ctx context.Context, m *metadata, scopes []string) (code DeviceCode, secret string, interval time.Duration, err error) {
	if m.DeviceEndpoint == "" {
		return code, "", 0, errors.New("provider: the provider offers no device authorization")
	}
	if len(scopes) == 0 {
		scopes = o.scopes(nil)
	}
	a, err := o.post(ctx, m, m.DeviceEndpoint, url.Values{"client_id": {o.ClientID}, "scope": {strings.Join(scopes, " ")}})
	if err != nil {
		return code, "", 0, asUnavailable(FaultToken, err)
	}
	if a.status != http.StatusOK {
		return code, "", 0, oauthError(FaultToken, a, nil)
	}
	return o.readDeviceCode(a)
}

// readDeviceCode reads the answer (RFC 8628 section 3.2).
func (o *OIDC) readDeviceCode(a answer) (code DeviceCode, secret string, interval time.Duration, err error) {
	d, err := a.read(newSchema("device authorization answer", "device_code", "user_code", "verification_uri"), &o.notes)
	if err != nil {
		return code, "", 0, &Error{Fault: FaultToken, Err: err}
	}
	secret, uri := d.display("device_code"), webAddress(d.display("verification_uri"))
	code = DeviceCode{UserCode: d.display("user_code"), VerificationURI: uri, VerificationURIComplete: webAddress(d.display("verification_uri_complete"))}
	if secret == "" || code.UserCode == "" || uri == "" {
		return DeviceCode{}, "", 0, &Error{Fault: FaultToken, Err: errors.New("the answer lacks a code or a verification URI")}
	}
	lifetime, _ := expiresIn(d.claims["expires_in"])
	code.Expires = o.now().Add(min(lifetime, maxDevice))
	interval = defaultPoll
	if wanted, ok := expiresIn(d.claims["interval"]); ok {
		interval = min(wanted, maxPoll)
	}
	return code, secret, interval, nil
}

// keepPolling reads an answer that is not the tokens (RFC 8628 section 3.5).
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
