package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/http"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/cookies"
)

// A gorilla store in Config.Store keeps the sealed text of a session, and the cookie is the store's
// own reference. The store sees neither tokens nor names, and a writer cannot sign in.

// storedKey is the key of the text in the gorilla session: a string, so that stores with a JSON
// serializer work.
const storedKey = "sallyport"

// A record is a session's location in the store.
type record struct {
	reference string // the cookie's value, in a gorilla store

	// In a Backend: the names of the session when it began, unless zero.
	user, sid, provider RevocationKey
}

// A gorillaKeeper keeps sessions in a gorilla store.
type gorillaKeeper struct {
	*Manager
	store sessions.Store
}

func (k gorillaKeeper) load(r *http.Request) (*Session, error) {
	var pick choice
	found, lookups := 0, 0
	for reference := range k.references(r) {
		if found++; lookups == maxLookups {
			break
		}
		s, err := k.lookUp(r, reference)
		if err != errUndecoded {
			lookups++
		}
		pick.add(s, err)
	}
	if found == 0 {
		return nil, ErrNone
	}
	if found > 1 {
		k.reportDuplicates(r, pick.session)
	}
	return pick.result(r.Context(), k.Manager)
}

// references yields each distinct value of our cookie.
func (k gorillaKeeper) references(r *http.Request) iter.Seq[string] {
	return func(yield func(string) bool) {
		known := map[string]bool{}
		for reference := range k.cookies.ReadAll(r, k.config.CookieName) {
			if known[reference] {
				continue
			}
			known[reference] = true
			if !yield(reference) {
				return
			}
		}
	}
}

func (k gorillaKeeper) reload(ctx context.Context, s *Session) (*Session, error) {
	if s.details.record == nil {
		return nil, ErrInvalid
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return nil, err
	}
	return k.lookUp(r, s.details.record.reference)
}

// lookUp returns the session that a reference refers to.
func (k gorillaKeeper) lookUp(r *http.Request, reference string) (*Session, error) {
	gs, err := k.fetch(r, reference)
	if err != nil {
		return nil, err
	}
	if gs.IsNew {
		return nil, errGone
	}
	text, _ := gs.Values[storedKey].(string)
	now := k.config.Now()
	s, err := k.openStored(text, now)
	if err != nil {
		return nil, err
	}
	if err := k.admit(r.Context(), s, now); err != nil {
		return nil, err
	}
	s.details.record = &record{reference: reference}
	return s, nil
}

