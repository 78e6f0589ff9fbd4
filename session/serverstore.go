package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"
)

// maxRecord bounds a session in a store: a larger one is a mistake and would fill the store.
const maxRecord = 1 << 20

// A ServerStore keeps sessions in a [Backend], and a sealed reference of a hundred bytes in the
// cookie. Use it as [Config.Store]: sessions may be larger than cookies, End ends them for every
// copy of the cookie, they can be listed, and each request sees what earlier requests saved,
// whatever the browser does. The backend receives sealed data only: a reader learns neither names
// nor tokens, and a writer cannot sign in as another user.
//
// A ServerStore is also a gorilla store for the application's own sessions, once a [Manager] uses
// it. It is safe for concurrent use.
type ServerStore struct {
	backend Backend
	manager atomic.Pointer[Manager] // the first manager; its keys seal gorilla sessions
}

// NewServerStore returns a store that keeps its sessions in b.
func NewServerStore(b Backend) *ServerStore { return &ServerStore{backend: b} }

func (st *ServerStore) serve(m *Manager) { st.manager.CompareAndSwap(nil, m) }

// withBackend fills in the parts that the backend implements. For a backend in this process's
// memory, revocations in memory are enough.
func (st *ServerStore) withBackend(c Config) Config {
	if v, ok := st.backend.(Revocations); ok && c.Revocations == nil {
		c.Revocations = v
	}
	if l, ok := st.backend.(Locker); ok && c.Locker == nil {
		c.Locker = l
	}
	if _, ok := st.backend.(*MemoryBackend); ok && c.Revocations == nil {
		c.Revocations = NewMemoryRevocations(c.Now)
	}
	return c
}

// A serverKeeper keeps sessions in a Backend.
type serverKeeper struct {
	*Manager
	backend Backend
	joint   JointBackend // nil unless it is also Config.Revocations
}

func newServerKeeper(m *Manager, b Backend) serverKeeper {
	k := serverKeeper{Manager: m, backend: b}
	joint, ok := b.(JointBackend)
	if ok && reflect.TypeOf(b).Comparable() && any(b) == any(m.config.Revocations) {
		k.joint = joint
	}
	return k
}

func (k serverKeeper) load(r *http.Request) (*Session, error) {
	var pick choice
	asked := make([]reference, 0, 1)
	found := 0
	for text := range k.cookies.ReadAll(r, k.config.CookieName) {
		found++
		ref, current, err := k.openReference(text, k.config.Now())
		if err != nil {
			pick.add(nil, err)
			continue
		}
		if len(asked) == maxLookups || slices.Contains(asked, ref) {
			continue
		}
		asked = append(asked, ref)
		s, err := k.find(r.Context(), &ref)
		if errors.Is(err, ErrStore) {
			return nil, err
		}
		if err == nil {
			s.details.sealed.current = s.details.sealed.current && current
		}
		pick.add(s, err)
	}
	if found == 0 {
		return nil, ErrNone
	}
	if found > 1 {
		k.reportDuplicates(r, pick.session)
	}
	return pick.result(r.Context(), k.Manager)
}

func (k serverKeeper) reload(ctx context.Context, s *Session) (*Session, error) {
	ref, ok := k.referenceTo(s)
	if !ok {
		return nil, ErrInvalid
	}
	return k.find(ctx, &ref)
}

// find returns the session of a reference if it is valid.
func (k serverKeeper) find(ctx context.Context, ref *reference) (*Session, error) {
	found, marks, err := k.get(ctx, ref)
	if err != nil {
		return nil, asStoreError(err)
	}
	now := k.config.Now()
	s, err := k.openStored(found.Data, now)
	if err != nil {
		return nil, err
	}
	if !ref.isTo(s) { // the record was moved to another key
		return nil, errForeign
	}
	if err := checkMarks(marks, s); err != nil {
		return nil, err
	}
	n := k.namerOf(s, ref)
	lookedUp := n
	if n != nil && ref.provider == (RevocationKey{}) { // reference format 1
		ref.provider, lookedUp = n.providerOf(s), nil
	}
	if n != k.namer() {
		s.details.record = &record{user: ref.user, sid: ref.sid, provider: ref.provider}
	}
	if err := k.unrevokedBut(ctx, s, lookedUp); err != nil {
		return nil, err
	}
	if err := k.check(ctx, s, now); err != nil {
		return nil, err
	}
	return s, nil
}

