package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// A hostile logout token, or one that only looks so, by its payload and header.
type logoutRow struct {
	name string
	sign func(app *rig.App, claims, header map[string]any) string // nil: as the provider does
	make func(claims, header map[string]any)
	ok   bool
}

// claimRow changes one claim. Absent takes it away.
func claimRow(claim string, value any, ok bool) logoutRow {
	return logoutRow{name: claim + " = " + strings.TrimSpace(string(rig.JSON(value))), ok: ok,
		make: func(c, _ map[string]any) {
			if value == absent {
				delete(c, claim)
				return
			}
			c[claim] = value
			if s, isText := value.(string); isText && claim == "iss" {
				c[claim] = strings.ReplaceAll(s, "ISS", c["iss"].(string))
			}
		}}
}

// missing is JSON for a claim that is not there.
type missing struct{}

var absent = missing{}

// MarshalJSON implements json.Marshaler.
func (missing) MarshalJSON() ([]byte, error) { return []byte(`"absent"`), nil }

func events(name string, value any) map[string]any { return map[string]any{name: value} }

// claimRows are R117's variations of the claims.
func claimRows(now time.Time) []logoutRow {
	const client = authtest.ClientID
	second := now.Unix()
	var rows []logoutRow
	add := func(claim string, ok bool, values ...any) {
		for _, value := range values {
			rows = append(rows, claimRow(claim, value, ok))
		}
	}
	add("iss", false, absent, nil, "", 1, true, []string{"x"}, "ISS/", "ISS ", "ISS?", "ISSx",
		"https://evil.example")
	rows = append(rows,
		logoutRow{name: "iss as a list", make: func(c, _ map[string]any) {
			c["iss"] = []any{c["iss"]}
		}},
		logoutRow{name: "iss in upper case", make: func(c, _ map[string]any) {
			c["iss"] = strings.ToUpper(c["iss"].(string))
		}},
		logoutRow{name: "iss less a character", make: func(c, _ map[string]any) {
			iss := c["iss"].(string)
			c["iss"] = iss[:len(iss)-1]
		}},
		logoutRow{name: "iss with http", make: func(c, _ map[string]any) {
			c["iss"] = strings.Replace(c["iss"].(string), "https:", "http:", 1)
		}})
	add("aud", false, absent, nil, "", 1, true, []string{}, "other", client+" ", client+"/",
		client[1:], strings.ToUpper(client), client+",other",
		[]string{"other"}, []string{client, "other"}, []any{client, 1}, []any{client, nil},
		map[string]bool{client: true})
	add("aud", true, client, []string{client}, []string{client, client})
	add("azp", false, "other", "", nil, 1, []string{client})
	add("azp", true, client)
	add("iat", false, absent, nil, "1", raw(`"`+fmtInt(second)+`"`), true, []int64{second},
		map[string]int{}, 0, -1, second+61, second-3601, raw("1e300"), raw("1e400"), raw("-1e300"))
	add("iat", true, second, second+59, second-3600, second-600, raw(fmtInt(second)+".5"),
		raw(fmtInt(second)+".0"))
	add("exp", false, nil, "1", raw(`"`+fmtInt(second+60)+`"`), true, []int64{second + 60},
		map[string]int{}, 0, -1, second-60, second-61, raw("1e300"), raw("1e400"))
	add("exp", true, absent, second-59, second+1, raw(fmtInt(second+1)+".5"), second+10*365*86400)
	add("nbf", false, second+61, "0", nil, true)
	add("nbf", true, second+59, second, 0)
	add("jti", false, absent, nil, "", 1, true, []string{"x"}, map[string]int{},
		strings.Repeat("j", 1025))
	add("jti", true, " ", strings.Repeat("j", 1024), "a\"b\\c\u0001\r\n")
	add("nonce", false, "", "x", nil, 0, 1, true, false, []string{}, []string{"x"},
		map[string]int{})
	add("events", false, absent, nil, "", logoutEvent, 1, true, []string{}, []string{logoutEvent},
		[]any{events(logoutEvent, map[string]int{})}, map[string]int{},
		events(logoutEvent, nil), events(logoutEvent, ""), events(logoutEvent, "x"),
		events(logoutEvent, "{}"), events(logoutEvent, 1), events(logoutEvent, true),
		events(logoutEvent, []string{}),
		events(logoutEvent+"/", map[string]int{}), events(logoutEvent+" ", map[string]int{}),
		events(logoutEvent[:len(logoutEvent)-1], map[string]int{}),
		events(strings.ToUpper(logoutEvent), map[string]int{}),
		events("https"+logoutEvent[4:], map[string]int{}),
		events("backchannel-logout", map[string]int{}), events("", map[string]int{}),
		events("x", events(logoutEvent, map[string]int{})))
	add("events", true, events(logoutEvent, map[string]any{"more": 1}),
		map[string]any{logoutEvent: map[string]int{}, "other": 1})
	add("sub", false, absent, nil, "", 1001, true, []string{"1001"}, map[string]int{},
		strings.Repeat("s", 256))
	add("sub", true, "1001")
	add("sid", false, nil, "", 1, true, []string{"x"}, map[string]int{})
	add("more", true, 1, nil, map[string]any{"a": []any{1, "b"}})
	// a sid does not make up for a sub that is wrong
	for _, value := range []any{nil, "", 1, []string{"1001"}} {
		rows = append(rows, logoutRow{name: "with a sid, sub = " + string(rig.JSON(value)),
			make: func(c, _ map[string]any) {
				c["sub"], c["sid"] = value, "x"
			}})
	}
	for _, value := range []any{nil, "", 1, []string{"x"}} { // and the other way round
		rows = append(rows, logoutRow{name: "without sub, sid = " + string(rig.JSON(value)),
			make: func(c, _ map[string]any) {
				delete(c, "sub")
				c["sid"] = value
			}})
	}
	for _, age := range []time.Duration{3599 * time.Second, 3601 * time.Second} {
		rows = append(rows, logoutRow{name: "without exp, of " + age.String() + " ago",
			ok: age < time.Hour, make: func(c, _ map[string]any) {
				delete(c, "exp")
				c["iat"] = now.Add(-age).Unix()
			}})
	}
	return rows
}

