// Package provider signs users in at identity providers: it makes authorization requests and
// verifies the responses. It sets no cookies and serves no HTTP; package handlers does both.
//
// Fill in an [OIDC], put it into a [Set] under a name, and pass the set to sallyport.New:
//
//	provider.Set{"work": &provider.OIDC{
//		Issuer: "https://login.example.com", ClientID: id, ClientSecret: secret,
//	}}
//
// [OAuth2] is for providers of OAuth 2.0 without OpenID Connect, and [OAuth1] for OAuth 1.0a.
// Package vendors has a function for each known vendor that returns one of the three; it uses
// only what this package exports.
//
// # What is checked
//
// Every login sends state, nonce and a PKCE S256 challenge (RFC 9700 section 2.1), each from its
// own random bytes. State and issuer (RFC 9207) of the callback are compared before anything else
// is read. An ID token is accepted if a key of the provider's JWKS verifies its signature, with
// an algorithm fixed beforehand, and if iss, sub, aud, azp, exp, iat, nbf, nonce, at_hash and,
// where requested, auth_time and acr are valid (OpenID Connect Core section 3.1.3.7). Access
// tokens and logout tokens go through the same checks for the claims that they have. None of the
// three kinds of token is accepted as another.
//
// Members that decide something (those claims, the endpoints and keys in use, the user's ID in a
// profile) must appear once, under their exact name, with the right type. No other member of a
// token, of metadata or of a profile fails a login: null means absent, the last of several
// members of one name is used, invalid Unicode is repaired, and values of the wrong type are
// ignored. Roles and the verification of an email address never come from a member that appears
// twice. Each irregularity is logged once for each provider; see [Reporter].
//
// # One provider, many organizations
//
// Some providers sign in the users of many organizations, and the application decides which of
// them it admits. If each organization has its own issuer (vendors.EntraMultiTenant), set
// [Organizations]; they cannot be left empty. If a claim names the organization
// (vendors.GoogleWorkspace, vendors.SlackWorkspace, org_id at vendors.Auth0), set
// OIDC.RequiredClaims, which are checked at each login and refresh. Parameters of the
// authorization request that name an organization are only hints for the provider's pages. An
// email address proves no membership.
//
// # Without OpenID Connect
//
// An [OAuth2] describes a provider that issues access tokens only:
//
//	&provider.OAuth2{
//		ClientID: id, ClientSecret: secret,
//		Endpoints: provider.Endpoints{
//			Authorization: "https://example.com/authorize", Token: "https://example.com/token",
//			UserInfo: "https://api.example.com/user",
//		},
//		UserFields: provider.Fields{ID: "id", Name: "name|login", Username: "login",
//			Email: "email"},
//	}
//
// Nothing is signed. The profile that is fetched with the access token identifies the user, and the
// token endpoint must have issued that access token in this login; access tokens from elsewhere are
// rejected. State, PKCE and the checks of the callback are the same. The user's ID must be a string
// or an integer that the provider never changes; it is unique together with Issuer only. A
// [Dialect] describes a token endpoint that differs from the standard, and [Quirks] what a provider
// does not support.
//
// OAuth 1.0a has neither PKCE nor nonce. A callback is accepted if its state and its request
// token are those of the flow and it has a verifier; the state is part of the redirect URI. The
// request token is redeemed with its secret from the flow, and the profile is fetched with the
// access token of this login.
//
// # Providers of tenants
//
// [Tenants] finds providers by name at request time, for applications whose customers bring their
// own. [PublicOnly] is an HTTP client that refuses private addresses; use it when tenants supply
// provider URLs (SSRF).
//
// # Without discovery
//
// For a provider without a discovery document, set Static: Endpoints has its endpoints, and
// either a JWKS or fixed Keys verify its ID tokens.
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
// # Machine grants
//
// [Grants], returned by [OIDC.Grants] and [OAuth2.Grants], gets tokens for jobs, command-line tools
// and services, and introspects tokens.
//
// # Times
//
// Discovery is lazy and repeated hourly while logins continue; if it fails, the known document
// stays in use. Keys are fetched when a token has an unknown key, at most once a minute for tokens
// from unauthenticated requests, and again after ten minutes: a withdrawn key is rejected after at
// most ten minutes, or after a day while the JWKS cannot be read. A provider that does not answer
// within ten seconds is unavailable ([ErrUnavailable]); one whose metadata does not fit the
// configuration is misconfigured ([ErrMisconfigured]).
//
// Idle connections to endpoints are closed after three seconds, before servers close them. A
// request with a code or a token is never repeated, except once if a reused connection ends before
// the first byte of the response.
package provider
