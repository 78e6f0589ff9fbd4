package handlers

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
)

// A clientFile is a part of the module that pages of the application import.
type clientFile struct {
	name, contentType, etag string
	content                 []byte
}

//go:embed client/client.js
var clientModule []byte

//go:embed client/client.d.ts
var clientTypes []byte

const clientModuleName = "client.js"

// clientFiles are the files by route.
var clientFiles = map[string]clientFile{
	clientModuleName: newClientFile(clientModuleName, "text/javascript; charset=utf-8",
		clientModule),
	// Browsers do not load it; text is what editors and people can open.
	"client.d.ts": newClientFile("client.d.ts", "text/plain; charset=utf-8", clientTypes),
}

func newClientFile(name, contentType string, content []byte) clientFile {
	sum := sha256.Sum256(content)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
	return clientFile{name, contentType, etag, content}
}

// clientFile serves a file of the module. Browsers keep it, and ask each time whether it is still
// current: its address has no version.
func (h *routes) clientFile(w http.ResponseWriter, r *http.Request, f clientFile) {
	if !h.admit(w, r, h.config.Login, http.MethodGet, http.MethodHead) {
		return
	}
	header := w.Header()
	answer.Protect(header)
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Type", f.contentType)
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("ETag", f.etag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
}

// signedInRoute is where a login in a popup ends.
const signedInRoute = "signed-in"

// signedIn shows the page at which a login in a popup ends: it tells the other pages and closes the
// window. It does not look for the session, whose cookie browsers withhold here if it is
// SameSite=Strict; the other pages ask for themselves.
func (h *routes) signedIn(w http.ResponseWriter, r *http.Request) {
	if h.admit(w, r, h.config.Login, http.MethodGet, http.MethodHead) {
		h.config.Login.SignedIn(w, r, h.config.Paths.Prefix+"/"+clientModuleName)
	}
}

// forScripts serves the routes of Config.SessionEndpoint. It reports false for any other path.
func (h *routes) forScripts(w http.ResponseWriter, r *http.Request, route string) bool {
	if !h.config.SessionEndpoint {
		return false
	}
	file, ok := clientFiles[route]
	switch {
	case ok:
		h.clientFile(w, r, file)
	case route == "session":
		h.sessionInfo(w, r)
	case route == signedInRoute:
		h.signedIn(w, r)
	default:
		return false
	}
	return true
}
