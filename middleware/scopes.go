package middleware

// maxAskedAgain bounds the scopes of a step-up that have been granted before. A login under way
// waits in a cookie, and the authorization request is an address.
const maxAskedAgain = 1500 // bytes, with a few for each scope

// withGranted puts the scopes that are missing behind those that were granted before, because the
// new tokens replace the old ones. Of very many, the first are asked for again.
func withGranted(granted, missing []string) []string {
	var all []string
	bytes := 0
	for _, scope := range granted {
		if bytes += len(scope) + 3; bytes > maxAskedAgain {
			break
		}
		all = append(all, scope)
	}
	return append(all, missing...)
}