// headerRows are R117's and R52's variations of the header.
func headerRows() []logoutRow {
	var rows []logoutRow
	add := func(member string, ok bool, values ...any) {
		for _, value := range values {
			row := claimRow(member, value, ok)
			change := row.make
			row.name, row.make = "header: "+row.name, func(_, h map[string]any) { change(h, nil) }
			rows = append(rows, row)
		}
	}
	add("typ", true, absent, "", "JWT", "jwt", "logout+jwt", "LOGOUT+JWT", "application/logout+jwt",
		"application/jwt")
	add("typ", false, nil, 1, true, []string{"logout+jwt"}, "at+jwt", "id_token+jwt",
		"secevent+jwt", "dpop+jwt", "JOSE", "logout", "logout+jwt ", "logout jwt",
		"application/application/logout+jwt", "text/logout+jwt")
	add("kid", true, absent)
	add("kid", false, "other", 1, nil, []string{"x"})
	add("alg", false, "none", "None", "", "HS256", "RS256", "ES384", nil, 1)
	add("crit", false, []string{}, []string{"x"}, []string{"b64"})
	add("b64", false, true, false)
	add("zip", false, "DEF")
	add("enc", false, "A128GCM")
	add("cty", true, "JWT")
	return rows
}

// forgedRows are signed by others, or not at all.
func forgedRows(t *testing.T, app *rig.App) []logoutRow {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	evil := authtest.NewTLSProvider(t)
	public := publicKey(t, app)
	der, _ := x509.MarshalPKIXPublicKey(public.Key)
	parts := func(app *rig.App, c map[string]any) []string {
		return strings.Split(app.OP.SignLogout(c), ".")
	}
	forged := map[string]func(app *rig.App, c, h map[string]any) string{
		"another key": func(_ *rig.App, c, h map[string]any) string {
			return signES256(own, h, rig.JSON(c))
		},
		"another provider's key": func(_ *rig.App, c, _ map[string]any) string {
			return evil.SignLogout(c)
		},
		"a key in the header": func(_ *rig.App, c, h map[string]any) string {
			h["jwk"] = map[string]any{"kty": "EC", "crv": "P-256", "x": rig.Base64(own.X.Bytes()),
				"y": rig.Base64(own.Y.Bytes())}
			return signES256(own, h, rig.JSON(c))
		},
		"a key's address": func(_ *rig.App, c, h map[string]any) string {
			h["jku"], h["x5u"] = evil.Issuer()+"/jwks", evil.Issuer()
			return signES256(own, h, rig.JSON(c))
		},
		"HS256 with the public key": func(_ *rig.App, c, _ map[string]any) string {
			return hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
				public.KeyID, c)
		},
		"HS256 with the client secret": func(_ *rig.App, c, _ map[string]any) string {
			return hs256([]byte(authtest.ClientSecret), "", c)
		},
		"unsigned": func(_ *rig.App, c, _ map[string]any) string {
			return rig.Base64([]byte(`{"alg":"none","typ":"logout+jwt"}`)) + "." +
				rig.Base64(rig.JSON(c)) + "."
		},
		"no signature": func(app *rig.App, c, _ map[string]any) string {
			p := parts(app, c)
			return p[0] + "." + p[1] + "."
		},
		"two parts": func(app *rig.App, c, _ map[string]any) string {
			p := parts(app, c)
			return p[0] + "." + p[1]
		},
		"four parts": func(app *rig.App, c, _ map[string]any) string {
			return app.OP.SignLogout(c) + ".AAAA"
		},
		"cut": func(app *rig.App, c, _ map[string]any) string {
			s := app.OP.SignLogout(c)
			return s[:len(s)-4]
		},
		"padded": func(app *rig.App, c, _ map[string]any) string {
			return app.OP.SignLogout(c) + "="
		},
		"not canonical": func(app *rig.App, c, _ map[string]any) string {
			return nonCanonical(app.OP.SignLogout(c))
		},
		"another payload": func(app *rig.App, c, _ map[string]any) string {
			p := parts(app, c)
			c["jti"] = "another"
			return p[0] + "." + rig.Base64(rig.JSON(c)) + "." + p[2]
		},
		"JSON form": func(app *rig.App, c, _ map[string]any) string {
			p := parts(app, c)
			return `{"protected":"` + p[0] + `","payload":"` + p[1] + `","signature":"` +
				p[2] + `"}`
		},
		"encrypted": func(*rig.App, map[string]any, map[string]any) string {
			return rig.Base64([]byte(`{"alg":"dir","enc":"A128GCM"}`)) + "..AAAA.AAAA.AAAA"
		},
	}
	for name, change := range map[string]func(payload string) string{
		"sub twice":         func(p string) string { return p[:len(p)-1] + `,"sub":"1002"}` },
		"sub twice, escape": func(p string) string { return p[:len(p)-1] + `,"\u0073ub":"1002"}` },
		"look-alike ſub":    func(p string) string { return p[:len(p)-1] + `,"ſub":"1002"}` },
		"look-alike SID":    func(p string) string { return p[:len(p)-1] + `,"SID":"x"}` },
		"look-alike Nonce":  func(p string) string { return p[:len(p)-1] + `,"Nonce":"x"}` },
		"event twice": func(p string) string {
			return strings.Replace(p, `"events":{`, `"events":{"`+logoutEvent+`":{},`, 1)
		},
		"trailing data": func(p string) string { return p + `{}` },
		"invalid UTF-8": func(p string) string { return p[:len(p)-1] + ",\"x\":\"\xff\"}" },
		"a list":        func(p string) string { return "[" + p + "]" },
		"null":          func(string) string { return "null" },
		"empty":         func(string) string { return "" },
		"too deep": func(p string) string {
			return p[:len(p)-1] + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]",
				100) + "}"
		},
	} {
		forged["payload: "+name] = func(app *rig.App, c, _ map[string]any) string {
			return app.OP.Sign([]byte(change(string(rig.JSON(c)))))
		}
	}
	var rows []logoutRow
	for name, sign := range forged {
		rows = append(rows, logoutRow{name: name, sign: sign})
	}
	return rows
}

