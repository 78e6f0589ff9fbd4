// Package e2e tests the example application against real components: an OpenID provider
// written by others, and a browser.
package e2e