// fetch gets the record of a reference from the store; an empty reference creates a record.
func (k gorillaKeeper) fetch(r *http.Request, reference string) (*sessions.Session, error) {
	gs, err := k.store.New(k.withReference(r, reference), k.fullName)
	if err != nil {
		if refused, ok := errors.AsType[securecookie.Error](err); ok && refused.IsDecode() {
			return nil, errUndecoded
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errGone
		}
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	if gs == nil {
		return nil, fmt.Errorf("%w: the store returned no session", ErrStore)
	}
	return gs, nil
}

// withReference returns a request with a single cookie, so that the store cannot select another one
// of the same name.
func (k gorillaKeeper) withReference(r *http.Request, reference string) *http.Request {
	alone := r.WithContext(r.Context())
	alone.Header = http.Header{}
	if reference != "" {
		alone.Header.Set("Cookie", k.fullName+"="+reference)
	}
	return alone
}

// write stores the session and sets the cookie.
func (k gorillaKeeper) write(w http.ResponseWriter, r *http.Request, s *Session, details string,
	c Condition) error {
	identity, err := k.sealIdentity(s, details, func(int) byte { return 0 })
	if err != nil {
		return err
	}
	gs, err := k.recordFor(r, s, c)
	if err != nil {
		return err
	}
	gs.Values = map[any]any{storedKey: identity + "." + details}
	gs.Options = &sessions.Options{
		Path: "/", Domain: k.cookies.Domain, Secure: k.cookies.Secure, HttpOnly: true,
		SameSite: k.config.SameSite, MaxAge: max(int(k.remaining(s).Seconds()), 1),
	}
	answer := headerOnly{}
	if err := k.store.Save(k.withReference(r, ""), answer, gs); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return k.passCookies(w, r, s, http.Header(answer))
}

// recordFor returns the store's record for a session: its own if the condition holds. For a new
// session it creates one, after it has ended the sessions of the request.
func (k gorillaKeeper) recordFor(r *http.Request, s *Session, c Condition) (*sessions.Session,
	error) {
	if c == IfAbsent {
		if err := k.endPrevious(r, s); err != nil {
			return nil, err
		}
		gs, err := k.fetch(r, "")
		if err != nil {
			return nil, err
		}
		gs.ID, gs.IsNew = "", true // the store names a record, never the request
		return gs, nil
	}
	if s.details.record == nil {
		return nil, ErrInvalid
	}
	gs, err := k.fetch(r, s.details.record.reference)
	if err != nil {
		return nil, err
	}
	text, _ := gs.Values[storedKey].(string)
	stored, err := k.openStored(text, k.config.Now())
	if gs.IsNew || err != nil || stored.ID != s.ID {
		return nil, ErrInvalid // ended in the meantime: a write would restore it
	}
	if err := c.check(true, stored.Generation, s.Generation); err != nil {
		return nil, err
	}
	return gs, nil
}

// passCookies forwards the store's cookies. The session cookie gets our attributes instead of the
// store's.
func (k gorillaKeeper) passCookies(w http.ResponseWriter, r *http.Request, s *Session,
	answer http.Header) error {
	for _, line := range answer["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			return fmt.Errorf("%w: the store set a malformed cookie", ErrStore)
		}
		if cookie.Name != k.fullName {
			cookies.Write(w, cookie)
			continue
		}
		s.details.record = &record{reference: cookie.Value}
		k.cookies.Set(w, k.config.CookieName, cookie.Value, k.remaining(s), k.config.SameSite)
	}
	if s.details.record == nil {
		return fmt.Errorf("%w: the store set no cookie", ErrStore)
	}
	k.removeChunks(w, r, 1)
	return nil
}

// end deletes the records that the request's cookies refer to.
func (k gorillaKeeper) end(r *http.Request) error {
	var failed []error
	lookups := 0
	for reference := range k.references(r) {
		if lookups == maxLookups {
			break
		}
		err := k.endRecord(r, reference)
		if err != errUndecoded {
			lookups++
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (k gorillaKeeper) endNamed(r *http.Request, n *sessionName) error {
	if n.record == "" {
		return k.recordEnd(r.Context(), n.session(k.Manager))
	}
	if err := k.endRecord(r, n.record); err != errUndecoded {
		return err
	}
	return nil
}

// endRecord deletes the record of a reference. The error is errUndecoded or wraps ErrStore.
func (k gorillaKeeper) endRecord(r *http.Request, reference string) error {
	gs, err := k.fetch(r, reference)
	if errors.Is(err, ErrStore) || err == errUndecoded {
		return err
	}
	if err != nil || gs.IsNew {
		return nil
	}
	text, _ := gs.Values[storedKey].(string)
	gs.Options = &sessions.Options{Path: "/", Domain: k.cookies.Domain, MaxAge: -1}
	if err := k.store.Save(k.withReference(r, reference), headerOnly{}, gs); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	s, err := k.openStored(text, k.config.Now())
	if err != nil {
		return nil
	}
	return k.recordEnd(r.Context(), s)
}

// headerOnly collects the cookies that a store sets, for inspection.
type headerOnly http.Header

func (h headerOnly) Header() http.Header { return http.Header(h) }
func (h headerOnly) Write([]byte) (int, error) {
	return 0, errors.New("session: the store wrote a response body")
}
func (h headerOnly) WriteHeader(int) {}
