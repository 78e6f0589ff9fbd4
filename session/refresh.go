package session

import (
	"context"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// maxHops is how many generations a request may be behind.
const maxHops = 4

// A Renewal gets new tokens for a session, and what else is new with them. It calls store with what
// must not be lost before it goes on: the old refresh token may be spent. Nil without an error means
// that the session is over. An error that has a method RetryAfter() time.Duration is taken at its
// word, within ten minutes.
type Renewal func(ctx context.Context, s *Session, store func(*Session)) (*Session, error)

// Refresh returns the generation of s that this request needs: s itself while its tokens are good,
// else the one after it, which renew makes. It sets the cookies of a later generation. With a nil w,
// because the response has begun, the user's next request gets them.
//
// renew runs once for all requests that hold s, also in other processes if they share Config.Locker,
// with a context of its own: it goes on when the request ends. What other requests save meanwhile is
// kept. After an error of renew, which all of them get, it is left alone for a second, and longer
// after each further one.
//
// Tokens that cannot be renewed now, but are still valid, have to do. Otherwise the error is that of
// renew, and tells when to try again (RetryAfter() time.Duration); or it wraps [ErrStore]. It is
// [ErrEnded] if the session is over, whose cookies are removed, and [ErrInvalid] if it is of no use
// here any more.
func (m *Manager) Refresh(w http.ResponseWriter, r *http.Request, s *Session,
	good func(*Session, Tokens) bool, renew Renewal) (*Session, error) {
	newest, err := m.withTokens(r.Context(), s, good, renew)
	switch {
	case w == nil:
	case errors.Is(err, ErrEnded):
		if err := m.Discard(w, r); err != nil {
			m.site.Logger.ErrorContext(r.Context(), "session: an ended session is not removed",
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

// withTokens returns the first generation from s on whose tokens are good.
func (m *Manager) withTokens(ctx context.Context, s *Session, good func(*Session, Tokens) bool,
	renew Renewal) (*Session, error) {
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

// nextUnlessPaused is next with pauses after failures.
func (m *Manager) nextUnlessPaused(ctx context.Context, s *Session, renew Renewal) (
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
