package provider_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// withToken makes the provider hand out what f makes of its right claims.
func withToken(app *rig.App, f func(claims map[string]any) string) {
	app.OP.Misbehave(func(faults *authtest.Faults) {
		faults.IDTokenRaw = func(token string) string { return f(claimsOf(token)) }
	})
}

func claimsOf(token string) map[string]any {
	raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var claims map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if err := decoder.Decode(&claims); err != nil {
		panic(err)
	}
	return claims
}

// R41
func TestIDToken_R41_UnsignedIsRefused(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["id_token_signing_alg_values_supported"] = []string{"none", "ES256"}
		}
	})
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "none "} {
		for _, signature := range []string{".", "", ".AAAA", ". "} {
			withToken(app, func(c map[string]any) string {
				return rig.Base64(rig.JSON(map[string]string{"alg": alg, "typ": "JWT"})) + "." +
					rig.Base64(rig.JSON(c)) + signature
			})
			if got := rig.TryLogin(t, app); got != "invalid_id_token" {
				t.Errorf("alg %q, signature %q: %s", alg, signature, got)
			}
		}
	}
	// a right token with its signature cut, or changed
	withToken(app, func(c map[string]any) string {
		token := app.OP.Sign(c)
		return token[:len(token)-4]
	})
	if got := rig.TryLogin(t, app); got != "invalid_id_token" {
		t.Errorf("cut signature: %s", got)
	}
	withToken(app, func(c map[string]any) string {
		parts := strings.Split(app.OP.Sign(c), ".")
		c["sub"] = "1002"
		return parts[0] + "." + rig.Base64(rig.JSON(c)) + "." + parts[2]
	})
	if got := rig.TryLogin(t, app); got != "invalid_id_token" {
		t.Errorf("changed payload: %s", got)
	}
}

// R42
func TestIDToken_R42_SymmetricAlgorithmsAreRefused(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["id_token_signing_alg_values_supported"] = []string{"HS256", "HS384", "HS512",
				"ES256"}
		}
	})
	public := publicKey(t, app)
	der, err := x509.MarshalPKIXPublicKey(public.Key)
	if err != nil {
		t.Fatal(err)
	}
	jwk, _ := public.MarshalJSON()
	for name, key := range map[string][]byte{
		"der": der, "pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"jwk": jwk, "secret": []byte(authtest.ClientSecret), "empty": {},
	} {
		withToken(app, func(c map[string]any) string { return hs256(key, public.KeyID, c) })
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("HS256 with %s: %s", name, got)
		}
	}
	if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
		o.SigningAlgs = []string{"HS256"}
	})); err == nil {
		t.Error("HS256 can be configured")
	}
	// An algorithm that is sound, but not on the list.
	restricted := rig.New(t, func(s *rig.Setup) { s.OIDC.SigningAlgs = []string{"RS256"} })
	if got := rig.TryLogin(t, restricted); got != "invalid_id_token" {
		t.Errorf("ES256 where RS256 alone is allowed: %s", got)
	}
	// Without a list, RS256 alone.
	silent := rig.New(t)
	silent.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { delete(m, "id_token_signing_alg_values_supported") }
	})
	if got := rig.TryLogin(t, silent); got != "invalid_id_token" {
		t.Errorf("ES256 where nothing is advertised: %s", got)
	}
}

func hs256(key []byte, kid string, claims map[string]any) string {
	signed := rig.Base64(rig.JSON(map[string]string{"alg": "HS256", "kid": kid, "typ": "JWT"})) +
		"." + rig.Base64(rig.JSON(claims))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	return signed + "." + rig.Base64(mac.Sum(nil))
}