// signLogout makes the token of a row. Raw values are written as they are, also where that is no
// JSON.
func signLogout(app *rig.App, row logoutRow) string {
	claims := app.OP.LogoutClaims("alice")
	header := map[string]any{"typ": "logout+jwt", "alg": "ES256"}
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.LogoutTokenHeader = func(h map[string]any) { header["kid"] = h["kid"] }
	})
	app.OP.SignLogout(claims)
	app.OP.Behave()
	if row.make != nil {
		row.make(claims, header)
	}
	if row.sign != nil {
		return row.sign(app, claims, header)
	}
	if header["alg"] != "ES256" { // the signature cannot be right for it
		return rig.Base64(rig.JSON(header)) + "." + rig.Base64(rig.JSON(claims)) + "." +
			strings.Repeat("A", 86)
	}
	delete(header, "alg")
	return signWith(app, header, writeRaw(claims))
}

// signWith signs with the provider's key, and with these members of the header only.
func signWith(app *rig.App, header map[string]any, payload []byte) string {
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDTokenHeader = func(h map[string]any) {
			clear(h)
			maps.Copy(h, header)
		}
	})
	defer app.OP.Behave()
	return app.OP.Sign(payload)
}

// writeRaw writes JSON in which raw values stand as they are.
func writeRaw(claims map[string]any) []byte {
	plain, texts := maps.Clone(claims), ""
	for name, value := range claims {
		if text, ok := value.(raw); ok {
			delete(plain, name)
			texts += `,"` + name + `":` + string(text)
		}
	}
	payload := rig.JSON(plain)
	return append(payload[:len(payload)-1], []byte(texts+"}")...)
}

