package session

import (
	"context"
	"testing"
)

func TestContext_R158_ZeroIsAnonymous(t *testing.T) {
	m := internals{&Manager{shared: &shared{}}}
	for name, ctx := range map[string]context.Context{
		"empty":        context.Background(),
		"anonymous":    m.Attach(context.Background(), nil),
		"nil session":  NewContext(context.Background(), nil),
		"used":         m.Use(m.Attach(context.Background(), nil)),
		"not examined": m.Use(context.Background()),
	} {
		if s, ok := FromContext(ctx); ok || s != nil {
			t.Errorf("%s: %v, %v", name, s, ok)
		}
	}
}

func TestContext_R132_NestedManagers(t *testing.T) {
	outer, inner := internals{&Manager{shared: &shared{config: Config{CookieName: "o"}}}},
		internals{&Manager{shared: &shared{config: Config{CookieName: "i"}}}}
	a, b := &Session{ID: "a"}, &Session{ID: "b"}
	current := func(ctx context.Context, want *Session) {
		t.Helper()
		if got, _ := FromContext(ctx); got != want {
			t.Errorf("current is %v, want %v", got, want)
		}
	}
	attached := func(m internals, ctx context.Context, want *Session, wantMounted bool) {
		t.Helper()
		if got, mounted := m.Attached(ctx); got != want || mounted != wantMounted {
			t.Errorf("attached %v, %v; want %v, %v", got, mounted, want, wantMounted)
		}
	}

	ctx := outer.Attach(context.Background(), a)
	current(ctx, a)
	attached(inner, ctx, nil, false)
	ctx = inner.Attach(ctx, b)
	current(ctx, a) // the inner identity wins only with Use
	attached(outer, ctx, a, true)
	attached(inner, ctx, b, true)
	current(inner.Use(ctx), b)
	current(outer.Use(inner.Use(ctx)), a)

	// An outer anonymous request stays anonymous inside, unless Use selects the inner manager.
	ctx = inner.Attach(outer.Attach(context.Background(), nil), b)
	current(ctx, nil)
	current(inner.Use(ctx), b)

	// A session set by a test or another authenticator applies to all managers.
	ctx = NewContext(ctx, a)
	current(ctx, a)
	attached(inner, ctx, a, true)
	current(inner.Use(ctx), a)
}
