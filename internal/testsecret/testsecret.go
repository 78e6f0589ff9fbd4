// Package testsecret knows the session secret of tests, which is public: authtest offers it, and
// sallyport.New rejects it where it would protect real sessions.
package testsecret

import "slices"

// Secret is the hex form of "authtest: for tests only, public". Hex is used as a key as it is, so
// that no test waits for the stretching of a passphrase.
const Secret = "61757468746573743a20666f72207465737473206f6e6c792c207075626c6963"

// In reports whether one of the secrets is Secret.
func In(secrets ...string) bool { return slices.Contains(secrets, Secret) }
