package session

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
)

// Save writes a session that was loaded or started and has changed since: Values, tokens, claims,
// User. The ID stays and Generation grows. It must be called before the response's first byte.
//
// Save goes on from the newest tokens: those that another request has refreshed since s was loaded
// are kept, unless s has got others by SetTokens. What another request has saved in a store since
// is not overwritten: the error is [ErrChanged]. A session that has ended meanwhile is
// [ErrInvalid].
func (m *Manager) Save(w http.ResponseWriter, r *http.Request, s *Session) error {
	if s.ID == "" || s.Created.IsZero() {
		return errors.New("session: Save of a session that was neither loaded nor started")
	}
	err := m.save(w, r, s)
	if !errors.Is(err, ErrChanged) {
		return err
	}
	current, loadErr := m.stored(r.Context(), s)
	if loadErr != nil || !onlyRefreshed(s, current) {
		return err
	}
	if err := s.goOnFrom(current); err != nil {
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

// catchUp makes s, which a handler has changed, go on from the latest generation that this process
// knows.
func (m *Manager) catchUp(ctx context.Context, s *Session) error {
	lowest := m.generations.lowest(s)
	if s.Generation >= lowest {
		return nil
	}
	later, err := m.successor(ctx, s, lowest)
	if err != nil {
		return err
	}
	return s.goOnFrom(later)
}

// goOnFrom takes from a later generation everything that was not changed in s since it was loaded.
func (s *Session) goOnFrom(later *Session) error {
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

// onlyRefreshed reports whether a later generation differs from s as it was loaded in nothing that
// a handler would save.
func onlyRefreshed(s, later *Session) bool {
	return s.details.origin != nil && later.Generation-s.Generation >= generationsApart/2 &&
		maps.Equal(s.asLoaded().Values, later.Values)
}

// asLoaded returns what the identity of s was when it was loaded. Of a session that was started in
// this request it returns s.
func (s *Session) asLoaded() *Session {
	base := new(Session)
	if s.details.origin == nil {
		return s
	}
	if _, ok := decodeIdentity([]byte(s.details.origin.identity), base, nil); !ok {
		return s
	}
	base.User.Tenant = s.User.Tenant // is not stored
	return base
}

func sameUser(a, b User) bool {
	rolesA, rolesB := a.Roles, b.Roles
	a.Roles, b.Roles = nil, nil
	return reflect.DeepEqual(a, b) && slices.Equal(rolesA, rolesB)
}

// merged brings two changes of the same values together. Where both have changed one, mine counts.
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
