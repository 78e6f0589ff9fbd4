package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// keepAdvanced is how long requests that still hold the previous generation get the new one:
// requests in progress, and those of a browser that missed the new cookies because the response had
// begun, or because a slow response overwrote them with the old ones.
const keepAdvanced = 10 * time.Minute

// next returns the generation after s, with new tokens. It runs renew once for all requests that
// hold s, even in other processes if they share Config.Locker, with its own context: it continues
// when ctx ends. Changes saved by other requests in the meantime are kept. The error is [ErrEnded]
// if the session has ended, [ErrInvalid] if it is no longer valid, that of renew, or wraps
// [ErrStore].
func (m *Manager) next(ctx context.Context, s *Session, renew renewal) (*Session, error) {
	run := func(ctx context.Context) ([]byte, error) { // on a goroutine of the Locker's choice
		return recovered.Get(func() ([]byte, error) { return m.advance(ctx, s, renew) })
	}
	sealed, err := recovered.Get(func() ([]byte, error) {
		return m.config.Locker.Do(ctx, advanceKey(s), keepAdvanced, run)
	})
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 {
		return nil, ErrEnded
	}
	later, err := m.opened(ctx, sealed, s)
	if err == nil && !m.remember(later, sealed) {
		return nil, ErrEnded
	}
	return later, err
}

// advanceKey identifies one generation of one session. The session's ID is a secret, so it is
// hashed.
func advanceKey(s *Session) string {
	sum := sha256.Sum256([]byte("refresh " + s.ID + " " + strconv.FormatUint(s.Generation, 10)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// advance returns the next generation, sealed, or nothing for a session that has ended.
func (m *Manager) advance(ctx context.Context, s *Session, renew renewal) ([]byte, error) {
	if sealed := m.leftBehind(ctx, s); sealed != nil {
		return sealed, nil
	}
	defer m.generations.make(s)()
	base, err := m.stored(ctx, s)
	if err != nil {
		return nil, err
	}
	if otherTokens(s, base) { // another process has refreshed the tokens
		return m.sealWhole(base.Clone())
	}
	base = base.Clone()
	var sealed []byte
	store := func(fresh *Session) {
		text, storeErr := m.supersede(ctx, base, fresh.Clone())
		if storeErr != nil {
			err = storeErr
			m.site.Logger.ErrorContext(ctx, "session: storing new tokens failed", "session", s,
				"error", err)
		}
		switch {
		case len(text) > 0:
			sealed = text
			m.leaveBehind(ctx, s, text)
		case errors.Is(err, ErrInvalid): // signed out in the meantime
			sealed = nil
		} // too large: keep what was stored before
	}
	fresh, renewErr := renew(ctx, base.Clone(), store)
	if renewErr != nil || fresh == nil {
		return []byte{}, renewErr
	}
	if store(fresh); len(sealed) == 0 {
		return nil, err
	}
	return sealed, nil
}

// Cookie sessions have no place to store new tokens before the response. If processes share a
// Locker, it serves as this place, in case this process dies before it has finished.

// leaveBehind stores the first sealed generation after s.
func (m *Manager) leaveBehind(ctx context.Context, s *Session, sealed []byte) {
	if !m.sharesLocker() {
		return
	}
	left := func(context.Context) ([]byte, error) { return sealed, nil }
	if _, err := m.config.Locker.Do(ctx, leftKey(s), keepAdvanced, left); err != nil {
		m.site.Logger.WarnContext(ctx, "session: storing new tokens in the Locker failed",
			"session", s,
			"error", err)
	}
}

// leftBehind returns the generation that an unfinished process stored, or nil.
func (m *Manager) leftBehind(ctx context.Context, s *Session) []byte {
	if !m.sharesLocker() {
		return nil
	}
	nothing := func(context.Context) ([]byte, error) { return nil, ErrNoRecord }
	sealed, err := m.config.Locker.Do(ctx, leftKey(s), keepAdvanced, nothing)
	if err != nil {
		return nil
	}
	return sealed
}

func leftKey(s *Session) string { return "left" + advanceKey(s) }

func (m *Manager) sharesLocker() bool {
	_, own := m.config.Locker.(*memoryLocker)
	return m.inCookies() && !own
}

// stored returns the current session in the store, or s if the store is unavailable.
func (m *Manager) stored(ctx context.Context, s *Session) (*Session, error) {
	current, err := fromStore(func() (*Session, error) { return m.keeper.reload(ctx, s) })
	if errors.Is(err, ErrStore) {
		return s, nil
	}
	return current, err
}

// otherTokens reports whether two generations of a session have different tokens.
func otherTokens(a, b *Session) bool {
	if a.Generation == b.Generation {
		return false
	}
	of, errA := a.Tokens()
	other, errB := b.Tokens()
	return errA == nil && errB == nil &&
		(of.RefreshToken != other.RefreshToken || of.AccessToken != other.AccessToken)
}

// generationsApart is the distance between generations with new tokens. Generations in between are
// for changes saved in the meantime, which are therefore always older.
const generationsApart = 256

func (m *Manager) generationAfter(earlier ...*Session) uint64 {
	latest := m.generations.lowest(earlier[0])
	if latest == allEnded {
		latest = 0
	}
	for _, s := range earlier {
		latest = max(latest, s.Generation)
	}
	return (latest/generationsApart + 1) * generationsApart
}

// supersede makes fresh the generation after base and after everything saved in the meantime, seals
// it, and writes it to the store, if there is one. If there is a result, the error is that of the
// store.
func (m *Manager) supersede(ctx context.Context, base, fresh *Session) ([]byte, error) {
	current, err := m.stored(ctx, base)
	if err != nil {
		return nil, err
	}
	if saved := m.generations.savedMeanwhile(base); saved != nil {
		current = saved
	}
	fresh.Values = merged(base.Values, current.Values, fresh.Values)
	fresh.Seen = m.now()
	fresh.Generation = m.generationAfter(base, current, fresh)
	base.Generation = fresh.Generation // the next one must be later
	sealed, err := m.sealWhole(fresh)
	if err != nil {
		return nil, err
	}
	if limit := maxChunks * m.room(m.config.CookieName); m.inCookies() && len(sealed) > limit {
		return nil, tooLarge(fresh, len(sealed), limit, false)
	}
	if !m.remember(fresh, sealed) {
		return nil, errEnded
	}
	return sealed, m.writeThrough(ctx, fresh, sealed)
}

// remember records that s supersedes earlier generations of a cookie session. It returns false if
// the session has ended here.
func (m *Manager) remember(s *Session, sealed []byte) bool {
	if !m.inCookies() {
		return true
	}
	return m.generations.supersede(s, sealed, m.config.Now(), m.config.Idle)
}

func (m *Manager) inCookies() bool {
	_, ok := m.keeper.(cookieKeeper)
	return ok
}

// writeThrough writes a sealed session to the store without a response.
func (m *Manager) writeThrough(ctx context.Context, s *Session, sealed []byte) error {
	if m.inCookies() {
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return err
	}
	written, err := m.openStored(string(sealed), m.config.Now())
	if err != nil {
		return err
	}
	written.details.record = s.details.record
	return m.keep(headerOnly{}, r, written, written.details.sealed.text(), IfOlder)
}
