// Package authtest helps to test applications that use sallyport, and to try them without an
// account at a provider. It is not for production: its keys and passwords are public.
//
// # What to call first
//
//   - [WithSession] makes the request of a unit test come from a signed-in user, without a
//     provider.
//   - [NewProvider] runs a provider in the test's process until the test ends. Its users sign in
//     with their name as password, on pages that a browser can use. [NewTLSProvider] does so with
//     https.
//   - [NewBrowser] is a client that behaves like a browser; [SignIn] opens a page with it and
//     drives the login and consent pages.
//   - [Start] runs a provider without a test. [Options] set its address, issuer and users.
//   - [Secret] is a session secret for tests.
//
// Provider.OIDC, Provider.OAuth2 and Provider.OAuth1 return the configuration for sallyport, one
// for each protocol that every provider speaks. TestProfile_SignIn in example_test.go is a whole
// test of an application, in twenty lines.
//
// Provider.Requests returns what the application sent. Provider.SetTokenLifetime, RotateKeys,
// RevokeLogins and EndSessions (with SetBackchannelLogout) change what the application relies on.
//
// # Faults
//
// A provider misbehaves where a test says so; [Faults] lists where:
//
//	p.Misbehave(func(f *authtest.Faults) {
//		f.IDToken = func(claims map[string]any) { delete(claims, "nonce") }
//	})
//
// Provider.SetDown drops all connections. Provider.Behave ends the faults.
//
// # Quirks
//
// Provider.SetQuirks gives the OAuth 2.0 side habits of real providers, by name:
//
//	Responses of the token endpoint
//	error-200           errors come with status 200
//	own-errors          {"error": {"message", "type", "code": 190}}; code 100 unless the code or
//	                    token is bad
//	errcode             {"errcode": 40029, "errmsg"}; 40001 unless the code or token is bad
//	json-as-text        JSON is called text/plain, also in the profile
//	json-as-html        JSON is called text/html, also in the profile
//	form                responses are form-encoded
//	expires-string      expires_in is a string
//	expires-float       expires_in is 3600.5 instead of 3600
//	expires-name        expires_in is called expires
//	no-expires          expires_in is missing
//	scope-list          scope is a JSON array
//	scope-comma         scope is requested and answered with commas
//	no-scope            scope is missing
//	token-type-lower    token_type is bearer
//	no-token-type       token_type is missing
//	envelope            tokens and errors are in an object called data
//	camel-case          accessToken, refreshToken and expireIn
//	challenge           successful responses carry WWW-Authenticate
//
//	Requests that are accepted
//	get-token           only GET at the token endpoint
//	put-token           only PUT at the token endpoint
//	json-body           token requests are JSON
//	client-key          client_id is called client_key everywhere
//	appid               client_id and client_secret are called appid and secret everywhere
//	raw-basic           Basic credentials are not decoded
//	refresh-url         tokens are refreshed at /oauth/refresh only
//	refresh-scope       a refresh needs scope
//	keep-refresh-token  a refresh returns no refresh token: the old one stays valid
//	pkce-refused        code_challenge and code_verifier are errors
//	no-iss              the callback carries no iss
//
//	The API
//	id-string           the user's ID is a string
//	user-envelope       the profile is in an object called data
//	user-post           the profile is fetched by POST
//	token-header        the access token is sent in X-Access-Token
//	scheme-oauth        Authorization: OAuth instead of Bearer
//	user-agent          a User-Agent other than Go's own is required
package authtest