// publicKey is the provider's current public key.
func publicKey(t *testing.T, app *rig.App) jose.JSONWebKey {
	t.Helper()
	resp, err := app.OP.HTTPClient().Get(app.OP.Issuer() + "/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	return set.Keys[0]
}

// R43
func TestIDToken_R43_KeysNamedByTheTokenAreIgnored(t *testing.T) {
	app := rig.New(t)
	var contacts atomic.Int32
	evil := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		contacts.Add(1)
	}))
	defer evil.Close()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	kid := publicKey(t, app).KeyID
	jwk := jose.JSONWebKey{Key: own.Public(), KeyID: kid, Algorithm: "ES256"}
	for name, extra := range map[string]map[string]any{
		"jwk": {"jwk": jwk}, "jku": {"jku": evil.URL}, "x5u": {"x5u": evil.URL},
		"x5c": {"x5c": []string{"AAAA"}}, "kid as address": {"kid": evil.URL + "/key"},
		"kid with controls": {"kid": "a\r\nb\x00"}, "kid no string": {"kid": 7},
	} {
		withToken(app, func(c map[string]any) string {
			header := map[string]any{"alg": "ES256", "typ": "JWT", "kid": kid}
			maps.Copy(header, extra)
			return signES256(own, header, rig.JSON(c))
		})
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if contacts.Load() != 0 {
		t.Error("an address in a token was contacted")
	}
}

func signES256(key *ecdsa.PrivateKey, header map[string]any, payload []byte) string {
	signed := rig.Base64(rig.JSON(header)) + "." + rig.Base64(payload)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + rig.Base64(signature)
}

// R44
func TestIDToken_R44_KeyMustFitTheAlgorithm(t *testing.T) {
	weak := weakKey(t)
	for name, c := range map[string]struct {
		change func(jwk map[string]any)
		key    any
		alg    jose.SignatureAlgorithm
		want   string
	}{
		"right": {nil, nil, "", "ok"},
		"use enc": {func(k map[string]any) {
			k["use"] = "enc"
		}, nil, "", "provider_unavailable"},
		"key_ops without verify": {func(k map[string]any) {
			k["key_ops"] = []string{"sign"}
		}, nil, "", "provider_unavailable"},
		"key_ops with verify": {func(k map[string]any) {
			k["key_ops"] = []string{"verify"}
		}, nil, "", "ok"},
		"alg of another family": {func(k map[string]any) {
			k["alg"] = "RS256"
		}, nil, "", "invalid_id_token"},
		"neither alg nor use": {func(k map[string]any) {
			delete(k, "alg")
			delete(k, "use")
		}, nil, "", "ok"},
		"RSA of 1024 bits": {nil, weak, jose.RS256, "provider_unavailable"},
		"kty that does not match": {func(k map[string]any) {
			k["kty"] = "RSA"
		}, nil, "", "provider_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			rig.Serial(t, "weak keys need GODEBUG")
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.SigningAlgs = []string{"ES256", "RS256"}
			})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.JWKS = func(set map[string]any) {
					key := set["keys"].([]any)[0].(map[string]any)
					if rsaKey, ok := c.key.(*rsa.PrivateKey); ok {
						raw, _ := jose.JSONWebKey{Key: rsaKey.Public(), KeyID: "weak",
							Algorithm: "RS256", Use: "sig"}.MarshalJSON()
						clear(key)
						json.Unmarshal(raw, &key)
					}
					if c.change != nil {
						c.change(key)
					}
				}
			})
			if c.key != nil {
				withToken(app, func(claims map[string]any) string {
					return signJOSE(t, c.alg, c.key, "weak", claims)
				})
			}
			if got := rig.TryLogin(t, app); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// weakKey has 1024 bits, which crypto/rsa makes only when told.
func weakKey(t *testing.T) *rsa.PrivateKey {
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signJOSE(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string,
	claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key},
		(&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		t.Error(err)
		return ""
	}
	signed, err := signer.Sign(rig.JSON(claims))
	if err != nil {
		t.Error(err)
		return ""
	}
	token, _ := signed.CompactSerialize()
	return token
}

// R42, R44: every algorithm on the list works.
func TestIDToken_AcceptsTheAsymmetricAlgorithms(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p521, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	edPublic, edPrivate, _ := ed25519.GenerateKey(rand.Reader)
	for alg, pair := range map[jose.SignatureAlgorithm][2]any{
		jose.RS256: {rsaKey.Public(), rsaKey}, jose.RS512: {rsaKey.Public(), rsaKey},
		jose.PS256: {rsaKey.Public(), rsaKey},
		jose.ES384: {p384.Public(), p384}, jose.ES512: {p521.Public(), p521},
		jose.EdDSA: {edPublic, edPrivate},
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) {
				m["id_token_signing_alg_values_supported"] = []string{string(alg)}
			}
			f.JWKS = func(set map[string]any) {
				set["keys"] = []any{jose.JSONWebKey{Key: pair[0], KeyID: "k"}}
			}
		})
		withToken(app, func(c map[string]any) string {
			delete(c, "at_hash") // made for ES256
			return signJOSE(t, alg, pair[1], "k", c)
		})
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("%s: %s\n%s", alg, got, app.Log())
		}
	}
}

