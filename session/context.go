package session

import "context"

// A finding is the result of one manager for a context. Findings form a chain, the innermost first,
// because several managers may guard one request (nested or side by side). It is a context itself,
// which saves an allocation per request.
type finding struct {
	context.Context // of the request

	owner   *Manager // nil: set by NewContext, valid for every manager
	own     *Session // the owner's session; nil: not signed in there
	current *Session // what FromContext returns
	outer   *finding
}

type findingKey struct{}

func findingOf(ctx context.Context) *finding {
	s, _ := ctx.Value(findingKey{}).(*finding)
	return s
}

// Value implements context.Context.
func (s *finding) Value(key any) any {
	if key == (findingKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// FromContext returns the session of the signed-in user, or false for an unauthenticated request.
// The session is never nil when the result is true.
func FromContext(ctx context.Context) (*Session, bool) {
	sc := findingOf(ctx)
	if sc == nil || sc.current == nil {
		return nil, false
	}
	return sc.current, true
}

// NewContext returns a context in which s is the current session for every manager. Use it in
// tests, and in applications that also authenticate users in another way, such as by API keys. A
// nil s makes the context unauthenticated.
func NewContext(ctx context.Context, s *Session) context.Context {
	return &finding{Context: ctx, own: s, current: s, outer: findingOf(ctx)}
}

// Attach records in the context what m found for this request; a nil s means that the user is not
// signed in. The session becomes the current one unless an outer manager or [NewContext] has
// already set it: use Use to select the identity of an inner manager.
func (m internals) Attach(ctx context.Context, s *Session) context.Context {
	outer := findingOf(ctx)
	current := s
	if outer != nil {
		current = outer.current
	}
	return &finding{Context: ctx, owner: m.Manager, own: s, current: current, outer: outer}
}

// Attached returns the session that m found for this request: (nil, true) if m found none, and
// (nil, false) if m has not examined the request. A session set by [NewContext] inside m's context
// is treated as found by m.
func (m internals) Attached(ctx context.Context) (s *Session, mounted bool) {
	for sc := findingOf(ctx); sc != nil; sc = sc.outer {
		if sc.owner == m.Manager || sc.owner == nil {
			return sc.own, true
		}
	}
	return nil, false
}

// Use makes m's own session the current one, whatever other managers found. A context that m has
// not examined is returned unchanged.
func (m internals) Use(ctx context.Context) context.Context {
	own, mounted := m.Attached(ctx)
	if !mounted {
		return ctx
	}
	sc := findingOf(ctx)
	if sc.current == own {
		return ctx
	}
	return &finding{Context: ctx, owner: m.Manager, own: own, current: own, outer: sc}
}
