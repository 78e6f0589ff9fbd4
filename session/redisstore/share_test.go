package redisstore_test

import (
	"fmt"
	"testing"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// F8: a provider that keeps ending made-up sessions cannot fill Redis. Beyond the limit, all its
// earlier sessions end in every process, and later logins are not affected.
func TestProcesses_F8_TooManyRevocations(t *testing.T) {
	for where, url := range map[string]string{
		"one server": startServer(t).url(), "cluster": startCluster(t, 0).url(),
	} {
		t.Run(where, func(t *testing.T) {
			eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
				st := newSite(t, keep, func() *redisstore.Store { return small(t, url) })
				_, alice := st.signIn(t, "alice")
				issuer := st.session(t, st.one, alice).User.Issuer
				logout := func(sid string) {
					t.Helper()
					l := engine.ProviderLogout{
						Provider: "op", Issuer: issuer, SID: sid, IssuedAt: st.Clock.Now(),
					}
					if err := st.one.engine.EndProviderSessions(t.Context(), l); err != nil {
						t.Fatal(err)
					}
				}
				for i := range share - 10 {
					logout(fmt.Sprint("made up ", where, i))
				}
				st.want(t, st.two, alice, "alice")
				for i := range 20 {
					logout(fmt.Sprint("more ", where, i))
				}
				st.want(t, st.two, alice, "sign in")
				_, bob := st.signIn(t, "bob")
				st.want(t, st.one, bob, "bob")
				st.want(t, st.two, bob, "bob")
			})
		})
	}
}
