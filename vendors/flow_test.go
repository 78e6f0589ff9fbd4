package vendors_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/vendors"
)

// A flow is one trial in progress.
type flow struct {
	*server
	trial   trial
	vendor  vendors.Vendor
	name    string
	clock   *rig.Clock
	app     *rig.App
	browser *http.Client
	tenant  bool // the provider is that of a tenant

	seen sync.Mutex
	last *session.Session // as the hooks saw it

	refreshed atomic.Bool
}

// usualVars are the values that a vendor issues, unless a fixture has others.
var usualVars = map[string]string{
	"client_id":      "fixture-client",
	"client_secret":  "fixture-secret/with+odd=characters",
	"code":           "fixture-code-1",
	"access_token":   "fixture-access-token-1",
	"refresh_token":  "fixture-refresh-token-1",
	"request_token":  "fixture-request-token",
	"token_secret":   "fixture-token-secret",
	"oauth_verifier": "fixture-verifier",
}

// run runs a trial and returns its complaints.
func run(t testing.TB, vendor vendors.Vendor, c trial) []string {
	t.Helper()
	return (&flow{trial: c, vendor: vendor}).run(t)
}

func (f *flow) run(t testing.TB) []string {
	t.Helper()
	c := f.trial
	f.name, f.clock = f.vendor.Name, rig.NewClock()
	f.server = &server{
		values:  values{f.clock.Now, merged(usualVars, c.Vars)},
		answers: c.Answers,
		claims:  c.IDToken,
		header:  c.Header,
		signed:  c.Signed,
		arrived: make(chan string, 1000),
	}
	f.values.texts["private_key"], f.values.texts["rsa_n"] = privateKey(), modulus()
	f.steps(t)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.complaints
}

// steps does one step after the other until one fails.
func (f *flow) steps(t testing.TB) {
	t.Helper()
	if !f.configure(t) {
		return
	}
	f.browser = rig.Browser(t)
	authorize := f.begin(t)
	if authorize == nil {
		return
	}
	resp := f.comeBack(t, authorize)
	f.checkRequested(f.trial.Requested, f.trial.NotRequested)
	if !f.checkOutcome(t, resp) {
		return
	}
	f.checkSession(f.trial.User, f.trial.Claims)
	f.checkTokens("login", f.trial.Tokens)
	f.refreshLater(t)
	f.logOut(t)
	f.checkLog()
}

func (f *flow) complain(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrong(format, args...)
}

// make makes the provider from the settings of the fixture, and connects it to the vendor.
func (f *flow) make() (provider.Provider, error) {
	settings := vendors.Values{}
	for name, value := range f.trial.Settings {
		if value != nil {
			settings[name] = f.values.text(fmt.Sprint(value))
		}
	}
	if _, given := f.trial.Settings["client_id"]; !given {
		settings["client_id"] = f.values.texts["client_id"]
	}
	if _, given := f.trial.Settings["client_secret"]; !given {
		settings["client_secret"] = f.values.texts["client_secret"]
	}
	p, err := f.vendor.Make(settings)
	if err != nil {
		return nil, err
	}
	if f.trial.Change != nil {
		if err := json.Unmarshal(f.trial.Change, p); err != nil {
			return nil, err
		}
	}
	connect(p, &http.Client{Transport: f.server}, f.clock.Now)
	return p, nil
}

// connect sets the HTTP client and the clock of a provider.
func connect(p provider.Provider, c *http.Client, now func() time.Time) {
	switch p := p.(type) {
	case *provider.OIDC:
		p.HTTPClient, p.Now = c, now
	case *provider.OAuth2:
		p.HTTPClient, p.Now = c, now
	case *provider.OAuth1:
		p.HTTPClient, p.Now = c, now
	}
}

