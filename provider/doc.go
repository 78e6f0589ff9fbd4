// Package provider obtains identities: it knows how to ask a provider who the user is and
// how to check the answer. It keeps no cookies and serves no HTTP; package handlers does both.
//
// Fill in an [OIDC], put it into a [Set] under a name, and hand that to sallyport.New:
//
//	provider.Set{"work": &provider.OIDC{
//		Issuer: "https://login.example.com", ClientID: id, ClientSecret: secret,
//	}}
//
// A provider that speaks OAuth 1.0a is an [OAuth1].
//
// Package vendors has a function for each known vendor that returns one of these, configured. It uses
// only what this package exports.
//
// # What is checked
//
// Every login sends state, nonce and a PKCE S256 challenge (RFC 9700 section 2.1), each from its own random
// bytes. The callback's state and issuer (RFC 9207) are compared before anything else is looked at. An ID
// token passes if its signature is by a key of the provider's JWKS with an algorithm fixed beforehand, and its iss,
// sub, aud, azp, exp, iat, nbf, nonce, at_hash and, where asked for, auth_time and acr are as they have to be
// (OpenID Connect Core section 3.1.3.7). Access tokens and logout tokens go through the same checks as
// far as they have the claims, and none of the three kinds passes for another.
//
// Members that decide (those claims, the endpoints and keys in use, the user's ID in a profile) must
// be there once, under exactly their name, with the right type. No other member of a token, of
// metadata or of a profile makes a login fail: null means absent, of several members of one name the
// last is used, text that is not Unicode is repaired, and values of the wrong type are ignored. Roles
// and the verification of an email address never come from a member that appears twice. Each
// irregularity is logged once for each provider; see [Reporter].
//
// # One provider, many organizations
//
// Some providers vouch for the users of many organizations, and which of them may sign in is for the application to say. Where each has
// an issuer of its own (vendors.EntraMultiTenant) that is [Organizations]; there is no way to leave
// it open. Where a claim names the organization (vendors.GoogleWorkspace, vendors.SlackWorkspace,
// org_id at vendors.Auth0) it is OIDC.RequiredClaims, which are checked at each login and refresh;
// the parameters of the authorization request that ask for an organization are only hints to the
// provider's pages. An email address proves no membership.
//
// # Without OpenID Connect
//
// An [OAuth2] is a provider that only hands out access tokens:
//
//	&provider.OAuth2{
//		ClientID: id, ClientSecret: secret,
//		Endpoints: provider.Endpoints{
//			Authorization: "https://example.com/authorize", Token: "https://example.com/token",
//			UserInfo: "https://api.example.com/user",
//		},
//		UserFields: provider.Fields{ID: "id", Name: "name|login", Username: "login", Email: "email"},
//	}
//
// Nothing is signed there. Who signed in is whoever the profile is about that was fetched with the access token which the token endpoint
// issued for this very login, so an access token from anywhere else is never accepted. State, PKCE, and the checks of the callback are
// the same. The user's ID has to be a text or a whole number that the provider never changes, and counts together with Issuer only.
// Token endpoints that differ from the standard are described by a [Dialect].
//
// OAuth 1.0a has none of that. There the callback passes if its state and its request token are those of the flow and it brings a
// verifier; state is our own and part of the redirect URI that is sent along. The token is redeemed with the secret that waits in the
// flow, and the profile is read with the token that was received in this very login.
//
// # Many of them
//
// A [Directory] finds a provider by its name, for everybody who has to: the configured ones, and those of [Tenants], which are not known
// beforehand. [PublicOnly] keeps the application out of its own network where others write the addresses.
//
// # Without discovery
//
// A provider without a discovery document is Static: Endpoints hold its endpoints, and either a JWKS
// or fixed Keys verify its ID tokens.
//
//	&provider.OIDC{
//		Issuer: "https://login.example.com", ClientID: id, ClientSecret: secret,
//		Static: true, Endpoints: provider.Endpoints{
//			Authorization: "https://login.example.com/authorize",
//			Token:         "https://login.example.com/token",
//			JWKS:          "https://login.example.com/keys",
//		},
//	}
//
// # Programs beside the web page
//
// [Grants], returned by the method Grants of OIDC and OAuth2, get tokens for jobs, command-line tools
// and services, and introspect tokens.
//
// # Times
//
// Discovery is lazy, and repeated hourly while logins go on; if it fails, what is known stays in use.
// Keys are fetched when a token needs one that is not known, at most once a minute for tokens that
// strangers send, and again after ten minutes: a withdrawn key is rejected ten minutes later at
// most, or after a day while the JWKS cannot be read. A provider that does not answer within ten
// seconds is unavailable ([ErrUnavailable]); one whose metadata does not fit the configuration is
// misconfigured ([ErrMisconfigured]).
//
// Connections to endpoints are kept for three seconds, less than servers keep them. A request with
// a code or a token is never repeated, except once if a kept connection ends before the first byte
// of the answer.
package provider
