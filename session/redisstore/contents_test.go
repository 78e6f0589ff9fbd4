package redisstore_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// contents returns all keys and values of a server.
func contents(t *testing.T, client *redis.Client) map[string]string {
	t.Helper()
	all := map[string]string{}
	for keys := client.Scan(t.Context(), 0, "*", 1000).Iterator(); keys.Next(t.Context()); {
		key := keys.Val()
		switch kind := client.Type(t.Context(), key).Val(); kind {
		case "string":
			all[key] = client.Get(t.Context(), key).Val()
		case "zset":
			all[key] = strings.Join(client.ZRange(t.Context(), key, 0, -1).Val(), " ")
		default:
			t.Errorf("key %s is a %s", key, kind)
		}
		if ttl := client.PTTL(t.Context(), key).Val(); ttl <= 0 {
			t.Errorf("key %s has TTL %v", key, ttl)
		}
	}
	return all
}

// R99, R101: a reader of Redis learns nothing about users, and finds nothing that opens a session.
func TestContents_R99_R101_NothingReadable(t *testing.T) {
	eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
		server := startServer(t)
		st := newSite(t, keep, func() *redisstore.Store { return open(t, server.url()) })
		_, alice := st.signIn(t, "alice")
		_, ended := st.signIn(t, "alice")
		_, bob := st.signIn(t, "bob")
		secrets := []string{}
		for _, cookies := range [][]*http.Cookie{alice, ended, bob} {
			s := st.session(t, st.one, cookies)
			tokens, err := s.Tokens()
			if err != nil {
				t.Fatal(err)
			}
			secrets = append(secrets, s.ID, s.SID, s.User.Name, s.User.Email, s.User.Username,
				s.User.Issuer, s.Device,
				tokens.AccessToken, tokens.RefreshToken, tokens.IDToken, "1001", "1002")
			for _, c := range cookies {
				secrets = append(secrets, c.Value)
			}
		}
		// Every operation that writes: a refresh, all kinds of revocations, a session of the
		// application itself.
		st.Clock.Advance(2 * time.Hour)
		if w := st.open(st.one, "/call", alice); w.Code != http.StatusOK {
			t.Fatalf("the refresh: status %d", w.Code)
		}
		st.signOut(st.one, ended)
		s := st.session(t, st.one, bob)
		logout := engine.ProviderLogout{Provider: "op", Issuer: s.User.Issuer,
			Subject: s.User.Subject, SID: s.SID, IssuedAt: st.Clock.Now()}
		if err := st.one.engine.EndProviderSessions(t.Context(), logout); err != nil {
			t.Fatal(err)
		}
		if err := st.one.Sessions.EndAll(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		own := session.NewServerStore(open(t, server.url()))
		st.Again(t, func(c *session.Config) { c.Store, c.Revocations, c.Locker = own, nil, nil })
		gs, err := own.New(httptest.NewRequest("GET", st.URL, nil), "basket")
		if err != nil {
			t.Fatal(err)
		}
		gs.Values["item"] = "a secret present"
		if err := gs.Save(httptest.NewRequest("GET", st.URL, nil),
			httptest.NewRecorder()); err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, "secret present", gs.ID)

		const hash = `[A-Za-z0-9_-]{22}`
		names := regexp.MustCompile(`^sallyport:(?:\{` + hash + `\}:(?:(session):` + hash +
			`|(sessions)|(revoked)|(marks))|(epoch)|(lock):[A-Za-z0-9_-]{43})$`)
		kinds := map[string]int{}
		for key, value := range contents(t, server.client(t)) {
			match := names.FindStringSubmatch(key)
			if match == nil {
				t.Fatalf("key %q has an unknown form", key)
			}
			kinds[strings.Join(match[1:], "")]++
			everything := key + "\n" + value + "\n" + decoded(value)
			for _, secret := range secrets {
				if len(secret) > 3 && holds(everything, secret) {
					t.Errorf("%s reveals %q", key, secret)
				}
			}
			if leaked := st.Leaked(everything); leaked != "" {
				t.Errorf("%s reveals %q", key, leaked)
			}
		}
		for _, kind := range []string{"session", "sessions", "revoked", "epoch", "lock"} {
			if kinds[kind] == 0 {
				t.Errorf("the test found no %s in Redis, only %v", kind, kinds)
			}
		}
	})
}

// holds reports whether a text contains a secret. A number is not part of a longer one: the digits
// of an epoch may be those of a subject.
func holds(text, secret string) bool {
	if _, err := strconv.Atoi(secret); err == nil {
		return regexp.MustCompile(`(^|[^0-9])` + secret + `([^0-9]|$)`).MatchString(text)
	}
	return strings.Contains(text, secret)
}

// decoded returns the decoded base64 parts of a text.
func decoded(text string) string {
	var plain strings.Builder
	for _, part := range regexp.MustCompile(`[A-Za-z0-9_-]{16,}`).FindAllString(text, -1) {
		for skip := range 4 { // at any alignment
			if raw, err := base64.RawURLEncoding.DecodeString(
				part[skip : len(part)-(len(part)-skip)%4]); err == nil {
				plain.Write(raw)
			}
		}
	}
	return plain.String()
}

// R99: no key or value in Redis works as a session cookie.
func TestContents_R99_OpenNothing(t *testing.T) {
	server := startServer(t)
	st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store {
		return open(t, server.url())
	})
	_, alice := st.signIn(t, "alice")
	for key, value := range contents(t, server.client(t)) {
		forged := []string{key, value, value[min(36, len(value)):]}
		forged = append(forged, regexp.MustCompile(`[A-Za-z0-9_-]{22}`).FindAllString(key, -1)...)
		for _, text := range forged {
			if strings.ContainsAny(text, "{};, ") {
				continue // not valid in a cookie
			}
			st.want(t, st.one, []*http.Cookie{{Name: alice[0].Name, Value: text}}, "sign in")
		}
	}
	st.want(t, st.one, alice, "alice")
}

// A writer to Redis cannot make one user's cookie open another's session.
func TestContents_MovedRecords(t *testing.T) {
	server := startServer(t)
	st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store {
		return open(t, server.url())
	})
	_, alice := st.signIn(t, "alice")
	_, bob := st.signIn(t, "bob")
	client := server.client(t)
	var records []string
	for key := range contents(t, client) {
		if strings.Contains(key, ":session:") {
			records = append(records, key)
		}
	}
	if len(records) != 2 {
		t.Fatalf("records %v", records)
	}
	a, b := client.Get(t.Context(), records[0]).Val(), client.Get(t.Context(), records[1]).Val()
	client.Set(t.Context(), records[0], b, time.Hour)
	client.Set(t.Context(), records[1], a, time.Hour)
	for _, cookies := range [][]*http.Cookie{alice, bob} {
		st.want(t, st.one, cookies, "sign in")
	}
}
