package session

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

func remembering(limit int) (g *generations, collapsed *[]string) {
	collapsed = new([]string)
	return &generations{limit: limit, full: func(provider string) {
		*collapsed = append(*collapsed, provider)
	}}, collapsed
}

func numbered(provider string, i int, now time.Time) *Session {
	return &Session{ID: fmt.Sprint(provider, i), Provider: provider, Created: now,
		Expires: now.Add(time.Hour), Generation: 1}
}

// F16: marks are kept until their sessions expire, and dropped after that.
func TestGenerations_F16_UntilTheSessionExpires(t *testing.T) {
	g, _ := remembering(1000)
	now := time.Unix(1_800_000_000, 0)
	for i := range 500 {
		g.end(numbered("op", i, now), now)
	}
	now = now.Add(59 * time.Minute)
	for i := range 500 {
		if g.lowest(numbered("op", i, now)) != allEnded {
			t.Fatalf("the mark of session %d was dropped", i)
		}
	}
	now = now.Add(time.Minute)
	for i := range 500 {
		g.end(numbered("op2", i, now), now)
	}
	if n := len(g.marks); n > 600 {
		t.Errorf("%d marks, 500 of them of expired sessions", n)
	}
}

// F16: too many marks of one provider collapse into one mark, and no mark is lost.
func TestGenerations_F16_Collapse(t *testing.T) {
	g, collapsed := remembering(100)
	now := time.Unix(1_800_000_000, 0)
	other := numbered("quiet", 0, now)
	g.end(other, now)
	for i := range 250 {
		now = now.Add(time.Second)
		g.end(numbered("busy", i, now), now)
	}
	if len(*collapsed) != 2 || (*collapsed)[0] != "busy" || len(g.marks) > 100 {
		t.Errorf("collapsed %v, %d marks", *collapsed, len(g.marks))
	}
	for i := range 250 {
		if s := numbered("busy", i, time.Unix(1_800_000_000+int64(i)+1,
			0)); g.lowest(s) != allEnded {
			t.Fatalf("the mark of session %d was dropped", i)
		}
	}
	if g.lowest(other) != allEnded {
		t.Error("the mark of another provider was dropped")
	}
	if g.lowest(numbered("quiet", 1, now)) != 0 {
		t.Error("a session of another provider has ended")
	}
	now = now.Add(time.Second)
	if g.lowest(numbered("busy", 1000, now)) != 0 {
		t.Error("a later login has ended")
	}
}

// P11: the filter of revocations in memory misses none.
func TestQuick_P11_MissesNothing(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	q := newQuick(now)
	at := func(i int) *Session {
		return &Session{ID: fmt.Sprint(i), Provider: "op",
			User: User{Issuer: "i", Subject: fmt.Sprint("s", i)}, SID: fmt.Sprint("sid", i)}
	}
	const n = 20_000
	for i := range n {
		q.add(endedBy(i%3), at(i), time.Hour, now)
	}
	for _, later := range []time.Duration{0, 59 * time.Minute, time.Hour} {
		q.add(bySessionID, at(-1), time.Hour, now.Add(later))
		for i := range n {
			if !q.mayApply(at(i)) {
				t.Fatalf("%v later: session %d is missed", later, i)
			}
		}
	}
	wrong := 0
	for i := n; i < 2*n; i++ {
		if q.mayApply(at(i)) {
			wrong++
		}
	}
	if wrong > n/100 {
		t.Errorf("%d of %d others are looked up", wrong, n)
	}
	q.add(bySessionID, at(-1), time.Hour, now.Add(3*time.Hour))
	q.add(bySessionID, at(-1), time.Hour, now.Add(6*time.Hour))
	if len(q.young.all)+len(q.old.all) > 2 {
		t.Errorf("%d names are never dropped", len(q.young.all)+len(q.old.all))
	}
}

// Marks with unknown names apply as well.
func TestQuick_NamelessMarks(t *testing.T) {
	b := newBench(t, func(c *Config, _ *engine.Site) {
		c.Revocations = NewMemoryRevocations(c.Now)
	})
	b.signIn(b.newSession("alice", ""))
	s := b.load()
	r := Revocation{Keys: []RevocationKey{sessionKey(s.ID)}, Keep: time.Hour}
	if _, err := b.config.Revocations.Revoke(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if b.alive(b.cookies) {
		t.Error("the session is still active")
	}
}
