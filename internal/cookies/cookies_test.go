package cookies

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"
)

func TestCookies_R92_R142_Attributes(t *testing.T) {
	for _, c := range []struct {
		base, domain, name string
		secure             bool
	}{
		{"https://app.example.com", "", "__Host-n", true},
		{"https://app.example.com", "example.com", "__Secure-n", true},
		{"http://localhost:8080", "", "n", false},
	} {
		base, _ := url.Parse(c.base)
		cookies := New(base, c.domain)
		w := httptest.NewRecorder()
		// The request (plain http behind a proxy) does not matter: Set and Delete do not see it.
		cookies.Set(w, "n", "v", time.Hour, http.SameSiteLaxMode)
		cookies.Delete(w, "m", http.SameSiteLaxMode)
		for i, got := range w.Result().Cookies() {
			if got.Path != "/" || got.Domain != c.domain || got.Secure != c.secure ||
				!got.HttpOnly || got.SameSite != http.SameSiteLaxMode {
				t.Errorf("%s: %+v", c.base, got)
			}
			if i == 0 && (got.Name != c.name || got.MaxAge != 3600) || i == 1 &&
				(got.MaxAge >= 0 || got.Value != "") {
				t.Errorf("%s: %+v", c.base, got)
			}
		}
	}
}

func TestCookies_R102_OneLinePerName(t *testing.T) {
	base, _ := url.Parse("https://app.example.com")
	cookies := New(base, "")
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "foreign", Value: "1"})
	cookies.Set(w, "n", "1", 0, http.SameSiteLaxMode)
	cookies.Set(w, "nn", "1", 0, http.SameSiteLaxMode)
	cookies.Delete(w, "n", http.SameSiteLaxMode)
	cookies.Set(w, "n", "2", 0, http.SameSiteLaxMode)
	var got []string
	for _, c := range w.Result().Cookies() {
		got = append(got, c.Name+"="+c.Value)
	}
	if want := []string{"foreign=1", "__Host-nn=1", "__Host-n=2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCookies_SameSiteNoneNeedsSecure(t *testing.T) {
	base, _ := url.Parse("http://localhost")
	w := httptest.NewRecorder()
	New(base, "").Set(w, "n", "v", 0, http.SameSiteNoneMode)
	if got := w.Result().Cookies()[0].SameSite; got != http.SameSiteLaxMode {
		t.Errorf("SameSite %v", got)
	}
}

func TestCookies_R92_ExactNamesOnly(t *testing.T) {
	base, _ := url.Parse("https://app.example.com")
	cookies := New(base, "")
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Cookie"] = []string{
		"__Host-s =space; \u2000__Host-s=wide;  __Host-s=two; __host-s=case; s=bare; __Host-s; " +
			"__Host-s=1;__Host-s=2; __Host-ss=3",
		"__Host-s=3=4", "",
	}
	if got, want := slices.Collect(cookies.ReadAll(r, "s")),
		[]string{"1", "2", "3=4"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	n := testing.AllocsPerRun(100, func() {
		for range cookies.ReadAll(r, "s") {
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
