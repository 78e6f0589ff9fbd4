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

// patience is how long a connection goes on while nobody knows whether its session still stands.
const patience = time.Minute

// Watch returns a context that ends with ctx, and also when the session does: when it expires, is signed out, or is revoked. It is
// for what goes on after the handler has decided who the user is: server-sent events, WebSockets, long polls. What ends in this
// process is noticed at once, what ends in another within Config.Watch. Without a store and without Config.Revocations, a
// sign-out in another process cannot be noticed. While a store does not answer, the context goes on for a minute, and then ends with
// the store's error as its cause. A connection that lives in cookies only does not count as use of the session; with
// a store, it ends when the session has been idle for too long in all its requests.
//
// Call cancel when the work is done, or memory is kept until the session ends.
func (m *Manager) Watch(ctx context.Context, s *Session) (_ context.Context, cancel context.CancelFunc) {
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
	known := m.config.Now() // when the session was last seen to stand
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
		fresh, err := fromStore(func() (*Session, error) { return m.keeper.reload(ctx, s) })
		switch now := m.config.Now(); {
		case err == nil:
			s, known = fresh, now
		case !errors.Is(err, ErrStore):
			w.end(ErrEnded)
		case now.Sub(known) >= patience:
			m.lost(w, err)
		}
	}
}

// lost ends a context because nothing can be found out about its session.
func (m *Manager) lost(w *watcher, err error) {
	w.end(err)
	m.site.Logger.Error("session: Watch gave up", "error", err, recovered.Stack(err))
}

// left is how long the session has to go if nobody uses it, and never nothing, so that nobody spins.
func (m *Manager) left(s *Session) time.Duration {
	end := s.Expires
	if idle := s.Seen.Add(m.config.Idle); idle.Before(end) {
		end = idle
	}
	return max(end.Sub(m.config.Now()), 10*time.Millisecond)
}

// watchers are all who watch a session in this process, by the keys that may end it. The zero value is ready for use.
type watchers struct {
	mu    sync.Mutex
	byKey map[RevocationKey]map[*watcher]struct{}
}

type watcher struct {
	keys RevocationKeys
	look chan struct{} // asks to look again
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

// wake makes those look again whom something with these keys may concern.
func (ws *watchers) wake(keys []RevocationKey) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, key := range keys {
		for w := range ws.byKey[key] {
			select {
			case w.look <- struct{}{}:
			default: // has been asked already
			}
		}
	}
}

// end ends those who watch the session of a key.
func (ws *watchers) end(key RevocationKey) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.byKey[key] {
		w.end(ErrEnded)
	}
}