// R45
func TestIDToken_R45_CriticalHeaders(t *testing.T) {
	app := rig.New(t)
	for name, header := range map[string]map[string]any{
		"unknown crit": {"crit": []string{"exp"}, "exp": 1}, "empty crit": {"crit": []string{}},
		"b64 false": {"crit": []string{"b64"}, "b64": false},
		"b64 alone": {"b64": false}, "b64 true": {"crit": []string{"b64"}, "b64": true},
		"zip": {"zip": "DEF"},
	} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDTokenRaw = func(token string) string {
				h := map[string]any{"alg": "ES256", "kid": publicKey(t, app).KeyID}
				maps.Copy(h, header)
				parts := strings.Split(token, ".")
				return rig.Base64(rig.JSON(h)) + "." + parts[1] + "." + parts[2]
			}
		})
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%s: %s", name, got)
		}
		if !strings.Contains(app.Log(), "which is not supported") {
			t.Errorf("%s: refused for another reason: %s", name, app.Log())
		}
	}
}

// R46, R47, R49: each claim missing, empty, of another type, of another value.
func TestIDToken_R46_HostileClaims(t *testing.T) {
	type row struct {
		claim string
		value any // absent: the claim is removed
		ok    bool
	}
	absent := struct{}{}
	const client = authtest.ClientID
	now := time.Now().Unix()
	rows := []row{
		{"iss", absent, false}, {"iss", "", false}, {"iss", 1, false}, {"iss", nil, false},
		{"iss", []string{"ISS"}, false}, {"iss", "ISS/", false}, {"iss", "ISS ", false},
		{"iss", "https://evil.example", false},
		{"sub", absent, false}, {"sub", "", false}, {"sub", 1001, false}, {"sub", nil, false},
		{"sub", []string{"1001"}, false}, {"sub", map[string]string{}, false}, {"sub", true, false},
		{"sub", strings.Repeat("x", 255), true}, {"sub", strings.Repeat("x", 256), false},
		{"aud", absent, false}, {"aud", "", false}, {"aud", nil, false}, {"aud", 1, false},
		{"aud", []string{}, false}, {"aud", "other", false}, {"aud", client + " ", false},
		{"aud", strings.ToUpper(client), false},
		{"aud", []string{client}, true}, {"aud", []string{client, "other"}, false},
		{"aud", []any{client, 1}, false}, {"aud", []any{client, nil}, false},
		{"aud", map[string]bool{client: true}, false}, {"aud", client + ",other", false},
		{"azp", client, true}, {"azp", "other", false}, {"azp", "", false}, {"azp", nil, true},
		{"azp", []string{client}, false},
		{"nonce", absent, false}, {"nonce", "", false}, {"nonce", nil, false}, {"nonce", 1, false},
		{"nonce", "other", false}, {"nonce", []string{"NONCE"}, false}, {"nonce", "NONCE ", false},
		{"at_hash", absent, true}, {"at_hash", "", false}, {"at_hash", nil, false},
		{"at_hash", 1, false}, {"at_hash", "AAAA", false}, {"at_hash", []string{}, false},
		{"exp", absent, false}, {"exp", nil, false}, {"exp", "1", false}, {"exp", []int{1}, false},
		{"exp", map[string]int{}, false}, {"exp", true, false}, {"exp", now - 100, false},
		{"exp", 0, false}, {"exp", -1, false},
		{"iat", absent, false}, {"iat", nil, false}, {"iat", "1", false},
		{"iat", now + 3600, false}, {"iat", []int{1}, false},
		{"nbf", now + 3600, false}, {"nbf", "0", false}, {"nbf", nil, true}, {"nbf", 0, true},
		{"nbf", now, true},
		{"auth_time", absent, true}, {"auth_time", "1", true}, {"auth_time", nil, true},
		{"acr", 1, true}, {"acr", absent, true}, {"sid", 1, true}, {"sid", absent, true},
		{"events", map[string]any{
			"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}, false},
	}
	// R49
	for _, number := range []string{"1e300", "1e400", "9223372036854775808", "18446744073709551616",
		"1e-300", "-1e300", "0.5e1", "NaN", "1e19"} {
		for _, claim := range []string{"exp", "iat", "nbf", "auth_time"} {
			big := number == "1e300" || number == "9223372036854775808" ||
				number == "18446744073709551616" || number == "1e19" || number == "1e400" ||
				number == "NaN" || number == "-1e300"
			small := !big // a time long ago
			// nothing was asked of auth_time, but NaN is no JSON
			decides := claim != "auth_time" || number == "NaN"
			rows = append(rows, row{claim, raw(number), small && claim != "exp" || !decides})
		}
	}
	rows = append(rows, row{"exp", raw(fmtInt(now+3600) + ".5"), true},
		row{"iat", raw(fmtInt(now) + ".0"), true}, row{"exp", raw("4e9"), true},
		row{"iat", raw(fmtInt(now)[:1] + "e9"), true})

	app := rig.New(t)
	for _, r := range rows {
		withToken(app, func(c map[string]any) string {
			if r.value == absent {
				delete(c, r.claim)
			} else {
				c[r.claim] = fill(r.value, c)
			}
			if s, ok := c[r.claim].(raw); ok { // written as it is, also where that is no JSON
				delete(c, r.claim)
				payload := rig.JSON(c)
				return app.OP.Sign(append(payload[:len(payload)-1],
					[]byte(`,"`+r.claim+`":`+string(s)+`}`)...))
			}
			return app.OP.Sign(c)
		})
		want := "invalid_id_token"
		if r.ok {
			want = "ok"
		}
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("%s = %v: %s, want %s", r.claim, r.value, got, want)
		}
	}
}

// raw is JSON text.
type raw string

func fmtInt(n int64) string { return json.Number(rig.JSON(n)).String() }

// fill replaces ISS and NONCE with the right values.
func fill(value any, claims map[string]any) any {
	replace := func(s string) string {
		s = strings.Replace(s, "ISS", claims["iss"].(string), 1)
		return strings.Replace(s, "NONCE", claims["nonce"].(string), 1)
	}
	switch v := value.(type) {
	case string:
		return replace(v)
	case []string:
		filled := make([]string, len(v))
		for i, s := range v {
			filled[i] = replace(s)
		}
		return filled
	}
	return value
}

// R46
func TestIDToken_R46_TrustedAudience(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.TrustedAudiences = []string{"api"} })
	for want, audiences := range map[string][]string{"ok": {authtest.ClientID, "api"},
		"invalid_id_token": {"api"}} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["aud"] = audiences }
		})
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("aud %v: %s, want %s", audiences, got, want)
		}
	}
}

