package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"
)

// A ServerStore is a gorilla store for the application's own sessions: the cookie holds a sealed
// random ID, the backend the sealed values. Of a session's Options, only MaxAge applies. Of two
// concurrent saves, the later one wins.

var (
	_ sessions.Store = (*ServerStore)(nil)

	errUnused = errors.New("session: the ServerStore has no keys yet: pass it to sallyport.New " +
		"as Config.Session.Store first")
)

// Get returns the session with the given name for this request, the same one each time.
func (st *ServerStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New reads the named session again. On error it also returns a new, empty session; an error that
// wraps [ErrStore] means that the backend is unavailable.
func (st *ServerStore) New(r *http.Request, name string) (*sessions.Session, error) {
	gs := sessions.NewSession(st, name)
	gs.IsNew = true
	m := st.manager.Load()
	if m == nil {
		return gs, errUnused
	}
	m = m.at(r)
	gs.Options = m.gorillaOptions()
	if err := m.checkOwnName(name); err != nil {
		return gs, err
	}
	var err error
	for text := range m.cookies.ReadAll(r, name) {
		if err = st.read(r.Context(), m, name, text, gs); err == nil || errors.Is(err, ErrStore) {
			return gs, err // duplicates: the first one that opens
		}
	}
	return gs, err
}

// read fills in gs from the record that the cookie refers to.
func (st *ServerStore) read(ctx context.Context, m *Manager, name, text string,
	gs *sessions.Session) error {
	var id string
	if err := m.Codec().Decode(m.cookies.Name(name), text, &id); err != nil {
		return err
	}
	record, err := fromStore(func() (Record, error) { return st.backend.Get(ctx, ownKey(id)) })
	if errors.Is(err, ErrNoRecord) {
		return &codecError{decode: true, err: ErrInvalid}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	if err := m.Codec().Decode(valuesOf(id), record.Data, &gs.Values); err != nil {
		return err
	}
	gs.ID, gs.IsNew = id, false
	return nil
}

// Save writes the values and sets the cookie, or removes both when Options.MaxAge is negative.
func (st *ServerStore) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	m, name := st.manager.Load(), gs.Name()
	if m == nil {
		return errUnused
	}
	m = m.at(r)
	if err := m.checkOwnName(name); err != nil {
		return err
	}
	lifetime := m.config.Lifetime
	if gs.Options != nil && gs.Options.MaxAge != 0 {
		lifetime = min(lifetime, time.Duration(gs.Options.MaxAge)*time.Second)
	}
	if lifetime < 0 {
		m.cookies.Delete(w, name, m.config.SameSite)
		if gs.ID == "" {
			return nil
		}
		return asStore(toStore(func() error {
			return st.backend.Delete(r.Context(), ownKey(gs.ID))
		}))
	}
	if gs.ID == "" {
		gs.ID = newID() // never from the request: New sets only IDs that we sealed
	}
	data, err := m.Codec().Encode(valuesOf(gs.ID), gs.Values)
	if err != nil {
		return err
	}
	if len(data) > maxRecord {
		return &TooLargeError{Size: len(data), Limit: maxRecord,
			Largest: []Part{{fmt.Sprintf("gorilla session %q", name), len(data)}}, stored: true}
	}
	cookie, err := m.Codec().Encode(m.cookies.Name(name), gs.ID)
	if err != nil {
		return err
	}
	record := Record{Data: data, TTL: lifetime}
	put := func() error { return st.backend.Put(r.Context(), ownKey(gs.ID), record, Always) }
	if err := asStore(toStore(put)); err != nil {
		return err
	}
	maxAge := lifetime
	if gs.Options != nil && gs.Options.MaxAge == 0 {
		maxAge = 0 // until the browser closes
	}
	m.cookies.Set(w, name, cookie, maxAge, m.config.SameSite)
	return nil
}

func asStore(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return nil
}

// ownKey is the key of an application's gorilla session. Its owner is unique, so it is never
// listed. The ID is random, so an unkeyed hash is enough.
func ownKey(id string) Key {
	sum := sha256.Sum256([]byte("session of the application " + id))
	hashed := base64.RawURLEncoding.EncodeToString(sum[:16])
	return Key{Owner: hashed, ID: hashed}
}

// valuesOf binds the values to their session: a record moved to another key does not open.
func valuesOf(id string) string { return "values of " + id }
