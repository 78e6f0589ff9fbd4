package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/internal/oauth1"
)

// A credential is a token with its secret and the other members of the response (RFC 5849 sections
// 2.1 and 2.3).
type credential struct {
	token, secret string
	extras        map[string]string
}

// maxCredential bounds a token or a secret: a cookie holds both.
const maxCredential = 1 << 10

// ask sends a request of the flow and reads the credential in the response.
func (o *OAuth1) ask(ctx context.Context, fault Fault, address string, s *oauth1.Signer,
	step oauth1.Param) (credential, error) {
	a, err := o.outbound().sendOnce(ctx, address, func(ctx context.Context) (*http.Request,
		[]string, error) {
		r, err := newRequest(ctx, http.MethodPost, address, nil, false)
		if err != nil {
			return nil, nil, err
		}
		r.Header.Set("Accept", "application/x-www-form-urlencoded, */*;q=0.1")
		return r, nil, s.Sign(r, step)
	})
	if err != nil {
		return credential{}, asUnavailable(fault, err)
	}
	if a.status != http.StatusOK && a.status != http.StatusCreated {
		return credential{}, o.refusal(fault, a)
	}
	c, err := o.readCredential(a.body)
	if err != nil {
		return credential{}, &Error{Fault: fault, Err: err}
	}
	return c, nil
}

// readCredential reads a response. It ignores the Content-Type: text/html and text/plain are usual.
func (o *OAuth1) readCredential(body []byte) (credential, error) {
	form, err := strictForm(body)
	if err != nil {
		return credential{}, err
	}
	c := credential{form["oauth_token"], form["oauth_token_secret"], form}
	delete(form, "oauth_token")
	delete(form, "oauth_token_secret")
	switch {
	case c.token == "":
		return credential{}, errors.New("the response has no oauth_token" + problemOf(form))
	case c.secret == "" && o.signatureMethod() != oauth1.RSASHA1: // which does not use it
		return credential{}, errors.New("the response has no oauth_token_secret")
	case len(c.token) > maxCredential || len(c.secret) > maxCredential:
		return credential{}, fmt.Errorf("oauth_token or its secret is longer than %d bytes",
			maxCredential)
	}
	return c, nil
}

// strictForm reads a form without duplicate names.
func strictForm(body []byte) (map[string]string, error) {
	values, err := readForm(body)
	if err != nil {
		return nil, fmt.Errorf("the response is not form-encoded: %w", err)
	}
	form := make(map[string]string, len(values))
	for name, all := range values {
		if len(all) != 1 {
			return nil, errors.New("a name appears twice in the response")
		}
		form[name] = all[0]
	}
	return form, nil
}

// maxSkew is the clock difference above which errors mention it. Servers accept a few minutes.
const maxSkew = time.Minute

// refusal reads an unsuccessful response. It keeps only a problem with a registered name: servers
// often repeat the signature base string, which includes the verifier.
func (o *OAuth1) refusal(fault Fault, a answer) error {
	form, _ := strictForm(a.body)
	err := fmt.Errorf("status %d%s", a.status, problemOf(form))
	if a.busy() {
		return &unavailable{a.retryAfter, err}
	}
	if skew := a.date.Sub(o.now()); !a.date.IsZero() && skew.Abs() > maxSkew {
		err = fmt.Errorf("%w; the provider's clock differs from ours by %v, and signatures need "+
			"clocks that agree", err, skew.Round(time.Second))
	}
	if a.repeated && fault == faultToken {
		return &Error{Fault: faultInterrupted, Err: fmt.Errorf("%w: %w", errInterrupted, err)}
	}
	return &Error{Fault: fault, Err: err}
}

// problems are the names in the OAuth Problem Reporting extension, which is widespread but not a
// standard.
var problems = []string{
	"version_rejected", "parameter_absent", "parameter_rejected", "timestamp_refused", "nonce_used",
	"signature_method_rejected",
	"signature_invalid", "consumer_key_unknown", "consumer_key_rejected", "consumer_key_refused",
	"token_used", "token_expired",
	"token_revoked", "token_rejected", "additional_authorization_required", "permission_unknown",
	"permission_denied", "user_refused",
}

func problemOf(form map[string]string) string {
	if problem := form["oauth_problem"]; slices.Contains(problems, problem) {
		return " (" + problem + ")"
	}
	return ""
}