// R117, R52: a table of hostile logout tokens, each hostile in one way only.
func TestLogoutToken_R117_HostileTokens(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	rows := append(append(claimRows(app.Clock.Now()), headerRows()...), forgedRows(t, app)...)
	b := rig.SignedIn(t, app, "alice", "/me")
	for _, row := range rows {
		token := signLogout(app, row)
		before := len(app.Outcomes())
		resp := rig.DeliverLogout(t, app, "op", token)
		outcome := app.Outcomes()[before:]
		if row.ok {
			rig.WantLogoutAccepted(t, app, resp)
			if len(outcome) != 1 || outcome[0] != "logout ok" {
				t.Errorf("%s: %v, want it accepted\n%s", row.name, outcome, rig.LastLine(app.Log()))
			}
			b = rig.SignedIn(t, app, "alice", "/me") // it may have ended
			continue
		}
		rig.WantLogoutRefused(t, row.name, resp)
		if len(outcome) != 1 || outcome[0] != "logout invalid_logout_token" {
			t.Errorf("%s: %v, want it refused", row.name, outcome)
		}
		if !rig.Alive(t, app, b) {
			t.Errorf("%s: the session has ended", row.name)
			b = rig.SignedIn(t, app, "alice", "/me")
		}
		if len(token) > 20 && strings.Contains(app.Log(), token[len(token)-20:]) {
			t.Errorf("%s: the log holds the token", row.name)
		}
	}
	for _, r := range app.Log() { // R137
		if r < ' ' && r != '\n' {
			t.Errorf("the log holds control characters")
			break
		}
	}
}

// R52: an ID token is no logout token, however it is dressed up, and the reverse.
func TestLogoutToken_R52_OtherKindsOfToken(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	var idToken string
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDTokenRaw = func(token string) string { idToken = token; return token }
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	app.OP.Behave()
	rig.WantLogoutRefused(t, "ID token", rig.DeliverLogout(t, app, "op", idToken))
	dressed := claimsOf(idToken)
	maps.Copy(dressed, map[string]any{"jti": "1",
		"events": map[string]any{logoutEvent: map[string]any{}}})
	rig.WantLogoutRefused(t, "ID token with the event", rig.DeliverLogout(t, app, "op",
		app.OP.SignLogout(dressed)))
	rig.WantLogoutRefused(t, "access token", rig.DeliverLogout(t, app, "op",
		rig.AccessToken(app, func(c, _ map[string]any) {
			c["aud"] = authtest.ClientID
		})))
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended")
	}
	for name, typ := range map[string]string{"as it is": "logout+jwt", "without typ": "",
		"typ JWT": "JWT"} {
		withToken(app, func(c map[string]any) string {
			token := app.OP.LogoutClaims("alice")
			// with everything that an ID token needs
			for _, claim := range []string{"nonce", "at_hash", "exp"} {
				token[claim] = c[claim]
			}
			return signTyped(app, token, typ)
		})
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("a logout token as ID token, %s: %s", name, got)
		}
	}
}

// signTyped signs without touching the faults, because it is called from one.
func signTyped(app *rig.App, claims map[string]any, typ string) string {
	if typ == "logout+jwt" {
		return app.OP.SignLogout(claims)
	}
	return app.OP.Sign(claims) // typ JWT
}

// R117: strict, as ASVS 10.5.5 wants it.
func TestLogoutToken_R117_Strict(t *testing.T) {
	app := rig.New(t, rig.Revocable, func(s *rig.Setup) { s.OIDC.StrictLogoutTokens = true })
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")))
	for name, row := range map[string]logoutRow{
		"no exp":  claimRow("exp", absent, false),
		"no typ":  {make: func(_, h map[string]any) { delete(h, "typ") }},
		"typ JWT": {make: func(_, h map[string]any) { h["typ"] = "JWT" }},
	} {
		rig.WantLogoutRefused(t, name, rig.DeliverLogout(t, app, "op", signLogout(app, row)))
	}
	typed := logoutRow{make: func(_, h map[string]any) { h["typ"] = "application/logout+jwt" }}
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", signLogout(app, typed)))
}

// The claims of a logout token are on no account believed before the signature.
func TestLogoutToken_ForgedClaimsStayOutOfTheEvents(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	token := strings.Split(app.OP.LogoutToken("alice"), ".")
	forged := claimsOf(strings.Join(token, "."))
	forged["sub"], forged["iss"], forged["aud"] = "forged-subject", "https://forged.example",
		"forged-audience"
	rig.DeliverLogout(t, app, "op",
		token[0]+"."+base64.RawURLEncoding.EncodeToString(rig.JSON(forged))+"."+token[2])
	if strings.Contains(app.Log(), "forged") {
		t.Errorf("the log has claims that are not signed: %s", app.Log())
	}
}
