package session

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The details of a session are what most requests never look at, although it is most of the bytes: the tokens
// and the claims beyond the identity. They are sealed apart and opened when somebody asks.
const detailsFormat = 1

// details is the state of a session's details: what came with it, overlaid by what was set since.
type details struct {
	tokens *Tokens
	claims json.RawMessage
	sealed *sealedDetails // nil unless the session was loaded
	record *record        // nil unless the session lives in a store

	origin               *sealedDetails // what was loaded, also after sealed is nil
	tokensSet, claimsSet bool           // since it was loaded
}

// sealedDetails opens the details of a loaded session, once, for all goroutines of the request.
type sealedDetails struct {
	manager  *Manager
	loadedAt time.Time
	binding  detailsBinding
	identity string            // plaintext of the identity part
	current  bool              // sealed under the newest secret
	behind   bool              // the browser has an earlier generation
	parts    [maxChunks]string // the details text, in pieces

	once   sync.Once
	tokens *Tokens
	claims keptClaims
	err    error
}

// Tokens returns the tokens. Its errors are [ErrNoTokens] and, if the details cannot be opened (their secret has been
// removed from the configuration), [ErrInvalid].
//
// The goroutines of one request may call Tokens and Claims at the same time.
func (s *Session) Tokens() (Tokens, error) {
	tokens := s.details.tokens
	if tokens == nil && s.details.sealed != nil {
		if err := s.details.sealed.open(); err != nil {
			return Tokens{}, err
		}
		tokens = s.details.sealed.tokens
	}
	if tokens == nil || tokens.AccessToken == "" && tokens.IDToken == "" && tokens.RefreshToken == "" {
		return Tokens{}, ErrNoTokens
	}
	return *tokens, nil
}

// SetTokens replaces the tokens. They are kept by the next Manager.Start or Manager.Save.
func (s *Session) SetTokens(t Tokens) {
	t.Scopes = slices.Clone(t.Scopes)
	s.details.tokens, s.details.tokensSet = &t, true
}