// R47
func TestIDToken_R47_AccessTokenOfAnother(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { a["access_token"] = "swapped" }
	})
	if got := rig.TryLogin(t, app); got != "invalid_id_token" {
		t.Errorf("%s, want invalid_id_token", got)
	}
}

// R48
func TestIDToken_R48_OneLeewayForAllTimes(t *testing.T) {
	for _, row := range []struct {
		claim  string
		offset time.Duration
		want   string
	}{
		{"exp", -59 * time.Second, "ok"}, {"exp", -61 * time.Second, "invalid_id_token"},
		{"iat", 59 * time.Second, "ok"}, {"iat", 61 * time.Second, "invalid_id_token"},
		{"nbf", 59 * time.Second, "ok"}, {"nbf", 61 * time.Second, "invalid_id_token"},
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) {
				c[row.claim] = app.Clock.Now().Add(row.offset).Unix()
			}
		})
		if got := rig.TryLogin(t, app); got != row.want {
			t.Errorf("%s %v from now: %s, want %s", row.claim, row.offset, got, row.want)
		}
	}
	for _, leeway := range []time.Duration{-1, 301 * time.Second} {
		if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.Leeway = leeway
		})); err == nil {
			t.Errorf("Leeway %v is accepted", leeway)
		}
	}
}

