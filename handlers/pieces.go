package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// A sealed value that may be too large for one cookie travels in pieces, each in a cookie of its
// own: the name, "-", and the number of the piece.

const (
	pieceSize = 3600 // browsers limit a cookie to 4096 bytes, with name and attributes
	maxPieces = 4
)

var errTooLong = errors.New("handlers: the value is too large for cookies")

// setPieces stores a sealed value.
func (h *routes) setPieces(w http.ResponseWriter, name, text string, lifetime time.Duration) error {
	if len(text) > maxPieces*pieceSize {
		return errTooLong
	}
	for i := 0; len(text) > 0; i++ {
		n := min(pieceSize, len(text))
		h.config.Sessions.Cookies().Set(w, h.piece(name, i), text[:n], lifetime,
			http.SameSiteLaxMode)
		text = text[n:]
	}
	return nil
}

// takePieces returns the value, or "" if there is none, and removes its cookies.
func (h *routes) takePieces(w http.ResponseWriter, r *http.Request, name string) string {
	text := ""
	for i := range maxPieces {
		piece := ""
		for piece = range h.values(r, h.piece(name, i)) {
			break
		}
		if piece == "" {
			break
		}
		h.config.Sessions.Cookies().Delete(w, h.piece(name, i), http.SameSiteLaxMode)
		text += piece
	}
	return text
}

func (h *routes) piece(name string, i int) string {
	return h.cookie(name + "-" + strconv.Itoa(i))
}
