package authtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/oauth1"
)

// A consumer is a client of OAuth 1.0a that does as a test wants.
type consumer struct {
	p        *Provider
	callback *httptest.Server
	back     url.Values // of the last visit
}

func newConsumer(t *testing.T, p *Provider) *consumer {
	t.Helper()
	c := &consumer{p: p}
	c.callback = httptest.NewServer(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.back = r.URL.Query() }),
	)
	t.Cleanup(c.callback.Close)
	return c
}

// send signs a POST and returns the form that answers it.
func (c *consumer) send(t *testing.T, path, token, secret string, more ...oauth1.Param) url.Values {
	t.Helper()
	r, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, c.p.Issuer()+"/oauth1/"+path, nil,
	)
	if err != nil {
		t.Fatal(err)
	}
	signer := &oauth1.Signer{
		ConsumerKey:    ClientID,
		ConsumerSecret: ClientSecret,
		Method:         oauth1.HMACSHA1,
		Token:          token,
		TokenSecret:    secret,
		Now:            c.p.time,
	}
	if err := signer.Sign(r, more...); err != nil {
		t.Fatal(err)
	}
	resp, err := c.p.HTTPClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	form, err := url.ParseQuery(string(body))
	if err != nil || (resp.StatusCode == http.StatusOK) == form.Has("oauth_problem") {
		t.Fatalf("status %d: %q", resp.StatusCode, body)
	}
	return form
}

func (c *consumer) requestToken(t *testing.T) url.Values {
	t.Helper()
	return c.send(
		t, "request_token", "", "",
		oauth1.Param{Name: "oauth_callback", Value: c.callback.URL + "/cb?a=1"},
	)
}

func (c *consumer) exchange(t *testing.T, request url.Values, verifier string) url.Values {
	t.Helper()
	return c.send(
		t, "access_token", request.Get("oauth_token"), request.Get("oauth_token_secret"),
		oauth1.Param{Name: "oauth_verifier", Value: verifier},
	)
}

func (c *consumer) authorizeURL(request url.Values) string {
	return c.p.Issuer() + "/oauth1/authorize?oauth_token=" + request.Get("oauth_token")
}

func TestOAuth1_Flow(t *testing.T) {
	p := NewProvider(t)
	c := newConsumer(t, p)
	request := c.requestToken(t)
	if request.Get("oauth_callback_confirmed") != "true" || len(request) != 3 {
		t.Errorf("request token: %v", request)
	}
	SignIn(t, NewBrowser(t), c.authorizeURL(request), "bob")
	if c.back.Get("a") != "1" || c.back.Get("oauth_token") != request.Get("oauth_token") ||
		len(c.back) != 3 {
		t.Errorf("back with %v", c.back)
	}
	access := c.exchange(t, request, c.back.Get("oauth_verifier"))
	if access.Get("user_id") != "1002" || access.Get("screen_name") != "bob" ||
		access.Get("oauth_token") == request.Get("oauth_token") {
		t.Errorf("access token: %v", access)
	}
	for endpoint, want := range map[string]url.Values{"oauth1/request_token": request,
		"oauth1/access_token": access} {
		if got := string(p.Requests(endpoint)[0].Answer); got != want.Encode() {
			t.Errorf("%s: recorded answer %q, want %q", endpoint, got, want.Encode())
		}
	}
	if again := c.exchange(t, request, c.back.Get("oauth_verifier")); again.Get(
		"oauth_problem",
	) != "token_rejected" {
		t.Errorf("a second time: %v", again)
	}
}

func TestOAuth1_RequestTokensAreGoodOnce(t *testing.T) {
	now := time.Now()
	p := NewProvider(t)
	p.SetNow(func() time.Time { return now })
	c, b := newConsumer(t, p), NewBrowser(t)
	request := c.requestToken(t)
	if early := c.exchange(t, request, ""); early.Get("oauth_problem") != "permission_denied" {
		t.Errorf("before the user has agreed: %v", early)
	}
	request = c.requestToken(t)
	SignIn(t, b, c.authorizeURL(request), "alice")
	if resp := Open(t, b, c.authorizeURL(request)); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("asked twice: status %d", resp.StatusCode)
	}
	if wrong := c.exchange(t, request, "guessed"); wrong.Get(
		"oauth_problem",
	) != "permission_denied" {
		t.Errorf("a wrong verifier: %v", wrong)
	}
	if late := c.exchange(t, request, c.back.Get("oauth_verifier")); late.Get(
		"oauth_problem",
	) != "token_rejected" {
		t.Errorf("after a wrong one: %v", late)
	}
	request = c.requestToken(t)
	now = now.Add(11 * time.Minute)
	for _, address := range []string{c.authorizeURL(request), c.authorizeURL(nil),
		p.Issuer() + "/oauth1/authorize"} {
		if resp := Open(t, b, address); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", address, resp.StatusCode)
		}
	}
	if got := c.send(t, "request_token", "", "", oauth1.Param{Name: "oauth_callback",
		Value: "https://evil.example/"}); got.Get(
		"oauth_problem",
	) != "parameter_rejected" {
		t.Errorf("a callback elsewhere: %v", got)
	}
}

func TestOAuth1_Configuration(t *testing.T) {
	for name, row := range map[string]struct {
		p        *Provider
		insecure []string
	}{"http": {NewProvider(t), []string{"InsecureLoopbackHTTP"}},
		"https": {NewTLSProvider(t), nil}} {
		o := row.p.OAuth1()
		if insecure, err := o.Validate(); err != nil || !slices.Equal(insecure, row.insecure) {
			t.Errorf("%s: switches %v, mistakes %v", name, insecure, err)
		}
		o.SignatureMethod, o.PrivateKey = "RSA-SHA1", ClientKey()
		if _, err := o.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
