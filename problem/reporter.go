package problem

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/page"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// A Reporter answers failed requests. Fill in the fields, use it, then leave them alone.
// It is safe for concurrent use.
type Reporter struct {
	Kind    string // of the events, such as "login"
	Logger  *slog.Logger
	OnError func(http.ResponseWriter, *http.Request, error) // nil: the built-in answer
	OnEvent func(context.Context, session.Event)            // may be nil
	Now     func() time.Time
}

// Fail answers the request with err: it is logged once, told to OnEvent, and shown to the
// browser by OnError or in the built-in way. Nothing may have been written to w before.
func (rp *Reporter) Fail(w http.ResponseWriter, r *http.Request, err error) {
	rp.fail(w, r, err, Write)
}

// FailJSON is Fail for requests that only programs send: the built-in answer is never a page.
func (rp *Reporter) FailJSON(w http.ResponseWriter, r *http.Request, err error) {
	rp.fail(w, r, err, writeJSON)
}

// builtIn writes an error in one way.
type builtIn func(http.ResponseWriter, *http.Request, *Error)

func (rp *Reporter) fail(w http.ResponseWriter, r *http.Request, err error, write builtIn) {
	e := From(err)
	rp.Log(r.Context(), e)
	rp.Event(r.Context(), session.Event{Outcome: e.Code, Provider: e.Provider, Ref: e.Ref})
	rp.answer(w, r, e, write)
}

// Challenge is FailJSON without log line, event and reference number, for requests that have merely
// not signed in yet.
func (rp *Reporter) Challenge(w http.ResponseWriter, r *http.Request, e *Error) {
	rp.answer(w, r, e, writeJSON)
}

// Show answers with a page that reports no failure: it is not logged and no event. OnError may
// replace it.
func (rp *Reporter) Show(w http.ResponseWriter, r *http.Request, e *Error) {
	rp.answer(w, r, e, writePage)
}

func (rp *Reporter) answer(w http.ResponseWriter, r *http.Request, e *Error, write builtIn) {
	page.Protect(w.Header())
	if e.Form != nil {
		page.ProtectForm(w.Header())
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if rp.OnError != nil {
		if err := serve(func() { rp.OnError(w, r, e) }); err != nil {
			rp.complain(r.Context(), "sallyport: OnError failed", err, slog.String("ref", e.Ref))
			write(w, r, e)
		}
		return
	}
	write(w, r, e)
}

// Log gives e a reference number, and writes its log line.
func (rp *Reporter) Log(ctx context.Context, e *Error) {
	if e.Ref == "" {
		e.Ref = rand.Text()[:10]
	}
	level := slog.LevelWarn
	if e.Status >= 500 {
		level = slog.LevelError
	}
	rp.write(ctx, level, "sallyport: request refused", e.attrs()...)
}

// attrs are what the log line of an error has.
func (e *Error) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("code", e.Code), slog.Int("status", e.Status), slog.String("ref", e.Ref)}
	if e.Provider != "" {
		attrs = append(attrs, slog.String("provider", e.Provider))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", Printable(e.Err.Error())))
	}
	if _, known := answer.Find(e.Code); known {
		attrs = append(attrs, slog.String("help", answer.Help(e.Code)))
	}
	return append(attrs, recovered.Stack(e.Err))
}

// complain logs an error that does not change the answer.
func (rp *Reporter) complain(ctx context.Context, message string, err error, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("error", Printable(err.Error())), recovered.Stack(err))
	rp.write(ctx, slog.LevelError, message, attrs...)
}

// write logs. A handler of the application that panics loses its line, and nothing else.
func (rp *Reporter) write(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	_ = Call(func() error { rp.Logger.LogAttrs(ctx, level, message, attrs...); return nil })
}

// Event fills in what is common to the reporter's events and hands ev to OnEvent.
func (rp *Reporter) Event(ctx context.Context, ev session.Event) {
	if rp.OnEvent == nil {
		return
	}
	ev.Kind, ev.Time = rp.Kind, rp.Now()
	if err := Call(func() error { rp.OnEvent(ctx, ev); return nil }); err != nil {
		rp.complain(ctx, "sallyport: OnEvent failed", err)
	}
}

// Write is the built-in answer: a page for a browser, application/problem+json (RFC 9457)
// for a client that asks for JSON or fetches from a script.
func Write(w http.ResponseWriter, r *http.Request, e *Error) {
	if !WantsPage(r) {
		writeJSON(w, r, e)
		return
	}
	writePage(w, r, e)
}

func writePage(w http.ResponseWriter, r *http.Request, e *Error) {
	p := page.Page{Title: e.title(), Ref: e.Ref}
	if e.Text != "" {
		p.Text = []string{e.Text}
	}
	for _, l := range e.Links {
		p.Links = append(p.Links, page.Link(l))
	}
	if e.Form != nil {
		p.Form = (*page.Form)(e.Form)
	}
	page.Write(w, r, e.Status, p)
}

func writeJSON(w http.ResponseWriter, r *http.Request, e *Error) {
	body, err := json.Marshal(e)
	if err != nil {
		body = []byte(`{}`) // strings and an int always marshal
	}
	page.Protect(w.Header())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// Printable makes text from elsewhere fit for one line of a log: control characters and
// whatever is not printable become '.', and the length is bounded.
func Printable(s string) string {
	const longest = 1000
	out := make([]rune, 0, min(len(s), longest))
	for _, r := range s {
		if len(out) == longest {
			return string(out) + "…"
		}
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			r = '.'
		}
		out = append(out, r)
	}
	return string(out)
}
