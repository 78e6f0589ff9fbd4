package session

import (
	"context"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// maxHops is how many generations behind a request's session may be.
const maxHops = 4

// A renewal gets new tokens, and other changes, for a session. It calls store with results that
// must not be lost, because the old refresh token may be spent, before it continues. A nil session
// without an error means that the session has ended. If an error has a method RetryAfter()
// time.Duration, it is respected, up to ten minutes.
type renewal = func(ctx context.Context, s *Session, store func(*Session)) (*Session, error)

// Refresh returns the generation of s that this request needs: s itself while its tokens are good,
// otherwise the next one, which renew creates. It sets the cookies of a later generation. Pass a
// nil w if the response has begun: the user's next request then gets the cookies.
//
// renew runs once for all requests that hold s, even in other processes if they share
// Config.Locker, with its own context: it continues when the request ends. Changes saved by other
// requests in the meantime are kept. All these requests get an error of renew; renew then pauses
// for a second, and longer after each further error.
//
// If renew fails but the tokens are still valid, Refresh returns s. Otherwise the error is that of
// renew, and says when to try again (RetryAfter() time.Duration), or it wraps [ErrStore]. It is
// [ErrEnded] if the session has ended, whose cookies are removed, and [ErrInvalid] if the session
// can no longer be used here.
func (m internals) Refresh(w http.ResponseWriter, r *http.Request, s *Session,
	good func(*Session, Tokens) bool, renew renewal) (*Session, error) {
	m.Manager = m.at(r)
	newest, err := m.withTokens(r.Context(), s, good, renew)
	switch {
	case w == nil:
	case errors.Is(err, ErrEnded):
		if err := m.discard(w, r); err != nil {
			m.site.Logger.ErrorContext(r.Context(), "session: removing an ended session failed",
				"error", err, recovered.Stack(err))
		}
	case err == nil && newest != s:
		err = m.adopt(w, r, newest)
	}
	if err != nil {
		return nil, err
	}
	return newest, nil
}

// withTokens returns the first generation from s on that has good tokens.
func (m *Manager) withTokens(ctx context.Context, s *Session, good func(*Session, Tokens) bool,
	renew renewal) (*Session, error) {
	for range maxHops {
		tokens, err := s.Tokens()
		if err != nil {
			return nil, err
		}
		if good(s, tokens) || tokens.RefreshToken == "" {
			break
		}
		next, err := m.nextUnlessPaused(ctx, s, renew)
		switch {
		case err == nil:
			s = next
		case !errors.Is(err, ErrEnded) && !errors.Is(err, ErrInvalid) &&
			tokens.Expiry.After(m.config.Now()):
			return s, nil
		default:
			return nil, err
		}
	}
	return s, nil
}

// nextUnlessPaused is next with a pause after each failure.
func (m *Manager) nextUnlessPaused(ctx context.Context, s *Session, renew renewal) (
	*Session, error) {
	if err := m.pauses.wait(s.ID, m.config.Now()); err != nil {
		return nil, err
	}
	return m.next(ctx, s, func(ctx context.Context, s *Session, store func(*Session)) (
		*Session, error) {
		fresh, err := renew(ctx, s, func(renewed *Session) {
			m.pauses.done(s.ID)
			store(renewed)
		})
		if err != nil {
			return nil, m.pauses.failed(s.ID, m.config.Now(), err)
		}
		return fresh, nil
	})
}
