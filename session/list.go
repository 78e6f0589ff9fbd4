package session

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// ErrNoList is returned by calls that list sessions, unless Config.Store is a [ServerStore].
var ErrNoList = errors.New("session: listing sessions requires a ServerStore")

// An Entry describes one of a user's sessions, for display to that user.
type Entry struct {
	Handle  string    // identifies the session for EndOne; it grants no access
	Current bool      // the session passed to List
	Device  string    // "Firefox on Linux"; may be empty
	Created time.Time // when the user signed in
	Seen    time.Time // last use, to within a tenth of Config.Idle
	Expires time.Time
}

// lists reports whether sessions can be listed.
func (m *Manager) lists() bool {
	_, ok := m.keeper.(serverKeeper)
	return ok
}

// List returns the active sessions of a user, most recently used first. Only the Provider and User
// of the given session matter; it need not be signed in. The error is [ErrNoList] or wraps
// [ErrStore].
func (m *Manager) List(ctx context.Context, of *Session) ([]Entry, error) {
	k, ok := m.of(of).keeper.(serverKeeper)
	if !ok {
		return nil, ErrNoList
	}
	sessions, err := fromStore(func() ([]*Session, error) { return k.list(ctx, of) })
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(sessions))
	for _, s := range sessions {
		entries = append(entries, Entry{
			Handle: k.handleOf(s), Current: s.ID == of.ID,
			Device: s.Device, Created: s.Created, Seen: s.Seen, Expires: s.Expires,
		})
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(b.Seen.Compare(a.Seen), b.Created.Compare(a.Created),
			cmp.Compare(a.Handle, b.Handle))
	})
	return entries, nil
}

// list returns the user's sessions in the backend that are valid.
func (k serverKeeper) list(ctx context.Context, of *Session) ([]*Session, error) {
	now := k.config.Now()
	var alive []*Session
	for s, err := range k.records(ctx, of) {
		if err != nil {
			return nil, err
		}
		switch err = k.admit(ctx, s, now); {
		case errors.Is(err, ErrStore):
			return nil, err
		case err == nil:
			alive = append(alive, s)
		}
	}
	return alive, nil
}

// records yields the user's sessions in the backend that open, under the names of each secret. An
// error is the last value.
func (k serverKeeper) records(ctx context.Context, of *Session) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		now := k.config.Now()
		for _, n := range k.keyring.namers {
			user := n.userOf(of)
			records, err := k.backend.List(ctx, ownerOf(user))
			if err != nil {
				yield(nil, asStoreError(err))
				return
			}
			for _, found := range records {
				s, err := k.openStored(found.Data, now)
				if err != nil || n.userOf(s) != user {
					continue
				}
				s.details.record = &record{user: user, sid: n.providerSessionOf(s),
					provider: n.providerOf(s)}
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// EndOne ends one of a user's sessions by the handle of its [Entry]. A handle that belongs to
// another user or to an ended session ends nothing and is not an error. The errors are those of
// List.
func (m *Manager) EndOne(ctx context.Context, of *Session, handle string) error {
	k, ok := m.of(of).keeper.(serverKeeper)
	if !ok {
		return ErrNoList
	}
	return toStore(func() error { return k.endOne(ctx, of, handle) })
}

func (k serverKeeper) endOne(ctx context.Context, of *Session, handle string) error {
	sessions, err := k.list(ctx, of)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if k.handleOf(s) == handle {
			return k.drop(ctx, s)
		}
	}
	return nil
}

// handleOf returns the ID of the session's record.
func (m *Manager) handleOf(s *Session) string {
	ref, _ := m.referenceTo(s) // never fails: the session comes from the store
	return ref.key().ID
}

// EndAll ends every session of a user: "sign out everywhere". Later logins are not affected, even
// within the same second. To stay signed in here, set the Epoch of this request's session to zero
// and [Manager.Start] it again. The error is [ErrNoRevocations] or wraps [ErrStore].
func (m *Manager) EndAll(ctx context.Context, of *Session) error {
	if m.config.Revocations == nil {
		return ErrNoRevocations
	}
	if of.User.Issuer == "" && of.User.Subject == "" {
		return errors.New("session: EndAll needs a session with a user")
	}
	if err := m.revoke(ctx, byUser, of, time.Time{}); err != nil {
		return err
	}
	k, ok := m.of(of).keeper.(serverKeeper)
	if !ok {
		return nil
	}
	return toStore(func() error { return k.clear(ctx, of) })
}

// clear deletes the records of the user's revoked sessions, to free their memory.
func (k serverKeeper) clear(ctx context.Context, of *Session) error {
	var failed []error
	for s, err := range k.records(ctx, of) {
		switch {
		case err != nil:
			failed = append(failed, err)
		case errors.Is(k.unrevoked(ctx, s), ErrEnded):
			failed = append(failed, k.drop(ctx, s))
		}
	}
	return errors.Join(failed...)
}

// drop deletes the record of a session.
func (k serverKeeper) drop(ctx context.Context, s *Session) error {
	ref, _ := k.referenceTo(s)
	return k.remove(ctx, &ref)
}