// get reads the record and the revocations, in one round trip if the store supports it.
func (k serverKeeper) get(ctx context.Context, ref *reference) (Record, [4]Mark, error) {
	if k.joint != nil {
		return k.joint.GetAndLookup(ctx, ref.key(), ref.revocationKeys())
	}
	record, err := k.backend.Get(ctx, ref.key())
	if err != nil || k.config.Revocations == nil {
		return record, [4]Mark{}, err
	}
	marks, err := k.config.Revocations.Lookup(ctx, ref.revocationKeys())
	return record, marks, err
}

// asStoreError separates "no such record" from "store unavailable".
func asStoreError(err error) error {
	switch {
	case errors.Is(err, ErrNoRecord):
		return errEnded
	case errors.Is(err, ErrChanged):
		return ErrChanged
	}
	return fmt.Errorf("%w: %w", ErrStore, err)
}

func (k serverKeeper) write(w http.ResponseWriter, r *http.Request, s *Session, details string,
	c Condition) error {
	identity, err := k.sealIdentity(s, details, func(int) byte { return 0 })
	if err != nil {
		return err
	}
	text := identity + "." + details
	if len(text) > maxRecord {
		return tooLarge(s, len(text), maxRecord, true)
	}
	ref, ok := k.referenceTo(s)
	if !ok {
		return ErrInvalid
	}
	cookie, err := k.sealReference(&ref, s.Seen)
	if err != nil {
		return err
	}
	// the sealed times decide, not the TTL
	record := Record{Version: s.Generation, Data: text, TTL: k.remaining(s) + skew}
	if err := k.backend.Put(r.Context(), ref.key(), record, c); err != nil {
		return asStoreError(err)
	}
	k.reportEvicted(r)
	if c == IfAbsent {
		if err := k.endPrevious(r, s); err != nil {
			return err
		}
	}
	k.cookies.Set(w, k.config.CookieName, cookie, k.remaining(s), k.config.SameSite)
	k.removeChunks(w, r, 1)
	return nil
}

// reportEvicted logs how many sessions this write evicted.
func (k serverKeeper) reportEvicted(r *http.Request) {
	e, ok := k.backend.(interface{ takeEvicted() int })
	if !ok {
		return
	}
	if n := e.takeEvicted(); n > 0 {
		k.site.Logger.WarnContext(r.Context(),
			"session: the store is full: idle sessions were evicted", "sessions", n)
		k.event(r.Context(), Event{Time: k.config.Now(), Kind: "session", Outcome: "evicted",
			Count: n})
	}
}

// end deletes the records that the request's cookies refer to.
func (k serverKeeper) end(r *http.Request) error {
	var failed []error
	removed := map[reference]bool{}
	for text := range k.cookies.ReadAll(r, k.config.CookieName) {
		ref, _, err := k.openReference(text, k.config.Now())
		if err != nil || removed[ref] {
			continue
		}
		removed[ref] = true
		failed = append(failed, k.remove(r.Context(), &ref))
	}
	return errors.Join(failed...)
}

func (k serverKeeper) endNamed(r *http.Request, n *sessionName) error {
	return k.remove(r.Context(), &n.reference)
}

// remove deletes the record of a reference.
func (k serverKeeper) remove(ctx context.Context, ref *reference) error {
	k.watchers.end(ref.sessionKey())
	if err := k.backend.Delete(ctx, ref.key()); err != nil {
		return asStoreError(err)
	}
	return nil
}
