package session

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// ErrNoList is returned by calls that need to know which sessions there are, which only a
// [ServerStore] does.
var ErrNoList = errors.New("session: listing sessions requires a ServerStore")

// An Entry is one of a user's sessions, in a list for that user.
type Entry struct {
	Handle  string    // names the session for EndOne; it opens nothing
	Current bool      // the session that asks
	Device  string    // "Firefox on Linux"; may be empty
	Created time.Time // when the user signed in
	Seen    time.Time // last use, to within a tenth of Config.Idle
	Expires time.Time
}

// Lists reports whether sessions can be listed.
func (m *Manager) Lists() bool {
	_, ok := m.keeper.(serverKeeper)
	return ok
}

// List returns the sessions of a user that are alive, the ones used last first. The user is that of
// a session, signed in or not: only Provider and User matter. The
// error is [ErrNoList] or wraps [ErrStore].
func (m *Manager) List(ctx context.Context, of *Session) ([]Entry, error) {
	k, ok := m.keeper.(serverKeeper)
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
		return cmp.Or(b.Seen.Compare(a.Seen), b.Created.Compare(a.Created), cmp.Compare(a.Handle, b.Handle))
	})
	return entries, nil
}

// list reads what the backend has for the user, less what is not valid.
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

// records yields the user's sessions in the backend that open, those under the names of each
// secret. After an error there are no more.
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

// EndOne ends one of a user's sessions by the handle of its [Entry]. A handle of another user's
// session, and one that is not there any more, ends nothing, and is no error. The errors are those
// of List.
func (m *Manager) EndOne(ctx context.Context, of *Session, handle string) error {
	k, ok := m.keeper.(serverKeeper)
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

// handleOf is the name of the session's record.
func (m *Manager) handleOf(s *Session) string {
	ref, _ := m.referenceTo(s) // it has been in the store
	return ref.key().ID
}

// EndAll ends every session of a user: "sign out everywhere". Those who sign in afterwards are not
// meant, even in the same moment. To stay signed in here, [Manager.Start] the session of this
// request again, with its Epoch set to zero. The errors are [ErrNoRevocations], and those that wrap
// [ErrStore].
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
	k, ok := m.keeper.(serverKeeper)
	if !ok {
		return nil
	}
	return toStore(func() error { return k.clear(ctx, of) })
}

// clear deletes the records of the user's sessions that are revoked, so that they do not take room.
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
