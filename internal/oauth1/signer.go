package oauth1

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/loopback"
)

// A Signer signs requests with the credentials of one client and at most one token. It is safe for
// concurrent use as long as its fields do not change, and never prints its secrets.
type Signer struct {
	ConsumerKey    string
	ConsumerSecret string
	PrivateKey     crypto.Signer // an RSA key; used by RSA-SHA1 only

	Token       string // omitted if empty
	TokenSecret string

	Method string // one of Methods
	Realm  string // sent unsigned; omitted if empty

	Now   func() time.Time // default: time.Now
	Nonce func() string    // set by tests; default: at least 128 random bits
}

const redacted = "oauth1.Signer(redacted)"

// String implements fmt.Stringer without a secret.
func (*Signer) String() string { return redacted }

// GoString implements fmt.GoStringer without a secret.
func (*Signer) GoString() string { return redacted }

// LogValue implements slog.LogValuer without a secret.
func (*Signer) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements json.Marshaler without a secret.
func (*Signer) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// Sign sets the Authorization header of a request. It buffers a form body, so that the body sent is
// the one that was signed. more adds the protocol parameters of a step of the flow, such as
// oauth_callback or oauth_verifier.
//
// Every call uses a new nonce and timestamp, so sign a request again before resending it. Errors
// reveal nothing of the signed text.
func (s *Signer) Sign(r *http.Request, more ...Param) error {
	uri, err := baseURI(r)
	if err != nil {
		return err
	}
	if s.Method == Plaintext && r.URL.Scheme != "https" && !loopback.Host(r.URL.Hostname()) {
		return errors.New("oauth1: PLAINTEXT sends the secrets, so it requires https " +
			"(RFC 5849 section 3.4.4)")
	}
	params, err := requestParams(r)
	if err != nil {
		return err
	}
	protocol := append(s.protocol(), more...)
	signature, err := s.signature(baseString(method(r), uri, append(params, protocol...)))
	if err != nil {
		return err
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization",
		authorization(s.Realm, append(protocol, Param{"oauth_signature", signature})))
	return nil
}

// protocol returns the parameters of RFC 5849 section 3.1, without the signature.
func (s *Signer) protocol() []Param {
	now, nonce := time.Now, rand.Text
	if s.Now != nil {
		now = s.Now
	}
	if s.Nonce != nil {
		nonce = s.Nonce
	}
	params := []Param{
		{"oauth_consumer_key", s.ConsumerKey},
		{"oauth_nonce", nonce()},
		{"oauth_signature_method", s.Method},
		{"oauth_timestamp", strconv.FormatInt(now().Unix(), 10)},
		{"oauth_version", "1.0"},
	}
	if s.Token != "" {
		params = append(params, Param{"oauth_token", s.Token})
	}
	return params
}

func method(r *http.Request) string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// authorization formats the Authorization header (RFC 5849 section 3.5.1).
func authorization(realm string, params []Param) string {
	parts := make([]string, 0, len(params)+1)
	if realm != "" {
		parts = append(parts, `realm="`+strings.NewReplacer(`\`, `\\`, `"`,
			`\"`).Replace(realm)+`"`)
	}
	for _, p := range params {
		parts = append(parts, Encode(p.Name)+`="`+Encode(p.Value)+`"`)
	}
	return "OAuth " + strings.Join(parts, ", ")
}

// reserved lists the parameters of the Authorization header. They must not also appear in the query
// or the body (RFC 5849 section 3.5).
var reserved = []string{
	"oauth_consumer_key", "oauth_token", "oauth_signature_method", "oauth_timestamp",
	"oauth_nonce", "oauth_version", "oauth_signature", "oauth_callback", "oauth_verifier",
}

// requestParams returns the parameters of the query and of a form body.
func requestParams(r *http.Request) ([]Param, error) {
	params, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if isForm(r) {
		body, err := replayable(r)
		if err != nil {
			return nil, err
		}
		form, err := parseForm(string(body))
		if err != nil {
			return nil, err
		}
		params = append(params, form...)
	}
	for _, p := range params {
		if slices.Contains(reserved, p.Name) {
			return nil, fmt.Errorf("oauth1: the request already has a parameter %s; "+
				"remove it, because signing sets it", p.Name)
		}
	}
	return params, nil
}

func isForm(r *http.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // "" if malformed
	return media == "application/x-www-form-urlencoded" && r.Body != nil && r.Body != http.NoBody
}

// maxForm limits the form body, in bytes, to what net/http's servers read.
const maxForm = 10 << 20

// replayable reads the request body and replaces it with one that can be read repeatedly.
func replayable(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if closeErr := r.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("oauth1: reading the form: %w", err)
	}
	if len(body) > maxForm {
		return nil, fmt.Errorf("oauth1: the form is longer than %d bytes", maxForm)
	}
	r.GetBody = func() (io.ReadCloser, error) {
		if len(body) == 0 {
			return http.NoBody, nil // a known length of 0, not an unknown one
		}
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	r.Body, _ = r.GetBody()
	r.ContentLength, r.TransferEncoding = int64(len(body)), nil
	return body, nil
}
