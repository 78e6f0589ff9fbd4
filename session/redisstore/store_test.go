package redisstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// Every call of a store with invalid settings returns the error.
func TestStore_WrongSettings(t *testing.T) {
	cluster := func(o redis.ClusterOptions) redis.UniversalClient {
		o.Addrs = []string{"127.0.0.1:1"}
		return redis.NewClusterClient(&o)
	}
	for name, row := range map[string]struct {
		store *redisstore.Store
		want  string
	}{
		"no client": {&redisstore.Store{}, "Client is missing"},
		"ring": {
			redisstore.New(redis.NewRing(&redis.RingOptions{
				Addrs: map[string]string{"a": "127.0.0.1:1"}})), "Ring"},
		"replicas": {redisstore.New(cluster(redis.ClusterOptions{ReadOnly: true})),
			"replicas"},
		"nearest node": {redisstore.New(cluster(redis.ClusterOptions{RouteByLatency: true})),
			"replicas"},
		"any node": {redisstore.New(cluster(redis.ClusterOptions{RouteRandomly: true})),
			"replicas"},
		"Sentinel, any node": {
			redisstore.New(redis.NewFailoverClusterClient(&redis.FailoverOptions{MasterName: "m",
				SentinelAddrs: []string{"127.0.0.1:1"}, RouteRandomly: true})), "replicas"},
		"braces": {&redisstore.Store{Client: redis.NewClient(&redis.Options{}),
			Prefix: "{}app:"}, "Prefix"},
		"negative timeout": {&redisstore.Store{Client: redis.NewClient(&redis.Options{}),
			Timeout: -time.Second}, "Timeout"},
		"several errors": {&redisstore.Store{Prefix: "}", Timeout: -1}, "Client"},
	} {
		for call, do := range everyCall(row.store) {
			if err := do(t.Context()); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: %s = %v; want an error with %q", name, call, err, row.want)
			}
		}
		if row.store.Client != nil {
			row.store.Client.Close()
		}
	}
}

// The password is in no output or error of a store.
func TestStore_R134_NeverPrintsThePassword(t *testing.T) {
	const password = "hunter2-hunter2"
	one := open(t, "redis://user:"+password+"@127.0.0.1:1/0")
	many := open(t, "redis+cluster://user:"+password+"@127.0.0.1:1")
	for _, s := range []*redisstore.Store{one, many} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "store", s)
		text, _ := json.Marshal(s)
		config, _ := json.Marshal(session.Config{Store: session.NewServerStore(s)})
		shown := fmt.Sprintf("%v %+v %#v %s %q %s %s %s", s, s, s, s, s, log.String(), text, config)
		for _, call := range everyCall(s) {
			shown += fmt.Sprint(call(t.Context()))
		}
		if strings.Contains(shown, password) {
			t.Errorf("the password is in %s", shown)
		}
	}
}

func TestOpen(t *testing.T) {
	for _, url := range []string{
		"redis://localhost", "redis://user:password@localhost:6379/1?pool_size=5", "rediss://host",
		"unix:///run/redis.sock?db=1",
		"redis+cluster://user:password@host1:6379?addr=host2:6379&addr=host3:6379",
		"rediss+cluster://host1",
		"redis+sentinel://host1:26379/0?addr=host2:26379&master_name=main&username=user&password=password", "rediss+sentinel://h?master_name=m",
	} {
		s, err := redisstore.Open(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: Close: %v", url, err)
		}
	}
}

