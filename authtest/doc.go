// Package authtest is for the tests of applications that use sallyport, and for trying things out
// without an account anywhere. It is not for production: it has no secrets worth the name.
//
//   - [NewProvider] starts an OpenID provider in the test's own process, with a login and a consent page
//     that a person or a browser can use. Provider.OIDC is its configuration for sallyport. It also speaks OAuth 2.0 without
//     OpenID Connect: Provider.OAuth2, with Provider.SetQuirks for the habits of providers in use; and OAuth 1.0a: Provider.OAuth1.
//   - [NewBrowser] is an http.Client that behaves like a browser; [SignIn] opens a page with it and does
//     what a person would do at the provider.
//   - [WithSession] makes a request of a unit test come from a signed-in user, with no provider at all.
//
// The provider can also end sessions by itself (Provider.SetBackchannelLogout, EndSessions).
//
// A provider can be made to misbehave in a test, see [Faults]:
//
//	p.Misbehave(func(f *authtest.Faults) {
//		f.IDToken = func(claims map[string]any) { delete(claims, "nonce") }
//	})
package authtest
