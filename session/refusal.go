package session

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A session that is not valid has either been ended, or is of no use here: not valid yet, of a provider
// that this process does not know, sealed by a newer release or under another secret. Only the first kind
// may be deleted. Another process can use the second kind: in a rolling deployment, or while one of the
// clocks is wrong. Sessions that have expired need not be deleted.

// errEnded is ErrInvalid for a session that has provably been ended.
var errEnded error = endedError{}

type endedError struct{}

func (endedError) Error() string        { return "session: not valid: it has ended" }
func (endedError) Is(target error) bool { return target == ErrInvalid || target == ErrEnded }

// An unusable is ErrInvalid for a session that may be valid elsewhere, with the reason for the log.
type unusable struct{ reason string }

var (
	errForeign    = &unusable{"it is not a session of this application, or was changed"}
	errIncomplete = &unusable{"some of its cookies are missing or of another session"}
	errNewer      = &unusable{"a newer release has written it"}
	errOtherKey   = &unusable{"no configured secret opens it: do all servers have the same Session.Secret?"}
	errNotYet     = &unusable{"it begins in the future: are the clocks of all servers right?"}
	errTooOld     = &unusable{"it was written longer ago than a session can live"}
	errUndecoded  = &unusable{"the store cannot decode its cookie"}
	errGone       = &unusable{"the store does not have it"} // or it never had: some take any text for a name
)

func (u *unusable) Error() string        { return "session: not valid: " + u.reason }
func (u *unusable) Is(target error) bool { return target == ErrInvalid }

// refuse returns the error of Load. Why a session is of no use here is for the log alone (R140).
func (m *Manager) refuse(ctx context.Context, err error) error {
	u, ok := errors.AsType[*unusable](err)
	if !ok {
		return err
	}
	m.logOnce(ctx, "session: rejected, and kept for other servers: "+u.reason, "cookie", m.fullName)
	return ErrInvalid
}

// logOnce logs a warning at most once an hour, because every request can cause it.
func (m *Manager) logOnce(ctx context.Context, text string, attrs ...any) {
	if m.logged.first(text, m.config.Now()) {
		m.site.Logger.WarnContext(ctx, text, attrs...)
	}
}

const (
	logAgain  = time.Hour
	maxLogged = 100 // texts that are remembered
)

// logged remembers when what was logged. The zero value is ready for use.
type logged struct {
	mu sync.Mutex
	at map[string]time.Time
}

// first reports whether the text is to be logged now.
func (l *logged) first(text string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, known := l.at[text]; known && now.Sub(at).Abs() < logAgain {
		return false
	}
	if l.at == nil || len(l.at) >= maxLogged {
		l.at = map[string]time.Time{}
	}
	l.at[text] = now
	return true
}
