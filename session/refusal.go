package session

import (
	"context"
	"errors"
	"sync"
	"time"
)

// An invalid session has either been ended, or cannot be used by this process: it is not valid yet,
// its provider is unknown here, or it was sealed by a newer release or under another secret. Only
// sessions of the first kind may be deleted. Another process may accept the second kind, in a
// rolling deployment or while a clock is wrong. Expired sessions need not be deleted.

// errEnded is ErrInvalid for a session that was ended.
var errEnded error = endedError{}

type endedError struct{}

func (endedError) Error() string        { return "session: not valid: it has ended" }
func (endedError) Is(target error) bool { return target == ErrInvalid || target == ErrEnded }

// An unusable is ErrInvalid for a session that another process may accept, with the reason for the
// log.
type unusable struct{ reason string }

var (
	errForeign    = &unusable{"it is not a session of this application, or was modified"}
	errIncomplete = &unusable{"some of its cookies are missing or belong to another session"}
	errNewer      = &unusable{"a newer release wrote it"}
	errOtherKey   = &unusable{"no configured secret opens it: do all servers have the same " +
		"Session.Secret?"}
	errNotYet    = &unusable{"it begins in the future: are the clocks of all servers correct?"}
	errTooOld    = &unusable{"it is older than the maximum lifetime of a session"}
	errUndecoded = &unusable{"the store cannot decode its cookie"}
	// or never had it: some stores accept any text as a name
	errGone = &unusable{"the store does not have it"}
)

func (u *unusable) Error() string        { return "session: not valid: " + u.reason }
func (u *unusable) Is(target error) bool { return target == ErrInvalid }

// refuse returns the error of Load. The reason why a session is unusable goes to the log only
// (R140).
func (m *Manager) refuse(ctx context.Context, err error) error {
	u, ok := errors.AsType[*unusable](err)
	if !ok {
		return err
	}
	m.logOnce(ctx, "session: rejected here, but kept for other servers: "+u.reason, "cookie",
		m.fullName)
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
	maxLogged = 100 // remembered texts
)

// logged remembers the time of each log text. The zero value is ready for use.
type logged struct {
	mu sync.Mutex
	at map[string]time.Time
}

// first reports whether to log the text now.
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