// R48: a clock that is off ends in one page, not in a loop.
func TestIDToken_R48_ClockThatIsOff(t *testing.T) {
	for _, off := range []time.Duration{10 * time.Minute, -2 * time.Hour} {
		app := rig.New(t)
		app.OIDC.Now = app.Clock.Now
		app.OP.SetNow(func() time.Time { return app.Clock.Now().Add(off) })
		b := rig.Browser(t)
		resp := app.SignIn(t, b, "alice", "/me")
		if resp.StatusCode != http.StatusBadRequest || !strings.HasPrefix(resp.Request.URL.Path,
			"/auth/callback") {
			t.Errorf("%v: ended at %s with status %d", off, resp.Request.URL.Path, resp.StatusCode)
		}
		if !strings.Contains(app.Log(), "clocks") {
			t.Errorf("%v: the log does not say that it is the clock: %s", off, app.Log())
		}
	}
}

// R50
func TestIDToken_R50_StrictJSON(t *testing.T) {
	app := rig.New(t)
	for name, change := range map[string]func(payload string) string{
		"not an object":      func(string) string { return `["x"]` },
		"null":               func(string) string { return `null` },
		"empty":              func(string) string { return `` },
		"trailing data":      func(p string) string { return p + `{"sub":"1002"}` },
		"trailing text":      func(p string) string { return p + `x` },
		"duplicate sub":      func(p string) string { return p[:len(p)-1] + `,"sub":"1002"}` },
		"duplicate, escaped": func(p string) string { return p[:len(p)-1] + `,"\u0073ub":"1002"}` },
		"duplicate deep": func(p string) string {
			return strings.Replace(p, `"aud":"`, `"aud":["x",{"a":1,"a":2}],"x":"`, 1)
		},
		"look-alike ſub": func(p string) string { return p[:len(p)-1] + `,"ſub":"1002"}` },
		"look-alike SUB": func(p string) string { return p[:len(p)-1] + `,"SUB":"1002"}` },
		"invalid UTF-8": func(p string) string {
			return strings.Replace(p, `"sub":"1001"`, "\"sub\":\"1001\xff\"", 1)
		},
		"half a surrogate": func(p string) string {
			return strings.Replace(p, `"sub":"1001"`, `"sub":"1001\ud800"`, 1)
		},
		"too deep": func(p string) string {
			return p[:len(p)-1] + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]",
				100) + "}"
		},
		"cut":             func(p string) string { return p[:len(p)-1] },
		"NaN":             func(p string) string { return p[:len(p)-1] + `,"x":NaN}` },
		"comment":         func(p string) string { return p[:len(p)-1] + `/**/}` },
		"byte order mark": func(p string) string { return "\ufeff" + p },
		"single quotes":   func(string) string { return `{'sub':'1001'}` },
		"trailing comma":  func(p string) string { return p[:len(p)-1] + `,}` },
	} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDTokenRaw = func(token string) string {
				payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
				return app.OP.Sign([]byte(change(string(payload))))
			}
		})
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// R50: what the application reads comes from the bytes that were checked.
func TestIDToken_R50_ClaimsAreThoseOfTheToken(t *testing.T) {
	var got map[string]any
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			return s.Claims(&got)
		}
	})
	app.OP.SetClaims("alice", map[string]any{"department": "R&D <x>", "level": 7,
		"tags": []string{"a", "b"}})
	rig.TryLogin(t, app)
	if got["department"] != "R&D <x>" || got["level"] != float64(7) || got["sub"] != "1001" ||
		got["name"] != "Alice Adams" {
		t.Errorf("claims are %v", got)
	}
	for _, protocol := range []string{"nonce", "aud", "exp", "at_hash"} {
		if _, there := got[protocol]; there {
			t.Errorf("the claims hold %s, which says nothing about the user", protocol)
		}
	}
}

