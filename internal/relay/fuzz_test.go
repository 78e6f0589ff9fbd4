package relay

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// open is a Sealer whose seal anyone can make: the fuzzer has the secret.
type open struct{ now time.Time }

// Seal implements Sealer.
func (open) Seal(_ engine.Ticket, plain []byte) (string, error) { return "s" + string(plain), nil }

// Unseal implements Sealer.
func (open) Unseal(_ engine.Ticket, text string) ([]byte, error) {
	plain, sealed := strings.CutPrefix(text, "s")
	if !sealed {
		return nil, errors.New("not sealed")
	}
	return []byte(plain), nil
}

// Now implements Sealer.
func (o open) Now() time.Time { return o.now }

const fuzzOrigin = "https://a.example.com"

func newFuzzed(t testing.TB) *Handler {
	words, wrong := answer.NewWords("Login", nil)
	if wrong != nil {
		t.Fatal(wrong)
	}
	base := &url.URL{Scheme: "https", Host: "login.example.com", Path: "/callback"}
	sealer := open{time.Unix(1_800_000_000, 0)}
	return &Handler{
		States: States{URL: base.String(), Sealer: sealer}, Base: base,
		Allowed: func(_ *http.Request, origin string) bool { return origin == fuzzOrigin },
		Writer: &answer.Writer{
			Kind: "relay", Words: words, Logger: slog.New(slog.DiscardHandler), Now: sealer.Now,
		},
	}
}

// R166: a response goes to an allowed origin or is not forwarded, whatever the state contains, even
// if it was sealed with the secret.
func FuzzState_R166(f *testing.F) {
	h := newFuzzed(f)
	for _, callback := range []string{
		fuzzOrigin + "/auth/callback/op", fuzzOrigin, fuzzOrigin + "@evil.example/",
		fuzzOrigin + `\@evil.example/`, "https://evil.example/", fuzzOrigin + "/\r\nX: y",
		fuzzOrigin + "/?x=y", "//a.example.com/", fuzzOrigin + ".evil.example/", "",
	} {
		state, err := h.Wrap("op", callback, "inner")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(state, "code")
	}
	f.Add("s\x00\x00\x00\x00\xff\xff", "")
	f.Fuzz(func(t *testing.T, state, code string) {
		params := url.Values{"state": {state}, "code": {code}}.Encode()
		r := httptest.NewRequest("GET", h.URL+"/op?"+params, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		location := w.Header().Get("Location")
		if w.Code != http.StatusSeeOther {
			if location != "" || w.Code != http.StatusBadRequest {
				t.Fatalf("status %d, Location %q", w.Code, location)
			}
			return
		}
		u, err := url.Parse(location)
		if err != nil || !strings.HasPrefix(location, fuzzOrigin+"/") || u.User != nil ||
			u.Scheme+"://"+u.Host != fuzzOrigin || strings.ContainsAny(location, "\\\t\r\n #") {
			t.Fatalf("the response goes to %q (%v)", location, err)
		}
		if q := u.Query(); len(q["code"]) != 1 || q.Get("code") != code || len(q["state"]) != 1 {
			t.Fatalf("the response becomes %q", location)
		}
	})
}

// What Wrap seals, open returns.
func FuzzWrap(f *testing.F) {
	h := newFuzzed(f)
	f.Add("https://a.example.com/auth/callback/op", "state")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, callback, state string) {
		if len(callback) > 1<<16-1 {
			return
		}
		text, err := h.Wrap("op", callback, state)
		if err != nil {
			t.Fatal(err)
		}
		w, err := h.open("op", text)
		if err != nil || w.callback != callback || w.state != state ||
			!w.began.Equal(h.Sealer.Now()) {
			t.Fatalf("%q and %q become %+v (%v)", callback, state, w, err)
		}
	})
}
