package provider

import (
	"encoding/json"
	"maps"
	"slices"
)

// protocolClaims describe the sign-in or the token. They are believed only where they are signed.
var protocolClaims = []string{
	"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash",
	"auth_time", "acr", "amr", "sid", "session_expiry",
}

// merge adds the userinfo claims to those of the ID token, which win. An email address and whether
// it is verified, the flags, come from one source; where the two sources disagree about the
// address, it is unverified.
func merge(token, info document, flags []string) (document, error) {
	merged := document{
		claims: claims{}, unsure: map[string]bool{}, about: "claims", notes: token.notes,
	}
	maps.Copy(merged.unsure, token.unsure)
	maps.Copy(merged.unsure, info.unsure)
	apart := slices.Concat(protocolClaims, flags, []string{"email"})
	for name, value := range info.claims {
		if !slices.Contains(apart, name) {
			merged.claims[name] = value
		}
	}
	for name, value := range token.claims {
		if token.has(name) || !merged.has(name) {
			merged.claims[name] = value
		}
	}
	for _, flag := range flags {
		mergeEmail(merged.claims, token, info, flag)
	}
	var err error
	merged.raw, err = json.Marshal(merged.claims)
	return merged, err
}

// with adds claims that are not there yet.
func (d document) with(more claims) document {
	if len(more) > 0 {
		all := maps.Clone(more)
		maps.Copy(all, d.claims)
		d.claims = all
	}
	return d
}

func mergeEmail(merged claims, token, info document, flag string) {
	own, other := token.display("email"), info.display("email")
	switch {
	case other == "":
		if own == "" {
			delete(merged, flag)
		}
	case own == "" || own == other && !token.has(flag):
		merged["email"] = info.claims["email"]
		delete(merged, flag)
		if info.has(flag) {
			merged[flag] = info.claims[flag]
		}
	case own != other:
		delete(merged, flag)
	}
}
