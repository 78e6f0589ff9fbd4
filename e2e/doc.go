// Package e2e tests the library and its example against independent software: zitadel's OpenID
// provider, Authlib's OAuth 1.0a server, Redis, nginx, Caddy and Chromium.
package e2e
