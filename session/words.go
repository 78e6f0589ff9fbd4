package session

// words are frequent texts in sessions and tokens: names of claims and their usual values. They are
// part of the stored format, which stores their index: append new words at the end, up to firstOwn.
var words = [...]string{
	"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "azp", "at_hash", "c_hash", "s_hash",
	"auth_time", "acr", "amr", "sid", "name", "given_name", "family_name", "middle_name",
	"nickname",
	"preferred_username", "profile", "picture", "website", "email", "email_verified", "gender",
	"birthdate", "zoneinfo", "locale", "phone_number", "phone_number_verified", "address",
	"updated_at",
	"roles", "groups", "realm_access", "resource_access", "account", "typ", "session_state",
	"scope",
	"scp", "client_id", "tid", "oid", "upn", "unique_name", "ver", "hd", "idp", "ipaddr",
	"rh", "uti",
	"wids", "aio", "appid", "tenant", "org_id", "username", "cognito:groups", "cognito:username",
	"token_use", "alg", "kid", "RS256", "ES256", "PS256", "EdDSA", "JWT", "at+jwt", "x5t",
	"Bearer", "ID",
	"openid", "offline_access", "pwd", "otp", "mfa", "en", "1.0", "2.0", "admin", "user",
	"openid profile email",
}

// firstOwn is the number of a session's first own text.
const firstOwn = 112

// wordNumbers maps a word to its number.
var wordNumbers = func() map[string]int {
	numbers := make(map[string]int, len(words))
	for i, word := range words {
		numbers[word] = i
	}
	return numbers
}()
