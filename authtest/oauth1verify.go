package authtest

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signatures are verified here by code that shares nothing with the code that makes them: a mistake
// in one of the two is a signature that does not fit, not one that both agree about.

// maxTimestampAge is how far a timestamp may be from the provider's clock. Nonces are kept for
// ever, which is not long in a test.
const maxTimestampAge = 5 * time.Minute

// verify checks the signature of a request (RFC 5849 section 3.2) and returns its protocol
// parameters, or the name of what is wrong. secretOf returns the secret of a token, which is "" for
// a request without one, and whether there may be such a request.
func (p *Provider) verify(
	r *http.Request,
	secretOf func(token string) (string, bool),
) (params map[string]string, problem string) {
	params, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return nil, "parameter_rejected"
	}
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature",
		"oauth_timestamp", "oauth_nonce"} {
		if params[name] == "" {
			return nil, "parameter_absent"
		}
	}
	secret, known := secretOf(params["oauth_token"])
	base, ok := signatureBase(r, r.TLS != nil || p.secure(), params)
	switch {
	case params["oauth_consumer_key"] != ClientID:
		return nil, "consumer_key_unknown"
	case params["oauth_version"] != "" && params["oauth_version"] != "1.0":
		return nil, "version_rejected"
	case !known:
		return nil, "token_rejected"
	case !ok:
		return nil, "parameter_rejected"
	case !fits(params["oauth_signature_method"], params["oauth_signature"], base, secret):
		return nil, "signature_invalid"
	}
	return params, p.replayed(params)
}

// replayed refuses old requests, and those that have been there before (RFC 5849 section 3.3).
func (p *Provider) replayed(params map[string]string) (problem string) {
	seconds, err := strconv.ParseInt(params["oauth_timestamp"], 10, 64)
	if err != nil || seconds <= 0 || p.time().Sub(time.Unix(seconds, 0)).Abs() > maxTimestampAge {
		return "timestamp_refused"
	}
	used := strings.Join(
		[]string{params["oauth_timestamp"], params["oauth_token"], params["oauth_nonce"]},
		" ",
	)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.oauth1.nonces[used] {
		return "nonce_used"
	}
	p.oauth1.nonces[used] = true
	return ""
}

var (
	oauthScheme = regexp.MustCompile(`^(?i:OAuth)[ \t]+`)
	oauthParam  = regexp.MustCompile(
		`^([A-Za-z0-9%._~-]+)="((?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*)"[ \t]*(?:,[ \t]*|$)`,
	)
)

// parseAuthorization reads the header (RFC 5849 section 3.5.1). No name may stand there twice; the
// realm is left out.
func parseAuthorization(header string) (params map[string]string, ok bool) {
	rest := header[len(oauthScheme.FindString(header)):]
	if rest == header {
		return nil, false
	}
	params = map[string]string{}
	for rest != "" {
		m := oauthParam.FindStringSubmatch(rest)
		if m == nil {
			return nil, false
		}
		rest = rest[len(m[0]):]
		name, err1 := url.PathUnescape(m[1])
		value, err2 := url.PathUnescape(m[2])
		if name == "realm" {
			value, err2 = "", nil // a quoted-string, not percent-encoded
		}
		if _, twice := params[name]; twice || err1 != nil || err2 != nil {
			return nil, false
		}
		params[name] = value
	}
	delete(params, "realm")
	return params, true
}

// signatureBase is the signature base string (RFC 5849 section 3.4.1) of a request as it came over
// the wire. It is false when protocol parameters stand in more than one place, or when something
// cannot be read.
func signatureBase(
	r *http.Request, secure bool, protocol map[string]string,
) (base string, ok bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	form, formErr := bodyForm(r)
	if err != nil || formErr != nil {
		return "", false
	}
	values := map[string][]string{} // by encoded name, encoded
	for _, source := range []url.Values{query, form} {
		for name, all := range source {
			if strings.HasPrefix(name, "oauth_") {
				return "", false
			}
			for _, value := range all {
				values[percent(name)] = append(values[percent(name)], percent(value))
			}
		}
	}
	for name, value := range protocol {
		if name != "oauth_signature" {
			values[percent(name)] = append(values[percent(name)], percent(value))
		}
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var pairs []string
	for _, name := range names {
		slices.Sort(values[name])
		for _, value := range values[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	parts := []string{
		percent(strings.ToUpper(r.Method)),
		percent(addressOf(r, secure)),
		percent(strings.Join(pairs, "&")),
	}
	return strings.Join(parts, "&"), true
}

// addressOf is where the request went: from the request itself, but for the scheme, which a proxy
// may have changed on the way.
func addressOf(r *http.Request, secure bool) string {
	scheme, port := "http", "80"
	if secure {
		scheme, port = "https", "443"
	}
	host := strings.TrimSuffix(strings.ToLower(r.Host), ":"+port)
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return scheme + "://" + host + cmp.Or(path, "/")
}

// bodyForm is the body if it is a form. ParseForm has read it, but for methods that usually have
// none.
func bodyForm(r *http.Request) (url.Values, error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/x-www-form-urlencoded" || len(r.PostForm) > 0 {
		return r.PostForm, nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

// percent is the encoding of RFC 5849 section 3.6.
func percent(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// fits reports whether a signature is right, in constant time.
func fits(method, signature, base, tokenSecret string) bool {
	key := percent(ClientSecret) + "&" + percent(tokenSecret)
	switch method {
	case "PLAINTEXT":
		return subtle.ConstantTimeCompare([]byte(signature), []byte(key)) == 1
	case "HMAC-SHA1":
		return macFits(sha1.New, signature, base, key)
	case "HMAC-SHA256":
		return macFits(sha256.New, signature, base, key)
	case "RSA-SHA1":
		raw, err := base64.StdEncoding.DecodeString(signature)
		digest := sha1.Sum([]byte(base))
		return err == nil &&
			rsa.VerifyPKCS1v15(&clientKey().PublicKey, crypto.SHA1, digest[:], raw) == nil
	}
	return false
}

func macFits(algorithm func() hash.Hash, signature, base, key string) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	mac := hmac.New(algorithm, []byte(key))
	mac.Write([]byte(base))
	return err == nil && hmac.Equal(raw, mac.Sum(nil))
}
