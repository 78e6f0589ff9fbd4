package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// ErrEnded is the cause ([context.Cause]) of a context of [Manager.Watch] whose session has ended.
var ErrEnded = errors.New("session: ended")

// outageGrace is how long a watched connection continues while the store is unavailable.
const outageGrace = time.Minute

// Watch returns a context that ends with ctx or with the session: when the session expires, is
// signed out, or is revoked. Use it for connections that outlive the handler's check of the user:
// server-sent events, WebSockets, long polls. An end in this process takes effect at once, an end
// in another process within Config.Watch. Without a store and without Config.Revocations, sign-outs
// in other processes have no effect. If the store stays unavailable for a minute, the context ends
// with the store's error as its cause. A connection does not keep its session active. With a store,
// the context ends when no request has used the session for Config.Idle.
//
// Call cancel when the work is done; otherwise memory is held until the session ends.
func (m *Manager) Watch(ctx context.Context, s *Session) (_ context.Context,
	cancel context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	w := &watcher{keys: m.namer().keys(s), look: make(chan struct{}, 1), end: end}
	m.watchers.add(w)
	recovered.Go(func() {
		defer m.watchers.remove(w)
		m.watch(ctx, w, s)
	}, func(err error) { m.lost(w, err) })
	return ctx, func() { end(context.Canceled) }
}

func (m *Manager) watch(ctx context.Context, w *watcher, s *Session) {
	known := m.config.Now() // when the session was last known to be valid
	for {
		timer := time.NewTimer(min(m.config.Watch, m.left(s)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-w.look:
			timer.Stop()
		case <-timer.C:
		}
		fresh, err := fromStore(func() (*Session, error) { return m.of(s).keeper.reload(ctx, s) })
		switch now := m.config.Now(); {
		case err == nil:
			s, known = fresh, now
		case !errors.Is(err, ErrStore):
			w.end(ErrEnded)
		case now.Sub(known) >= outageGrace:
			m.lost(w, err)
		}
	}
}

// lost ends a context because the state of its session is unknown.
func (m *Manager) lost(w *watcher, err error) {
	w.end(err)
	m.site.Logger.Error("session: Watch ended a context: the session's state is unknown", "error",
		err, recovered.Stack(err))
}

// left returns the time until the session expires if no request uses it. It is never zero, so that
// callers do not spin.
func (m *Manager) left(s *Session) time.Duration {
	end := s.Expires
	if idle := s.Seen.Add(m.config.Idle); idle.Before(end) {
		end = idle
	}
	return max(end.Sub(m.config.Now()), 10*time.Millisecond)
}

// watchers are all watched sessions in this process, by the keys that may end them. The zero value
// is ready for use.
type watchers struct {
	mu    sync.Mutex
	byKey map[RevocationKey]map[*watcher]struct{}
}

type watcher struct {
	keys RevocationKeys
	look chan struct{} // requests a check
	end  context.CancelCauseFunc
}

func (ws *watchers) add(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.byKey == nil {
		ws.byKey = map[RevocationKey]map[*watcher]struct{}{}
	}
	for _, key := range w.keys {
		if ws.byKey[key] == nil {
			ws.byKey[key] = map[*watcher]struct{}{}
		}
		ws.byKey[key][w] = struct{}{}
	}
}

func (ws *watchers) remove(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, key := range w.keys {
		delete(ws.byKey[key], w)
		if len(ws.byKey[key]) == 0 {
			delete(ws.byKey, key)
		}
	}
}

// wake makes the watchers of these keys check their sessions.
func (ws *watchers) wake(keys []RevocationKey) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, key := range keys {
		for w := range ws.byKey[key] {
			select {
			case w.look <- struct{}{}:
			default: // a check is already requested
			}
		}
	}
}

// end ends the contexts that watch the session of a key.
func (ws *watchers) end(key RevocationKey) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.byKey[key] {
		w.end(ErrEnded)
	}
}