// R134: errors quote no part of the URL, because an unescaped password may be in any part.
func TestOpen_R134_ErrorsDoNotQuoteTheURL(t *testing.T) {
	for url, want := range map[string]string{
		"": "must begin with", "localhost:6379": "must begin with", "hunter2": "must begin with",
		"hunter2://localhost":                               "must begin with",
		"http://:hunter2@localhost":                         "must begin with",
		"redis+ring://:hunter2@localhost":                   "must begin with",
		"unix+cluster://:hunter2@localhost":                 "must begin with",
		"redis://:hun/ter2@localhost":                       "percent-encode",
		"redis://:hun%zzter2@localhost":                     "percent-encode",
		"redis://:hun#ter2@localhost":                       "percent-encode",
		"redis://user/hunter2@localhost":                    "unknown part",
		"redis://localhost/hunter2":                         "unknown part",
		"redis://localhost?hunter2":                         "unknown part",
		"redis://localhost?password=hunter2":                "unknown part",
		"redis://localhost?pool_size=hunter2":               "unknown part",
		"redis+cluster://localhost?addr=hunter2":            "unknown part",
		"redis+sentinel://localhost/hunter2?master_name=m":  "unknown part",
		"redis+sentinel://:hunter2@localhost":               "master_name",
		"rediss://:hunter2@localhost?skip_verify=true":      "skip_verify",
		"rediss+sentinel://:hunter2@h?skip_verify=1":        "skip_verify",
		"redis+cluster://localhost?read_only=true":          "replicas",
		"redis+cluster://localhost?route_by_latency=1":      "replicas",
		"redis+sentinel://h?master_name=m&replica_only=1":   "replicas",
		"redis+sentinel://h?master_name=m&route_randomly=1": "replicas",
	} {
		_, err := redisstore.Open(url)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want an error with %q", url, err, want)
		} else if strings.Contains(err.Error(), "hunter2") ||
			strings.Contains(err.Error(), "ter2") {
			t.Errorf("%q is quoted: %v", url, err)
		}
	}
}

// Close closes only clients created by Open.
func TestStore_Close(t *testing.T) {
	server := startServer(t)
	client := server.client(t)
	if err := redisstore.New(client).Close(); err != nil {
		t.Error(err)
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("the application's client after Close: %v", err)
	}
	own := open(t, server.url())
	if err := own.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := own.Close(); err != nil {
		t.Error(err)
	}
	if err := own.Ready(t.Context()); err == nil {
		t.Error("the store works after Close")
	}
}

// Applications with different prefixes do not see each other's keys.
func TestStore_Prefix(t *testing.T) {
	server := startServer(t)
	client := server.client(t)
	a, b := redisstore.New(client), &redisstore.Store{Client: client, Prefix: "other:"}
	if err := a.Put(t.Context(), someKey, someRecord, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Revoke(t.Context(), someRevocation); err != nil {
		t.Fatal(err)
	}
	if records, err := b.List(t.Context(), someKey.Owner); err != nil || len(records) != 0 {
		t.Errorf("the other application sees %v, %v", records, err)
	}
	if err := b.Put(t.Context(), someKey, someRecord, session.IfAbsent); err != nil {
		t.Errorf("the other application: %v", err)
	}
	if marks, err := b.Lookup(t.Context(), someMarks); err != nil || marks != ([4]session.Mark{}) {
		t.Errorf("the other application sees marks %v, %v", marks, err)
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "sallyport:") && !strings.HasPrefix(key, "other:") {
			t.Errorf("key %q has neither prefix", key)
		}
	}
}

// The permissions listed in the package documentation are sufficient.
func TestStore_MinimalPermissions(t *testing.T) {
	server := startServer(t)
	rights := strings.Fields("ACL SETUSER app on >password resetkeys ~sallyport:* nocommands " +
		"+get +set +getrange +del +exists +pttl +pexpire +zadd +zcard +zpopmin +zrange +zrem " +
		"+zremrangebyscore +rename +time +eval +evalsha")
	args := make([]any, len(rights))
	for i, word := range rights {
		args[i] = word
	}
	if err := server.client(t).Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	s := open(t, "redis://app:password@"+server.addr())
	s.PerProvider = 1
	for i := range byte(5) { // more than one
		r := session.Revocation{
			Keys: []session.RevocationKey{{i}}, Providers: []session.RevocationKey{{9}},
			Keep: time.Hour,
		}
		if _, err := s.Revoke(t.Context(), r); err != nil {
			t.Errorf("Revoke: %v", err)
		}
	}
	for name, do := range everyCall(s) {
		if err := do(t.Context()); err != nil && !errors.Is(err, session.ErrNoRecord) &&
			!strings.Contains(err.Error(), "it ran") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := s.Do(t.Context(), "key", time.Minute, text("x")); err != nil ||
		string(got) != "x" {
		t.Errorf("Do = %q, %v", got, err)
	}
	for _, id := range []string{"a", "b"} {
		if err := putVersion(t, s, session.Key{Owner: "o", ID: id}, 1,
			session.IfAbsent); err != nil {
			t.Error(err)
		}
	}
	server.client(t).Del(t.Context(), "sallyport:{o}:session:a")
	if records, err := s.List(t.Context(), "o"); err != nil || len(records) != 1 ||
		server.client(t).ZCard(t.Context(), "sallyport:{o}:sessions").Val() != 1 {
		t.Errorf("List = %v, %v", records, err)
	}
}