// configure starts the application, unless the fixture expects a mistake.
func (f *flow) configure(t testing.TB) bool {
	t.Helper()
	p, err := f.make()
	if err == nil && f.trial.Mistake != "" {
		_, err = sallyport.New(sallyport.Config{
			BaseURL:   "https://app.example.com",
			Session:   session.Config{Secret: rig.Secret},
			Providers: provider.Set{f.name: p},
		})
	}
	switch {
	case f.trial.Mistake != "" && (err == nil || !strings.Contains(err.Error(), f.trial.Mistake)):
		f.complain("the configuration's mistake is %v, want %q", err, f.trial.Mistake)
		return false
	case f.trial.Mistake != "":
		return false
	case err != nil:
		f.complain("Make: %v", err)
		return false
	}
	f.app = rig.New(t, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{f.name: p}
		if f.tenant {
			s.Config.Providers, s.Config.LoginPage = provider.Set{}, http.NotFoundHandler()
			s.Config.Tenants.Find = func(context.Context, string) (provider.Provider, error) {
				return p, nil
			}
		}
		s.Config.Session.Now = f.clock.Now
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			f.see(s.Session)
			return nil
		}
		s.Config.Hooks.Refresh = func(_ context.Context, s *session.Session) error {
			f.refreshed.Store(true)
			f.see(s)
			return nil
		}
	})
	f.app.Mux.Handle("/call", f.app.Auth.RequireAuth(http.HandlerFunc(f.call)))
	f.set("redirect_uri", f.app.URL+"/auth/callback/"+f.name)
	f.set("base_url", f.app.URL)
	return true
}

// see records the session that a hook got.
func (f *flow) see(s *session.Session) {
	f.seen.Lock()
	defer f.seen.Unlock()
	f.last = s.Clone()
}

// call is a page of the application that needs the user's access token.
func (f *flow) call(w http.ResponseWriter, r *http.Request) {
	source, err := f.app.Auth.TokenSource(w, r)
	if err == nil {
		_, err = source.Token()
	}
	if err != nil {
		f.app.Auth.Refuse(w, r, err)
	}
}

func (f *flow) set(name, value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values.texts[name] = value
}

// usualAuthorize are the parameters of every authorization request.
func usualAuthorize(p vendors.Protocol) map[string]any {
	if p == vendors.OAuthOne {
		return map[string]any{"oauth_token": "{request_token}"}
	}
	usual := map[string]any{
		"response_type":         "code",
		"client_id":             "{client_id}",
		"redirect_uri":          "{redirect_uri}",
		"state":                 "{any}",
		"code_challenge":        "{any}",
		"code_challenge_method": "S256",
	}
	if p == vendors.OpenIDConnect {
		usual["nonce"] = "{any}"
	}
	return usual
}

// begin starts a login and returns the authorization request, or nil if there is none.
func (f *flow) begin(t testing.TB) *url.URL {
	t.Helper()
	resp := f.app.Get(t, f.browser, "/auth/login/"+f.name+"?return_to=/me")
	if resp.StatusCode != http.StatusSeeOther {
		if f.trial.Fault == "" || !f.app.Happened("login", f.trial.Fault) {
			f.complain("the login does not begin: %v: %s", f.app.Outcomes(), f.app.Log())
		}
		return nil
	}
	f.checkFlowCookie(t, resp)
	u := rig.Location(t, resp)
	query := u.Query()
	for _, name := range []string{"state", "nonce"} {
		if query.Has(name) {
			f.set(name, query.Get(name))
		}
	}
	f.set("challenge", query.Get("code_challenge"))
	if f.trial.Authorize == nil {
		f.complain("the fixture has no authorization request")
		return nil
	}
	f.checkPlace("authorization request", u, f.trial.Authorize, usualAuthorize(f.vendor.Protocol))
	return u
}

// checkFlowCookie checks that the browser sends the login's cookie with the callback, and no more
// often than necessary.
func (f *flow) checkFlowCookie(t testing.TB, resp *http.Response) {
	want := http.SameSiteLaxMode
	if rig.Location(t, resp).Query().Get("response_mode") == "form_post" {
		want = http.SameSiteNoneMode
	}
	found := false
	for _, c := range resp.Cookies() {
		if !strings.Contains(c.Name, "-flow-") {
			continue
		}
		found = true
		if c.SameSite != want || !c.Secure || !c.HttpOnly {
			f.complain("the login's cookie has SameSite %d, Secure %v, HttpOnly %v",
				c.SameSite, c.Secure, c.HttpOnly)
		}
	}
	if !found {
		f.complain("the login has no cookie")
	}
}

func (f *flow) posts() bool {
	return f.trial.Callback != nil && f.trial.Callback.Mode == "form_post"
}

// checkPlace compares an address with the expected one.
func (f *flow) checkPlace(what string, u *url.URL, want *place, usual map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	bare := *u
	bare.RawQuery = ""
	if wanted := f.values.text(want.URL); bare.String() != wanted {
		f.wrong("%s: goes to %s, want %s", what, &bare, wanted)
	}
	if !strings.Contains(u.String(), f.values.text(want.Encoding)) {
		f.wrong("%s: %s does not contain %s", what, u, want.Encoding)
	}
	f.compare(what, laid(usual, want.Params), u.Query())
}

