package settings

import (
	"fmt"
	"strings"
)

// elsewhere are the names that other software has for keys, which are not similar to ours.
var elsewhere = map[string]string{
	"scope": "scopes", "authorization_url": "authorization_endpoint",
	"authorize_url": "authorization_endpoint", "auth_url": "authorization_endpoint",
	"token_url": "token_endpoint", "access_token_url": "token_endpoint",
	"request_token_url": "request_token_endpoint", "refresh_url": "refresh_token_url",
	"userinfo_url": "userinfo_endpoint", "user_url": "userinfo_endpoint",
	"profile_url": "userinfo_endpoint", "revocation_url": "revocation_endpoint",
	"revoke_url": "revocation_endpoint", "introspection_url": "introspection_endpoint",
	"jwks_url": "jwks_uri", "api_url": "api_base_url", "base_url": "api_base_url",
	"consumer_key": "client_id", "key": "client_id", "app_id": "client_id",
	"consumer_secret": "client_secret", "secret": "client_secret",
	"server_metadata_url": "issuer", "metadata_url": "discovery_url",
	"authorize_params": "auth_params", "token_params": "dialect.params",
	"access_token_params": "dialect.params", "auth_method": "token_endpoint_auth_method",
	"label": "display_name", "name": "display_name", "pkce": "insecure_no_pkce",
	"code_challenge_method": "insecure_no_pkce", "user.sub": "user.id",
	"user.login": "user.username", "user.avatar": "user.picture",
	"private_key_path": "private_key_file", "preset": "vendor", "type": "vendor",
	"provider": "vendor", "roles": "roles_claim",
}

// nearest ends an error about an unknown name with the similar one, if there is one.
func nearest(name string, known []string) string {
	if meant, ok := elsewhere[strings.ToLower(name)]; ok {
		for _, k := range known {
			if k == meant {
				return fmt.Sprintf("; did you mean %s?", k)
			}
		}
	}
	best, least := "", 1+min(3, len(name)/2)
	for _, k := range known {
		if d := distance(strings.ToLower(name), k, least); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is the Levenshtein distance of two names in bytes, at most limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