// R51
func TestIDToken_R51_StrictBase64(t *testing.T) {
	app := rig.New(t)
	for name, change := range map[string]func(string) string{
		"padding":         func(s string) string { return strings.Replace(s, ".", "=.", 1) },
		"line end":        func(s string) string { return s[:10] + "\n" + s[10:] },
		"CR in signature": func(s string) string { return s[:len(s)-5] + "\r" + s[len(s)-5:] },
		"space":           func(s string) string { return " " + s },
		"std alphabet":    func(s string) string { return s[:len(s)-2] + "+/" },
		"fourth part":     func(s string) string { return s + ".AAAA" },
		"two parts":       func(s string) string { return s[:strings.LastIndex(s, ".")] },
		"empty header":    func(s string) string { return s[strings.Index(s, "."):] },
		"JSON form": func(s string) string {
			p := strings.Split(s, ".")
			return `{"protected":"` + p[0] + `","payload":"` + p[1] + `","signature":"` +
				p[2] + `"}`
		},
		"non-canonical bit": func(s string) string { return nonCanonical(s) },
	} {
		app.OP.Misbehave(func(f *authtest.Faults) { f.IDTokenRaw = change })
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// nonCanonical sets a bit of the signature's last character that decoders ignore unless they are
// strict.
func nonCanonical(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

// R52
func TestIDToken_R52_OtherKindsOfToken(t *testing.T) {
	app := rig.New(t)
	for typ, want := range map[string]string{
		"at+jwt": "invalid_id_token", "application/at+jwt": "invalid_id_token",
		"AT+JWT": "invalid_id_token", "logout+jwt": "invalid_id_token",
		"dpop+jwt":     "invalid_id_token",
		"secevent+jwt": "invalid_id_token", "JOSE": "invalid_id_token", "JWT": "ok", "jwt": "ok",
		"application/jwt": "ok",
	} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDTokenHeader = func(h map[string]any) { h["typ"] = typ }
		})
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("typ %s: %s, want %s", typ, got, want)
		}
	}
	app.OP.Behave()
	app.OP.Misbehave(func(f *authtest.Faults) { // a JWE
		f.IDTokenRaw = func(string) string {
			return rig.Base64([]byte(`{"alg":"dir","enc":"A128GCM"}`)) + "..AAAA.AAAA.AAAA"
		}
	})
	if got := rig.TryLogin(t, app); got != "invalid_id_token" {
		t.Errorf("an encrypted token: %s", got)
	}
	app.OP.Behave()
	app.OP.Misbehave(func(f *authtest.Faults) { // a logout token with everything an ID token needs
		f.IDToken = func(c map[string]any) {
			c["events"] = map[string]any{
				"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}
		}
	})
	if got := rig.TryLogin(t, app); got != "invalid_id_token" {
		t.Errorf("a logout token: %s", got)
	}
}

// R54
func TestIDToken_R54_HugeTokens(t *testing.T) {
	rig.Slow(t)
	app := rig.New(t)
	for name, token := range map[string]string{
		"dots":         strings.Repeat(".", 500_000),
		"many parts":   strings.Repeat("AAAA.", 100_000),
		"huge payload": "eyJhbGciOiJFUzI1NiJ9." + strings.Repeat("A", 900_000) + ".AAAA",
		"huge answer":  strings.Repeat("A", 10<<20),
	} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDTokenRaw = func(string) string { return token }
		})
		want := "invalid_id_token"
		if name == "huge answer" {
			want = "token_error"
		}
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// R55
func TestIDToken_R55_MaxAgeAndACR(t *testing.T) {
	age := 10 * time.Minute
	none := time.Duration(0)
	for name, row := range map[string]struct {
		maxAge *time.Duration
		acr    []string
		change func(c map[string]any, now time.Time)
		want   string
	}{
		"fresh": {&age, nil, func(map[string]any, time.Time) {}, "ok"},
		"missing auth_time": {&age, nil, func(c map[string]any, _ time.Time) {
			delete(c, "auth_time")
		}, "insufficient_authentication"},
		"old auth_time": {&age, nil, func(c map[string]any, now time.Time) {
			c["auth_time"] = now.Add(-12 * time.Minute).Unix()
		}, "insufficient_authentication"},
		"future auth_time": {&age, nil, func(c map[string]any, now time.Time) {
			c["auth_time"] = now.Add(5 * time.Minute).Unix()
		}, "insufficient_authentication"},
		"max_age 0, fresh": {&none, nil, func(map[string]any, time.Time) {}, "ok"},
		"max_age 0, old": {&none, nil, func(c map[string]any, now time.Time) {
			c["auth_time"] = now.Add(-2 * time.Minute).Unix()
		}, "insufficient_authentication"},
		"acr reached": {nil, []string{"gold", "silver"}, func(c map[string]any, _ time.Time) {
			c["acr"] = "silver"
		}, "ok"},
		"acr missing": {nil, []string{"gold"}, func(c map[string]any, _ time.Time) {
			delete(c, "acr")
		}, "insufficient_authentication"},
		"acr other": {nil, []string{"gold"}, func(c map[string]any, _ time.Time) {
			c["acr"] = "Gold"
		}, "insufficient_authentication"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.MaxAge, s.OIDC.ACRValues = row.maxAge, row.acr
			})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken = func(c map[string]any) { row.change(c, app.Clock.Now()) }
			})
			if got := rig.TryLogin(t, app); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}