// comeBack opens the callback like the browser that the vendor redirects.
func (f *flow) comeBack(t testing.TB, authorize *url.URL) *http.Response {
	t.Helper()
	f.mu.Lock()
	given := map[string]any{"code": "{code}", "state": "{state}"}
	if f.values.texts["oauth_callback"] != "" {
		given = map[string]any{
			"oauth_token":    "{request_token}",
			"oauth_verifier": "{oauth_verifier}",
			"state":          "{state}",
		}
	}
	if f.trial.Callback != nil {
		given = laid(given, f.trial.Callback.Params)
	}
	if len(f.claims) > 0 {
		if err := f.sign(); err != nil {
			t.Fatal(err)
		}
	}
	params := f.encoded(given)
	if c := f.trial.Callback; c != nil && c.Signed != "" && !params.Has(c.Signed) {
		params.Set(f.trial.Callback.Signed, signature(params, f.values.texts["client_secret"]))
	}
	path := "/auth/callback/" + f.name
	if f.trial.Callback != nil && f.trial.Callback.Query != nil {
		path += "?" + f.encoded(f.trial.Callback.Query).Encode()
	}
	f.mu.Unlock()
	if !f.posts() {
		return f.app.Get(t, f.browser, path+"?"+params.Encode(), "Sec-Fetch-Site", "cross-site")
	}
	return f.app.Do(t, f.browser, http.MethodPost, path, params,
		"Content-Type", "application/x-www-form-urlencoded",
		"Origin", authorize.Scheme+"://"+authorize.Host, "Sec-Fetch-Site", "cross-site")
}

// encoded returns parameters as they are sent: a list several times, an object as JSON.
func (f *flow) encoded(given map[string]any) url.Values {
	params := url.Values{}
	for name, value := range given {
		switch value := value.(type) {
		case nil:
		case map[string]any:
			params.Set(name, string(f.values.json(value)))
		case []any:
			for _, element := range value {
				params.Add(name, f.values.text(fmt.Sprint(element)))
			}
		default:
			params.Set(name, f.values.text(fmt.Sprint(value)))
		}
	}
	return params
}

// checkRequested checks which addresses of the vendor were requested.
func (f *flow) checkRequested(some, none []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, address := range some {
		if !slices.Contains(f.requested, address) {
			f.wrong("%s was not requested", address)
		}
	}
	for _, address := range none {
		if slices.Contains(f.requested, address) {
			f.wrong("%s was requested", address)
		}
	}
}

// checkOutcome checks the outcome of the login, and reports whether there is a session.
func (f *flow) checkOutcome(t testing.TB, resp *http.Response) bool {
	t.Helper()
	if f.trial.Fault != "" {
		if !f.app.Happened("login", f.trial.Fault) || resp.StatusCode < 400 {
			f.complain("the login ended with %v, want %s: %s",
				f.app.Outcomes(), f.trial.Fault, f.app.Log())
		}
		if page := f.app.Visit(t, f.browser, "/"); page != "anonymous" {
			f.complain("after a failed login the browser is %s", page)
		}
		f.checkLog()
		return false
	}
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/me" {
		f.complain("the callback's status is %d, and it leads to %q: %s",
			resp.StatusCode, resp.Header.Get("Location"), f.app.Log())
		return false
	}
	if f.trial.User == nil {
		f.complain("the fixture has no user")
		return false
	}
	user := f.filled(f.trial.User)
	want := rig.Marker + ": " + strings.Join([]string{f.name, user.Issuer, user.Subject}, " ")
	if page := authtest.Body(t, f.app.Get(t, f.browser, "/me")); page != want {
		f.complain("the guarded page says %q, want %q", page, want)
	}
	return true
}

// filled is the user that a fixture describes.
func (f *flow) filled(u *session.User) session.User {
	raw, err := json.Marshal(u)
	if err != nil {
		panic(err)
	}
	f.mu.Lock()
	raw = []byte(f.values.text(string(raw)))
	f.mu.Unlock()
	var filled session.User
	if err := json.Unmarshal(raw, &filled); err != nil {
		panic(err)
	}
	return filled
}

