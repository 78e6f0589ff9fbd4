package session

import (
	"errors"
	"net/http/httptest"
	"testing"
)

// R96, R106: a sealed next generation replaces only an earlier generation of the same session.
func TestTransfer_OnlyLaterGenerationsOfTheSameSession(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(realSession(true))
	first := b.load()
	next := first.Clone()
	next.Generation++
	sealed, err := b.sealWhole(next)
	if err != nil {
		t.Fatal(err)
	}
	later, err := b.opened(t.Context(), sealed, first)
	if err != nil || later.Generation != first.Generation+1 || later.ID != first.ID {
		t.Fatalf("%+v, %v", later, err)
	}
	if _, err := b.opened(t.Context(), sealed, later); !errors.Is(err, ErrInvalid) {
		t.Errorf("a generation replaces itself: %v", err)
	}
	other := first.Clone()
	other.ID = "AAAAAAAAAAAAAAAAAAAAAA"
	if _, err := b.opened(t.Context(), sealed, other); !errors.Is(err, ErrInvalid) {
		t.Errorf("a generation replaces another session: %v", err)
	}
	for i := range sealed {
		changed := append([]byte(nil), sealed...)
		if changed[i]++; changed[i] == '[' || changed[i] == '{' || changed[i] == ':' ||
			changed[i] == '`' {
			changed[i] = 'A'
		}
		if i%17 == 0 {
			if _, err := b.opened(t.Context(), changed, first); !errors.Is(err, ErrInvalid) {
				t.Errorf("byte %d changed: %v", i, err)
			}
		}
	}
	tokens, err := later.Tokens()
	want, _ := first.Tokens()
	if err != nil || tokens.RefreshToken != want.RefreshToken {
		t.Errorf("the tokens are missing: %v", err)
	}
	// Two responses may set it; the session is the same.
	for range 2 {
		w := httptest.NewRecorder()
		if err := b.adopt(w, b.request(), later); err != nil || len(w.Result().Cookies()) == 0 {
			t.Errorf("adopt: %v", err)
		}
	}
	b.now = b.now.Add(b.config.Lifetime)
	if _, err := b.opened(t.Context(), sealed, first); !errors.Is(err, ErrInvalid) {
		t.Errorf("after the lifetime: %v", err)
	}
}
