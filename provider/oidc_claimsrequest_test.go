package provider

import (
	"strings"
	"testing"
	"time"
)

func TestReadClaimsRequest_R164(t *testing.T) {
	for text, want := range map[string]string{
		`{"id_token":{"x":[],"x":{}}}`:                              "twice",
		`[]`:                                                        "not a JSON object",
		`x`:                                                         "not a JSON object",
		`{"id_token":[]}`:                                           "id_token is not an object",
		`{"id_token":{"acr":"gold"}}`:                               "acr is not an object",
		`{"id_token":{"acr":{"value":1}}}`:                          "value of acr",
		`{"id_token":{"acr":{"values":[]}}}`:                        "values of acr",
		`{"id_token":{"acr":{"values":[1]}}}`:                       "values of acr",
		`{"id_token":{"acr":{"values":null}}}`:                      "values of acr",
		`{"id_token":{"acr":{"values":["a",""]}}}`:                  "empty text",
		`{"id_token":{"acr":{"value":"a","values":["b"]}}}`:         "values too",
		`{"id_token":{"acr":{"essential":"true"}}}`:                 "essential of acr",
		`{"id_token":{"acr":{"value":"a"},"acr":null}}`:             "acr",
		`{"id_token":{"acr":{"value":"a","value":"b"}}}`:            "value",
		`{"id_token":{"ACR":{"value":"a"}}}`:                        "looks like",
		`{"ID_Token":{"acr":{"value":"a"}}}`:                        "looks like",
		`{"id_token":{"acr":null},"id_token":{}}`:                   "id_token",
		`{"userinfo":{"acr":{"essential":true}}}`:                   "from the ID token",
		`{"userinfo":{"auth_time":{"essential":true}}}`:             "from the ID token",
		`{"id_token":{"max_age":300}}`:                              "Request.MaxAge",
		`{"id_token":{"auth_time":{"value":1}}}`:                    "Request.MaxAge",
		`{"id_token":{"auth_time":{"essential":true,"max_age":1}}}`: "Request.MaxAge",
	} {
		_, err := readClaimsRequest(text)
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), `"claims": `) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{
		``, `{}`, `{"userinfo":null,"id_token":null}`, `{"id_token":{"acr":null,"email":null}}`,
		`{"userinfo":{"acr":null,"sub":null,"name":{"essential":true}}}`,
		`{"id_token":{"roles":{"values":[1,2]},"x":[]}}`,
	} {
		r, err := readClaimsRequest(text)
		if err != nil || len(r.acr)+len(r.subject) > 0 || r.acrNeeded || r.timeNeeded {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
}

// Whatever is accepted says the same to this package as to a provider that reads it plainly.
func FuzzReadClaimsRequest(f *testing.F) {
	for _, seed := range []string{
		`{"id_token":{"acr":{"essential":true,"values":["gold"]},"auth_time":{"essential":true}}}`,
		`{"id_token":{"sub":{"value":"1001"}},"userinfo":{"name":null}}`, `{"id_token":{}}`,
		`{"id_token":{"acr":{"value":"\u0061"}}}`, `{`, `{"userinfo":{"acr":{}}}`,
	} {
		f.Add(seed)
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, text string) {
		r, err := readClaimsRequest(text)
		if err != nil {
			return
		}
		strict := r.acrNeeded || r.timeNeeded || len(r.acr) > 0 || len(r.subject) > 0
		if refused := r.check(&idToken{}, now, 0) != nil; refused != strict {
			t.Errorf("%q: %+v, refused: %v", text, r, refused)
		}
	})
}
