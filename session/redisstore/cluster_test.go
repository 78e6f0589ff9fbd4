//go:build unix

package redisstore_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// A member is a test user. All keys of a user are on one node.
type member struct {
	name    string
	node    int
	cookies []*http.Cookie
}

// clustered returns a site that uses a cluster, and three members on each master.
func clustered(t *testing.T, store func() *redisstore.Store, c *cluster) (*site, []member) {
	t.Helper()
	var users []session.User
	for i := range 40 {
		users = append(users, session.User{Subject: fmt.Sprint(i), Username: fmt.Sprint("user", i),
			Name: fmt.Sprint("User ", i)})
	}
	op := authtest.NewTLSProvider(t, users...)
	// its mark may be on any node
	op.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(claims map[string]any) { delete(claims, "sid") }
	})
	st := newSite(t, keeps["sessions in Redis"], store, func(s *rig.Setup) {
		s.OIDC = op.OIDC()
		s.Config.Providers = provider.Set{"op": s.OIDC}
	})
	op.SetNow(st.Clock.Now)
	st.OP = op
	var members []member
	on := map[int]int{}
	for _, u := range users {
		before := c.sessions(t)
		_, cookies := st.signIn(t, u.Username)
		for node, n := range c.sessions(t) {
			if n > before[node] && on[node] < 3 {
				on[node]++
				members = append(members, member{u.Username, node, cookies})
			}
		}
		if len(members) == 9 {
			return st, members
		}
	}
	t.Fatalf("40 users are on nodes %v", on)
	return nil, nil
}

// signal suspends (SIGSTOP) or resumes (SIGCONT) a server.
func (s *server) signal(t *testing.T, what os.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(what); err != nil {
		t.Fatal(err)
	}
}

// replicated waits until a replica is up to date. Otherwise a failover may lose the last writes.
func (s *server) replicated(t *testing.T) {
	t.Helper()
	until(t, "a replica is up to date", func() bool {
		return s.client(t).Wait(t.Context(), 1, time.Second).Val() >= 1
	})
}

// sessions counts the records on each master.
func (c *cluster) sessions(t *testing.T) (n [3]int) {
	t.Helper()
	for i, node := range c.nodes[:3] {
		for _, key := range node.client(t).Keys(t.Context(), "*").Val() {
			if strings.Contains(key, "}:session:") {
				n[i]++
			}
		}
	}
	return n
}

// R100: while a node of a cluster is down, users with keys on it get 503, and other users are not
// affected. When it is back, all users have their pages again.
func TestCluster_R100_OneNodeDown(t *testing.T) {
	c := startCluster(t, 0)
	st, members := clustered(t, func() *redisstore.Store {
		s := open(t, c.url())
		s.Timeout = 1500 * time.Millisecond
		return s
	}, c)
	for away := range 3 {
		c.nodes[away].signal(t, syscall.SIGSTOP)
		for range 2 {
			var wg sync.WaitGroup
			for _, m := range members {
				wg.Go(func() {
					begin := time.Now()
					want := m.name
					if m.node == away {
						want = "away"
					}
					st.want(t, st.one, m.cookies, want)
					// a second, unless the machine is busy
					if took := time.Since(begin); took > 5*time.Second {
						t.Errorf("a page of a user of node %d took %v while node %d was down",
							m.node, took, away)
					}
				})
			}
			wg.Wait()
		}
		c.nodes[away].signal(t, syscall.SIGCONT)
		for _, m := range members {
			until(t, m.name+" is back", func() bool {
				return st.page(st.open(st.two, "/me", m.cookies)) == m.name
			})
		}
		c.wait(t)
	}
	for _, m := range members {
		st.want(t, st.one, m.cookies, m.name)
	}
	st.signIn(t, "user0")
}

// After a node is killed, its replica takes over: its users have their pages again without a
// restart, and can sign out. On its own, the client reloads the topology only once a minute.
func TestCluster_Failover(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 1)
	st, members := clustered(t, func() *redisstore.Store {
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{c.nodes[0].addr()}})
		t.Cleanup(func() { client.Close() })
		return redisstore.New(client)
	}, c)
	crowds := map[string][]*http.Cookie{}
	for _, m := range members {
		crowds[m.name] = m.cookies
	}
	crowd := st.newCrowd(t, 1, crowds)
	crowd.goOn(t, 200)
	c.nodes[1].replicated(t)
	c.nodes[1].kill()
	for _, m := range members {
		if m.node == 1 {
			until(t, m.name+" gets 503", func() bool {
				return st.page(st.open(st.one, "/me", m.cookies)) == "away"
			})
			break
		}
	}
	for _, m := range members {
		for _, p := range []process{st.one, st.two} {
			until(t, m.name+" is back", func() bool {
				return st.page(st.open(p, "/me", m.cookies)) == m.name
			})
		}
	}
	crowd.goOn(t, 200)
	crowd.stop()
	for _, m := range members {
		if w := st.signOut(st.one, m.cookies); w.Code != http.StatusSeeOther {
			t.Errorf("signing out: status %d", w.Code)
		}
		st.want(t, st.two, m.cookies, "sign in")
	}
}

// A failover with Sentinel.
func TestSentinel_Failover(t *testing.T) {
	t.Parallel()
	master, _, sentinel := startSentinel(t)
	st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store {
		return open(t, "redis+sentinel://"+sentinel.addr()+"?master_name=main")
	})
	_, alice := st.signIn(t, "alice")
	_, bob := st.signIn(t, "bob")
	st.signOut(st.one, bob)
	crowd := st.newCrowd(t, 5, map[string][]*http.Cookie{"alice": alice})
	crowd.goOn(t, 200)
	master.replicated(t)
	master.kill()
	crowd.suffer(t, 10)
	for _, p := range []process{st.one, st.two} {
		until(t, "alice has her page", func() bool {
			return st.page(st.open(p, "/me", alice)) == "alice"
		})
	}
	crowd.goOn(t, 200)
	crowd.stop()
	st.want(t, st.two, bob, "sign in")
	if w := st.signOut(st.one, alice); w.Code != http.StatusSeeOther {
		t.Errorf("signing out: status %d", w.Code)
	}
	st.want(t, st.two, alice, "sign in")
}