// R55: the guard asks again, and checks what it gets.
func TestIDToken_R55_StepUp(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/transfer", app.Auth.RequireRecent(5*time.Minute)(http.HandlerFunc(rig.WhoAmI)))
	app.Mux.Handle("/vault", app.Auth.RequireACR("gold")(http.HandlerFunc(rig.WhoAmI)))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if got := app.Visit(t, b, "/transfer"); got != app.Is("alice") {
		t.Fatalf("just signed in: %s", got)
	}
	app.Clock.Advance(time.Hour)
	// A script learns what is missing.
	resp := app.Get(t, b, "/transfer", "Sec-Fetch-Mode", "cors", "Accept", "application/json")
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 ||
		!strings.Contains(got, "insufficient_user_authentication") ||
		!strings.Contains(got, `max_age="300"`) {
		t.Errorf("status %d, WWW-Authenticate %q", resp.StatusCode, got)
	}
	// A page signs in again and comes back.
	before := app.SessionCookies(b)[0].Value
	resp = app.SignIn(t, b, "alice", "/transfer?amount=7")
	if resp.Request.URL.RequestURI() != "/transfer?amount=7" ||
		authtest.Body(t, resp) != app.Is("alice") {
		t.Errorf("ended at %s: %s", resp.Request.URL, authtest.Body(t, resp))
	}
	if app.SessionCookies(b)[0].Value == before {
		t.Error("the step-up kept the session") // R88
	}
	requests := app.OP.Requests("authorize")
	if got := requests[len(requests)-1].Query.Get("max_age"); got != "300" {
		t.Errorf("max_age %q was sent, want 300", got)
	}
	// A provider that ignores the wish does not open the page.
	app.Clock.Advance(time.Hour)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) {
			c["auth_time"] = app.Clock.Now().Add(-time.Hour).Unix()
		}
	})
	if resp := app.SignIn(t, b, "alice", "/transfer"); resp.StatusCode != http.StatusForbidden ||
		strings.Contains(authtest.Body(t, resp), app.Is("alice")) {
		t.Errorf("an old auth_time: status %d at %s", resp.StatusCode, resp.Request.URL)
	}
	app.OP.Behave()
	if got := authtest.Body(t, app.SignIn(t, b, "alice", "/vault")); got != app.Is("alice") {
		t.Errorf("acr: %s", got)
	}
}

// R56
func TestIDToken_R56_AnswerWithoutIDToken(t *testing.T) {
	app := rig.New(t)
	for _, change := range []func(map[string]any){
		func(a map[string]any) { delete(a, "id_token") },
		func(a map[string]any) { a["id_token"] = "" },
		func(a map[string]any) { a["id_token"] = nil },
		func(a map[string]any) { a["id_token"] = 7 },
	} {
		app.OP.Misbehave(func(f *authtest.Faults) { f.TokenResponse = change })
		if got := rig.TryLogin(t, app); got != "token_error" {
			t.Errorf("%s, want token_error", got)
		}
	}
}

// F53: each test of F53 in this file fails when one check of the library is removed or one limit is
// moved, which no other test noticed.

// F39: the log says how far the clocks are apart.
func TestIDToken_F39_ClockAhead(t *testing.T) {
	for _, claim := range []string{"iat", "nbf"} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) {
				c[claim] = app.Clock.Now().Add(3 * time.Minute).Unix()
			}
		})
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%s: %s", claim, got)
		}
		if want := claim + " is 3m0s in the future; compare " +
			"the clocks"; !strings.Contains(app.Log(), want) {
			t.Errorf("the log does not say %q:\n%s", want, app.Log())
		}
	}
}
