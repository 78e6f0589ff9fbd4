package rig

import (
	"net/http"
	"strings"
	"testing"
)

// At returns the origin of the application at another host.
func (app *App) At(host string) string {
	scheme, addr, _ := strings.Cut(app.URL, "://")
	return scheme + "://" + host + addr[strings.LastIndex(addr, ":"):]
}

// AgainAt is the same application after a restart with another base URL.
func (app *App) AgainAt(t testing.TB, baseURL string) http.Handler {
	t.Helper()
	c := app.config
	c.BaseURL = baseURL
	app.restart(t, c)
	path := strings.TrimPrefix(baseURL, app.URL)
	return app.Auth.Handler(http.StripPrefix(path, app.Mux))
}