// Claims decodes what the provider said about the user into v, as json.Unmarshal does. Members that belong to
// the protocol (aud, exp, nonce, ...) are left out. A session without claims answers with those that its
// fields stand for. Its errors are those of json.Unmarshal, and those of [Session.Tokens] but ErrNoTokens.
func (s *Session) Claims(v any) error {
	raw, err := s.rawClaims()
	if err != nil {
		return err
	}
	if raw, err = userClaims(raw, s); err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// rawClaims returns the claims as they were set, or nil.
func (s *Session) rawClaims() (json.RawMessage, error) {
	if s.details.claims != nil || s.details.sealed == nil {
		return s.details.claims, nil
	}
	if err := s.details.sealed.open(); err != nil {
		return nil, err
	}
	return s.details.sealed.rawClaims()
}

// SetClaims replaces the claims: a JSON object, such as the payload of the ID token, that names no member
// twice. They are kept by the next Manager.Start or Manager.Save.
func (s *Session) SetClaims(raw json.RawMessage) error {
	if _, err := parseObject(raw); err != nil {
		return err
	}
	s.details.claims, s.details.claimsSet = slices.Clone(raw), true
	return nil
}

// settle brings tokens and claims out of the seal, so that they can be sealed anew.
func (s *Session) settle() error {
	if s.details.sealed == nil {
		return nil
	}
	claims, err := s.rawClaims()
	if err != nil {
		return err
	}
	if err := s.details.sealed.open(); err != nil {
		return err
	}
	if s.details.tokens == nil {
		s.details.tokens = s.details.sealed.tokens
	}
	s.details.claims = claims
	s.details.sealed = nil
	return nil
}

func (d *sealedDetails) open() error {
	d.once.Do(func() { d.err = d.decode() })
	return d.err
}

func (d *sealedDetails) decode() error {
	text := d.text()
	if text == "" {
		return nil
	}
	plain, _, err := d.manager.keyring.open(PurposeDetails, d.manager.detailsSeal(d.binding), text, d.loadedAt)
	if err != nil {
		return ErrInvalid
	}
	var ok bool
	if d.tokens, d.claims, ok = decodeDetails(string(plain)); !ok {
		return ErrInvalid
	}
	return nil
}

// rawClaims restores the claims of opened details, from what the identity held when they were sealed.
func (d *sealedDetails) rawClaims() (json.RawMessage, error) {
	var raw json.RawMessage
	ok := true
	switch d.claims.how {
	case claimsInIDToken:
		raw, ok = payload(d.tokens.IDToken)
	case claimsStored:
		var identity Session
		if _, ok = decodeIdentity(d.identity, &identity, nil); ok {
			raw, ok = withHeld(d.claims.rest, d.claims.held, &identity)
		}
	}
	if !ok {
		return nil, ErrInvalid
	}
	return raw, nil
}

// text returns the details text in one piece.
func (d *sealedDetails) text() string {
	if d.parts[1] == "" {
		return d.parts[0]
	}
	return strings.Join(d.parts[:], "")
}

// A detailsBinding names one write of one session. Details are bound to it: those of another never open.
type detailsBinding struct {
	id         string
	generation uint64
}

func (m *Manager) detailsSeal(b detailsBinding) []byte {
	return associatedData(PurposeDetails, m.fullName, m.origin, m.prefix, b.id, strconv.FormatUint(b.generation, 10))
}

// encodeDetails returns nil when there is nothing to keep.
func encodeDetails(s *Session) ([]byte, error) {
	tokens, claims := s.details.tokens, s.details.claims
	if tokens == nil && claims == nil {
		return nil, nil
	}
	b := make([]byte, 0, 1024)
	b = append(b, detailsFormat)
	if tokens == nil {
		tokens = &Tokens{}
	}
	b = appendPacked(b, tokens.AccessToken)
	b = appendPacked(b, tokens.RefreshToken)
	b = appendPacked(b, tokens.IDToken)
	b = appendText(b, tokens.TokenType)
	b = appendText(b, tokens.Secret)
	b = appendTexts(b, tokens.Scopes)
	b = appendTime(b, tokens.Expiry)
	return appendClaims(b, claims, s)
}

func decodeDetails(text string) (*Tokens, keptClaims, bool) {
	r := &reader{text: text}
	if r.byte() != detailsFormat {
		return nil, keptClaims{}, false
	}
	var out strings.Builder // all tokens are cut from one string
	out.Grow(len(text)/3*4 + 8)
	r.unpack(&out)
	access := out.Len()
	r.unpack(&out)
	refresh := out.Len()
	r.unpack(&out)
	all := out.String()
	tokens := &Tokens{AccessToken: all[:access], RefreshToken: all[access:refresh], IDToken: all[refresh:]}
	tokens.TokenType = r.string()
	tokens.Secret = r.string()
	tokens.Scopes = r.strings()
	tokens.Expiry = r.time()

	claims := keptClaims{how: r.byte()}
	switch claims.how {
	case claimsNone, claimsInIDToken:
	case claimsStored:
		claims.held = r.uint()
		claims.rest = r.take(len(r.text))
	default:
		return nil, keptClaims{}, false
	}
	return tokens, claims, r.done()
}

// keptClaims is how claims are kept in the details.
type keptClaims struct {
	how  byte
	held uint64 // which ones the identity holds; see holdable
	rest string // the others, a JSON object
}

const (
	claimsNone      = 0
	claimsInIDToken = 1 // they are the payload of the ID token
	claimsStored    = 2
)

// appendClaims appends how the claims are kept: not at all, as the payload of the ID token, or by what the
// identity does not hold already.
func appendClaims(b []byte, claims json.RawMessage, s *Session) ([]byte, error) {
	switch {
	case claims == nil:
		return append(b, claimsNone), nil
	case s.details.tokens != nil && payloadIs(s.details.tokens.IDToken, claims):
		return append(b, claimsInIDToken), nil
	}
	rest, held, err := withoutHeld(claims, s)
	if err != nil {
		return nil, err
	}
	b = append(b, claimsStored)
	b = binary.AppendUvarint(b, held)
	return append(b, rest...), nil
}
