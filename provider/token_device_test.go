package provider

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// script sends the token responses in order.
type script struct {
	tokens []string // bodies; an empty one means status 503
	asked  []time.Time
}

// RoundTrip implements http.RoundTripper.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, ""
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		body = `{"issuer":"https://op.example","authorization_endpoint":"https://op.example/a","token_endpoint":"https://op.example/t","jwks_uri":"https://op.example/k","device_authorization_endpoint":"https://op.example/d"}`
	case "/d":
		body = `{"device_code":"secret","user_code":"ABCD","verification_uri":"https://op.example/device","expires_in":600}`
	case "/t":
		s.asked = append(s.asked, time.Now())
		body, s.tokens = s.tokens[0], s.tokens[1:]
		if strings.Contains(body, "error") {
			status = http.StatusBadRequest
		}
		if body == "" {
			status = http.StatusServiceUnavailable
		}
	}
	return &http.Response{StatusCode: status,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

const tokensAnswer = `{"access_token":"a","token_type":"Bearer"}`

func oauthAnswer(code string) string { return fmt.Sprintf(`{"error":%q}`, code) }

// The pauses of RFC 8628 section 3.5: five seconds by default, five more after slow_down, longer
// while the provider is unavailable.
func TestDevice_Pauses(t *testing.T) {
	for name, row := range map[string]struct {
		answers []string
		pauses  []time.Duration
		fault   Fault
	}{
		"at once": {[]string{tokensAnswer}, []time.Duration{5}, ""},
		"pending": {[]string{oauthAnswer("authorization_pending"),
			oauthAnswer("authorization_pending"), tokensAnswer}, []time.Duration{5, 5, 5}, ""},
		"slow down": {[]string{oauthAnswer("slow_down"), oauthAnswer("authorization_pending"),
			tokensAnswer}, []time.Duration{5, 10, 10}, ""},
		"away":    {[]string{"", "", tokensAnswer}, []time.Duration{5, 10, 20}, ""},
		"denied":  {[]string{oauthAnswer("access_denied")}, []time.Duration{5}, FaultDenied},
		"expired": {[]string{oauthAnswer("expired_token")}, []time.Duration{5}, FaultDenied},
		"broken":  {[]string{oauthAnswer("invalid_client")}, []time.Duration{5}, faultToken},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{tokens: row.answers}
				o := &OIDC{Issuer: "https://op.example", ClientID: "c",
					HTTPClient: &http.Client{Transport: s}}
				last := time.Now()
				_, err := o.Grants().Device(t.Context(), func(DeviceCode) error { return nil })
				fault, _ := errors.AsType[*Error](err)
				if row.fault == "" && err != nil || row.fault != "" &&
					(fault == nil || fault.Fault != row.fault) {
					t.Errorf("error %v, want fault %q", err, row.fault)
				}
				if len(s.asked) != len(row.pauses) {
					t.Fatalf("%d requests, want %d", len(s.asked), len(row.pauses))
				}
				for i, at := range s.asked {
					if got := at.Sub(last); got != row.pauses[i]*time.Second {
						t.Errorf("pause %d is %v, want %d s", i, got, row.pauses[i])
					}
					last = at
				}
			})
		})
	}
}

// The dialect of a provider applies to its grants, with both protocols.
func TestDevice_Dialect(t *testing.T) {
	dialect := Dialect{ErrorCodes: map[string]string{"wait": "authorization_pending"}}
	for name, grants := range map[string]func(c *http.Client) Grants{
		"OIDC": func(c *http.Client) Grants {
			o := &OIDC{Issuer: "https://op.example", ClientID: "c", HTTPClient: c, Dialect: dialect}
			return o.Grants()
		},
		"OAuth2": func(c *http.Client) Grants {
			at := Endpoints{Token: "https://op.example/t",
				DeviceAuthorization: "https://op.example/d"}
			return (&OAuth2{Endpoints: at, ClientID: "c", HTTPClient: c, Dialect: dialect}).Grants()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{tokens: []string{oauthAnswer("wait"), tokensAnswer}}
				g := grants(&http.Client{Transport: s})
				tokens, err := g.Device(t.Context(), func(DeviceCode) error { return nil })
				if err != nil || tokens.AccessToken != "a" || len(s.asked) != 2 {
					t.Errorf("tokens %v, asked %d times, %v", tokens, len(s.asked), err)
				}
			})
		})
	}
}

// If the user never signs in, polling ends when the code expires.
func TestDevice_Expires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		for range 200 {
			s.tokens = append(s.tokens, oauthAnswer("authorization_pending"))
		}
		o := &OIDC{Issuer: "https://op.example", ClientID: "c",
			HTTPClient: &http.Client{Transport: s}}
		begin := time.Now()
		_, err := o.Grants().Device(t.Context(), func(DeviceCode) error { return nil })
		if fault, ok := errors.AsType[*Error](err); !ok || fault.Fault != FaultDenied ||
			time.Since(begin) > 10*time.Minute {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

// F35: the Retry-After of status 429 is kept.
func TestDevice_F35_RetryAfter(t *testing.T) {
	for after, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, 3 * time.Second: 10 * time.Second, 90 * time.Second: 90 * time.Second,
	} {
		got, err := keepPolling(&unavailable{after, errors.New("status 429")}, 5*time.Second)
		if err != nil || got != want {
			t.Errorf("Retry-After %v: %v, %v, want %v", after, got, err, want)
		}
	}
}
