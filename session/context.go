package session

import "context"

// A finding is what one context knows about sessions. Findings form a chain, the innermost first,
// because several managers may guard one request (nested or side by side).
type finding struct {
	owner   *Manager // nil: put in by NewContext, counts for every manager
	own     *Session // what the owner found; nil: nobody is signed in there
	current *Session // what FromContext answers
	outer   *finding
}

type findingKey struct{}

func findingOf(ctx context.Context) *finding {
	s, _ := ctx.Value(findingKey{}).(*finding)
	return s
}

func (s *finding) into(ctx context.Context) context.Context {
	return context.WithValue(ctx, findingKey{}, s)
}

// FromContext returns the session of the signed-in user. It is false when nobody is signed in,
// and the session is never nil when it is true.
func FromContext(ctx context.Context) (*Session, bool) {
	sc := findingOf(ctx)
	if sc == nil || sc.current == nil {
		return nil, false
	}
	return sc.current, true
}

// NewContext returns a context in which s is the current session, for every manager. It is for
// tests and for applications that have a way of their own to know the user, such as API keys.
// A nil s makes the context anonymous.
func NewContext(ctx context.Context, s *Session) context.Context {
	return (&finding{own: s, current: s, outer: findingOf(ctx)}).into(ctx)
}

// Attach records in the context what m found for this request; a nil s means that nobody is signed
// in. The session becomes the current one unless an outer manager (or [NewContext]) has
// already spoken: the identity of an inner manager wins only if asked, with [Manager.Use].
func (m *Manager) Attach(ctx context.Context, s *Session) context.Context {
	outer := findingOf(ctx)
	current := s
	if outer != nil {
		current = outer.current
	}
	return (&finding{owner: m, own: s, current: current, outer: outer}).into(ctx)
}

// Attached returns what m found for this request. It is (nil, true) when m looked and nobody
// is signed in, and mounted is false when m has not looked yet. A session put in by
// [NewContext] inside of m counts as found by m.
func (m *Manager) Attached(ctx context.Context) (s *Session, mounted bool) {
	for sc := findingOf(ctx); sc != nil; sc = sc.outer {
		if sc.owner == m || sc.owner == nil {
			return sc.own, true
		}
	}
	return nil, false
}

// Use makes m's own session the current one, whatever other managers found. A context that m has
// not looked at is returned as it is.
func (m *Manager) Use(ctx context.Context) context.Context {
	own, mounted := m.Attached(ctx)
	if !mounted {
		return ctx
	}
	sc := findingOf(ctx)
	if sc.current == own {
		return ctx
	}
	return (&finding{owner: m, own: own, current: own, outer: sc}).into(ctx)
}