// checkSession compares the session with the fixture.
func (f *flow) checkSession(user *session.User, claims map[string]any) {
	f.seen.Lock()
	s := f.last
	f.seen.Unlock()
	want := f.filled(user)
	if f.tenant {
		want.Tenant = f.name
	}
	if got := s.User; !reflect.DeepEqual(got, want) {
		f.complain("the user is\n%+v, want\n%+v", got, want)
	}
	var kept map[string]any
	if err := s.Claims(&kept); err != nil && len(claims) > 0 {
		f.complain("claims: %v", err)
	}
	for name, want := range claims {
		got, there := kept[name]
		if there != (want != nil) || there && !sameJSON(f.values.fill(want), got) {
			f.complain("the claim %s is %v, want %v", name, got, want)
		}
	}
	for name, want := range f.trial.Values {
		if got := s.Values[name]; got != want {
			f.complain("the value %s is %q, want %q", name, got, want)
		}
	}
	tokens, err := s.Tokens()
	if err == nil && f.trial.Scopes != nil && !slices.Equal(tokens.Scopes, f.trial.Scopes) {
		f.complain("the scopes are %q, want %q", tokens.Scopes, f.trial.Scopes)
	}
}

// refreshLater uses the session after the access token has expired.
func (f *flow) refreshLater(t testing.TB) {
	t.Helper()
	r := f.trial.Refresh
	if r == nil {
		return
	}
	f.clock.Advance(time.Duration(cmp.Or(r.After, 7200)) * time.Second)
	f.later(r)
	resp := f.app.Get(t, f.browser, "/call")
	if r.Fault != "" {
		if resp.StatusCode == http.StatusOK || !f.app.Happened("session", r.Fault) {
			f.complain("the refresh ended with status %d and %v, want %s: %s",
				resp.StatusCode, f.app.Outcomes(), r.Fault, f.app.Log())
		}
		return
	}
	if resp.StatusCode != http.StatusOK || !f.refreshed.Load() {
		f.complain("after the refresh: status %d: %s", resp.StatusCode, f.app.Log())
		return
	}
	user := r.User
	if user == nil {
		user = f.trial.User
	}
	f.trial.Scopes = nil
	f.checkSession(user, r.Claims)
	f.checkTokens("refresh", r.Tokens)
}

// checkTokens compares the session's tokens with the expected ones.
func (f *flow) checkTokens(after string, wanted map[string]string) {
	f.seen.Lock()
	tokens, _ := f.last.Tokens()
	f.seen.Unlock()
	for name, want := range wanted {
		got := map[string]string{
			"access_token":  tokens.AccessToken,
			"refresh_token": tokens.RefreshToken,
		}[name]
		if got != f.values.text(want) {
			f.complain("after the %s %s is %q, want %q", after, name, got, want)
		}
	}
}

// later makes the vendor answer the refresh.
func (f *flow) later(r *refresh) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = laidAnswers(f.answers, r.Answers)
	f.values.texts = merged(f.values.texts, r.Vars)
	delete(f.values.texts, "id_token")
	if r.IDToken == nil {
		f.claims = nil
		return
	}
	f.claims = laid(f.claims, r.IDToken)
}

// logOut signs out, and checks the redirect and which tokens are revoked.
func (f *flow) logOut(t testing.TB) {
	t.Helper()
	if f.trial.Logout == nil {
		return
	}
	resp := f.app.Post(t, f.browser, "/auth/logout", nil)
	want := *f.trial.Logout
	if strings.HasPrefix(want.URL, "/") {
		want.URL = f.app.URL + want.URL
	}
	f.checkPlace("logout", rig.Location(t, resp), &want, nil)
	for _, address := range f.trial.Revoked {
		for <-f.arrived != address { // revocation runs in the background
		}
	}
}

// secretNames are the values that must not be in the log.
var secretNames = []string{
	"client_secret",
	"code",
	"access_token",
	"refresh_token",
	"id_token",
	"state",
	"nonce",
	"token_secret",
	"request_token",
	"oauth_verifier",
}

// checkLog looks for secrets in the log (R134).
func (f *flow) checkLog() {
	log := f.app.Log()
	f.mu.Lock()
	defer f.mu.Unlock()
	secrets := slices.Clone(f.secrets)
	for _, name := range secretNames {
		secrets = append(secrets, f.values.texts[name])
	}
	for _, secret := range secrets {
		if len(secret) >= 8 && strings.Contains(log, secret) {
			f.wrong("the log holds the secret %q:\n%s", secret, log)
		}
	}
}
