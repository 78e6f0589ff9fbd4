package session

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
)

// Save writes a loaded or started session whose Values, tokens, claims or User have changed. The ID
// stays the same and Generation increases. Call Save before the response's first byte.
//
// Save keeps the newest tokens: if another request has refreshed them since s was loaded, those are
// saved, unless s got new ones by SetTokens. Save does not overwrite what another request has saved
// in a store in the meantime: the error is [ErrChanged]. If the session has ended in the meantime,
// the error is [ErrInvalid].
func (m *Manager) Save(w http.ResponseWriter, r *http.Request, s *Session) error {
	if s.ID == "" || s.Created.IsZero() {
		return errors.New("session: Save needs a session from Manager.Load or Manager.Start")
	}
	m = m.at(r)
	err := m.save(w, r, s)
	if !errors.Is(err, ErrChanged) {
		return err
	}
	current, loadErr := m.stored(r.Context(), s)
	if loadErr != nil || !onlyRefreshed(s, current) {
		return err
	}
	if err := s.rebase(current); err != nil {
		return err
	}
	return m.save(w, r, s)
}

func (m *Manager) save(w http.ResponseWriter, r *http.Request, s *Session) error {
	if err := m.catchUp(r.Context(), s); err != nil {
		return err
	}
	if err := s.settle(); err != nil {
		return err
	}
	before := *s
	s.Seen = m.now()
	s.Generation++
	if err := m.write(w, r, s, IfOlder); err != nil {
		s.Seen, s.Generation = before.Seen, before.Generation
		return err
	}
	m.generations.saved(s)
	return nil
}

// catchUp rebases s, which a handler has changed, on the latest generation that this process knows.
func (m *Manager) catchUp(ctx context.Context, s *Session) error {
	lowest := m.generations.lowest(s)
	if s.Generation >= lowest {
		return nil
	}
	later, err := m.successor(ctx, s, lowest)
	if err != nil {
		return err
	}
	return s.rebase(later)
}

// rebase replaces everything in s that has not changed since it was loaded by its value in a later
// generation.
func (s *Session) rebase(later *Session) error {
	later = later.Clone()
	if err := later.settle(); err != nil {
		return err
	}
	base := s.asLoaded()
	mine := *s
	*s = *later
	s.Values = merged(base.Values, mine.Values, later.Values)
	if !sameUser(mine.User, base.User) {
		s.User = mine.User
	}
	if mine.details.tokensSet {
		s.details.tokens, s.details.tokensSet = mine.details.tokens, true
	}
	if mine.details.claimsSet {
		s.details.claims, s.details.claimsSet = mine.details.claims, true
	}
	s.details.origin = mine.details.origin
	return nil
}

// onlyRefreshed reports whether a later generation has the same application data as s had when it
// was loaded, so that only a token refresh lies between them.
func onlyRefreshed(s, later *Session) bool {
	return s.details.origin != nil && later.Generation-s.Generation >= generationsApart/2 &&
		maps.Equal(s.asLoaded().Values, later.Values)
}

// asLoaded returns the identity of s as it was loaded, or s itself if it was started in this
// request.
func (s *Session) asLoaded() *Session {
	base := new(Session)
	if s.details.origin == nil {
		return s
	}
	if _, ok := decodeIdentity([]byte(s.details.origin.identity), base, nil); !ok {
		return s
	}
	base.User.Tenant = s.User.Tenant // not stored
	return base
}

func sameUser(a, b User) bool {
	rolesA, rolesB := a.Roles, b.Roles
	a.Roles, b.Roles = nil, nil
	return reflect.DeepEqual(a, b) && slices.Equal(rolesA, rolesB)
}

// merged merges two changes of the same values. Where both changed a value, mine wins.
func merged(base, mine, theirs map[string]string) map[string]string {
	all := maps.Clone(base)
	if all == nil {
		all = map[string]string{}
	}
	for _, from := range []map[string]string{theirs, mine} {
		for key, value := range from {
			if old, had := base[key]; !had || old != value {
				all[key] = value
			}
		}
		for key := range base {
			if _, kept := from[key]; !kept {
				delete(all, key)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
