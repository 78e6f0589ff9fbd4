package provider

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// maxCallbackClaim bounds a claim from the callback, in characters.
const maxCallbackClaim = 200

// callbackClaimNames are the claims that CallbackClaims may return. Claims that decide something,
// such as an email address, must not come from the browser.
var callbackClaimNames = []string{"name", "given_name", "family_name", "middle_name"}

// callbackClaims reads the claims in the callback itself.
func (o *OIDC) callbackClaims(callback url.Values) (claims, error) {
	if o.CallbackClaims == nil {
		return nil, nil
	}
	texts, err := recovered.Get(func() (map[string]string, error) {
		return o.CallbackClaims(callback), nil
	})
	if err != nil {
		return nil, fmt.Errorf("provider: CallbackClaims: %w", err)
	}
	c := claims{}
	for name, text := range texts {
		text = strings.TrimSpace(strings.Map(visible, strings.ToValidUTF8(text, "")))
		if !slices.Contains(callbackClaimNames, name) || text == "" ||
			utf8.RuneCountInString(text) > maxCallbackClaim {
			continue
		}
		if c[name], err = json.Marshal(text); err != nil {
			return nil, fmt.Errorf("provider: CallbackClaims: %w", err)
		}
	}
	return c, nil
}

// visible drops control and text-direction characters.
func visible(r rune) rune {
	control := r < ' ' || r == 0x7f
	turns := '\u200e' <= r && r <= '\u200f' || '\u202a' <= r && r <= '\u202e' ||
		'\u2066' <= r && r <= '\u2069'
	if control || turns {
		return -1
	}
	return r
}
