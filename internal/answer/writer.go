package answer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/internal/logtext"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

// ReturnParam is the parameter of the login and logout routes that names the return address.
// Programs learn its name from package problem.
const ReturnParam = "return_to"

// A Writer answers requests that cannot be answered as wished. Fill in the fields, use it, then
// leave them alone. It is safe for concurrent use.
type Writer struct {
	Kind   string // of the events, such as "login"
	Words  *Words
	Logger *slog.Logger
	Now    func() time.Time

	OnError func(http.ResponseWriter, *http.Request, *problem.Error) bool // may be nil
	OnEvent func(context.Context, session.Event)                          // may be nil
}

// Fail answers the request with err: it is logged once, told to OnEvent, and shown to the browser
// by OnError or in the built-in way. Nothing may have been written to w before.
func (wr *Writer) Fail(w http.ResponseWriter, r *http.Request, err error) {
	wr.fail(w, r, err, WantsPage(r))
}

// FailJSON is Fail for requests that only programs send: the built-in answer is never a page.
func (wr *Writer) FailJSON(w http.ResponseWriter, r *http.Request, err error) {
	wr.fail(w, r, err, false)
}

func (wr *Writer) fail(w http.ResponseWriter, r *http.Request, err error, page bool) {
	e := From(err)
	wr.Log(r.Context(), e)
	wr.Event(r.Context(), session.Event{Outcome: e.Code, Provider: e.Provider, Ref: e.Ref})
	wr.answer(w, r, e, page)
}

// Challenge is FailJSON without log line, event and reference number, for requests that have merely
// not signed in yet.
func (wr *Writer) Challenge(w http.ResponseWriter, r *http.Request, e *problem.Error) {
	wr.answer(w, r, withDefaults(*e), false)
}

// Show answers with a page that reports no failure: it is not logged and no event. OnError may
// replace it.
func (wr *Writer) Show(w http.ResponseWriter, r *http.Request, e *problem.Error) {
	wr.answer(w, r, withDefaults(*e), true)
}

// Serve runs f, which answers the request. If f panics, the answer is 500. http.ErrAbortHandler
// passes through: code that has the ResponseWriter aborts the connection with it.
func (wr *Writer) Serve(w http.ResponseWriter, r *http.Request, f func()) {
	if err := serve(f); err != nil {
		wr.Fail(w, r, err)
	}
}

func serve(f func()) error {
	err := recovered.Call(func() error { f(); return nil })
	if p, ok := err.(*recovered.Panic); ok && p.Value == http.ErrAbortHandler {
		panic(http.ErrAbortHandler)
	}
	return err
}

// answer writes e, which is complete but for the words.
func (wr *Writer) answer(w http.ResponseWriter, r *http.Request, e *problem.Error, page bool) {
	lang := wr.Words.Language(r)
	wr.Words.fill(lang, e)
	e.Page = page
	varyByLanguage(w.Header())
	Protect(w.Header())
	if hasForm(e.Links) {
		protectForm(w.Header())
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if wr.answered(w, r, e) {
		return
	}
	if page {
		wr.writePage(w, r, lang, e)
		return
	}
	body, err := json.Marshal(e)
	if err != nil {
		body = []byte(`{}`) // strings and an int always marshal
	}
	WriteJSON(w, r, lang, e.Status, body)
}

// answered reports whether the application has answered the request.
func (wr *Writer) answered(w http.ResponseWriter, r *http.Request, e *problem.Error) (done bool) {
	if wr.OnError == nil {
		return false
	}
	if err := serve(func() { done = wr.OnError(w, r, e) }); err != nil {
		wr.complain(r.Context(), "sallyport: OnError failed", err, slog.String("ref", e.Ref))
	}
	return done
}

// WriteJSON writes a body of application/problem+json in a language.
func WriteJSON(w http.ResponseWriter, r *http.Request, lang string, status int, body []byte) {
	h := w.Header()
	inLanguage(h, lang)
	h["Content-Type"] = []string{"application/problem+json"}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// Log gives e a reference number, and writes its log line.
func (wr *Writer) Log(ctx context.Context, e *problem.Error) {
	if e.Ref == "" {
		e.Ref = rand.Text()[:10]
	}
	level := slog.LevelWarn
	if e.Status >= 500 {
		level = slog.LevelError
	}
	wr.log(ctx, level, "sallyport: request refused", attrs(e)...)
}

// attrs are what the log line of an error has.
func attrs(e *problem.Error) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("code", e.Code), slog.Int("status", e.Status), slog.String("ref", e.Ref),
	}
	if e.Provider != "" {
		attrs = append(attrs, slog.String("provider", e.Provider))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", Printable(e.Err.Error())))
	}
	if _, known := Find(e.Code); known {
		attrs = append(attrs, slog.String("help", Help(e.Code)))
	}
	return append(attrs, recovered.Stack(e.Err))
}

// complain logs an error that does not change the answer.
func (wr *Writer) complain(ctx context.Context, message string, err error, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("error", Printable(err.Error())), recovered.Stack(err))
	wr.log(ctx, slog.LevelError, message, attrs...)
}

// log writes a line. A handler of the application that panics loses its line, and nothing else.
func (wr *Writer) log(
	ctx context.Context, level slog.Level, message string, attrs ...slog.Attr,
) {
	_ = recovered.Call(func() error {
		wr.Logger.LogAttrs(ctx, level, message, attrs...)
		return nil
	})
}

// Event fills in what is common to the writer's events and hands ev to OnEvent.
func (wr *Writer) Event(ctx context.Context, ev session.Event) {
	if wr.OnEvent == nil {
		return
	}
	ev.Kind, ev.Time = wr.Kind, wr.Now()
	if err := recovered.Call(func() error { wr.OnEvent(ctx, ev); return nil }); err != nil {
		wr.complain(ctx, "sallyport: OnEvent failed", err)
	}
}

// longestCause is the longest cause of a failure that is logged, in characters.
const longestCause = 1000

// Printable makes the text of an error fit for one line of a log.
func Printable(s string) string { return logtext.Printable(s, longestCause) }
