package session

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The details of a session are its tokens and claims: most of its bytes, but unused by most
// requests. They are sealed separately and opened on demand. The numbers of their texts continue
// those of the identity. Short claims without tokens need no seal of their own: they are part of
// the identity.
const detailsFormat = 2

// details is the state of a session's details: the loaded ones, overlaid by later changes.
type details struct {
	tokens *Tokens
	claims json.RawMessage
	sealed *sealedDetails // nil unless the session was loaded
	record *record        // nil unless the session lives in a store

	previous string // the name of the session that Start replaces

	origin               *sealedDetails // the loaded details, kept when sealed is nil
	tokensSet, claimsSet bool           // since the session was loaded
}

// sealedDetails opens the details of a loaded session, once for all goroutines of the request.
type sealedDetails struct {
	manager  *Manager
	identity string   // plaintext of the identity part
	first    string   // the details text
	others   []string // the rest of the details text
	current  bool     // sealed under the newest secret
	behind   bool     // the browser has an older generation

	inID   bool // the claims are the payload of the ID token
	once   sync.Once
	tokens *Tokens
	claims json.RawMessage // unless inID
	err    error
}

// Tokens returns the tokens. The error is [ErrNoTokens] or, if the details cannot be opened because
// their secret has been removed from the configuration, [ErrInvalid].
//
// The goroutines of one request may call Tokens and Claims concurrently.
func (s *Session) Tokens() (Tokens, error) {
	tokens := s.details.tokens
	if tokens == nil && s.details.sealed != nil {
		if err := s.details.sealed.open(); err != nil {
			return Tokens{}, err
		}
		tokens = s.details.sealed.tokens
	}
	if tokens.empty() {
		return Tokens{}, ErrNoTokens
	}
	return *tokens, nil
}

// SetTokens replaces the tokens. The next Manager.Start or Manager.Save stores them.
func (s *Session) SetTokens(t Tokens) {
	t.Scopes = slices.Clone(t.Scopes)
	s.details.tokens, s.details.tokensSet = &t, true
}

// Claims decodes the provider's claims about the user into v, as json.Unmarshal does. It omits
// protocol claims (aud, exp, nonce, ...). For a session without claims, it derives them from the
// session's fields. The errors are those of json.Unmarshal, and [ErrInvalid] as in
// [Session.Tokens].
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

// rawClaims returns the stored claims, or nil.
func (s *Session) rawClaims() (json.RawMessage, error) {
	if s.details.claims != nil || s.details.sealed == nil {
		return s.details.claims, nil
	}
	if err := s.details.sealed.open(); err != nil {
		return nil, err
	}
	return s.details.sealed.rawClaims()
}

// SetClaims replaces the claims: a JSON object without duplicate members, such as the payload of
// the ID token. The next Manager.Start or Manager.Save stores them.
func (s *Session) SetClaims(raw json.RawMessage) error {
	if _, err := parseObject(raw); err != nil {
		return err
	}
	s.details.claims, s.details.claimsSet = slices.Clone(raw), true
	return nil
}

// settle opens the seal of tokens and claims, so that they can be sealed again.
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
	var s Session
	var part identityPart
	r := reader{in: d.identity, known: knownTexts{texts: make([]string, 0, 32)}}
	r.identity(&s, &part)
	r.turn(part.claims)
	if text := d.text(); text != "" {
		plain, err := d.manager.openDetails(&s, text)
		if err != nil {
			return ErrInvalid
		}
		r.turn(plain)
		d.tokens, d.claims, d.inID = r.details(&s)
	} else if part.claims != "" {
		d.claims = r.json(nil, 0)
	}
	if !r.done() {
		return ErrInvalid
	}
	return nil
}

// openDetails returns the encoded details of s.
func (m *Manager) openDetails(s *Session, text string) (string, error) {
	buf := m.buffer()
	defer m.buffers.Put(buf)
	plain, _, err := m.keyring.open(purposeDetails, m.detailsSeal(s), text, m.config.Now(), buf[:])
	if err != nil {
		return "", err
	}
	defer clear(plain)
	return string(plain), nil
}

// rawClaims returns the claims of opened details, or nil.
func (d *sealedDetails) rawClaims() (json.RawMessage, error) {
	if !d.inID {
		return d.claims, nil
	}
	raw, ok := payload(d.tokens.IDToken)
	if !ok {
		return nil, ErrInvalid
	}
	return raw, nil
}

// text returns the details text in one piece.
func (d *sealedDetails) text() string {
	if d.others == nil {
		return d.first
	}
	return d.first + strings.Join(d.others, "")
}

// fits reports whether the details can be kept beside the identity of s: the numbers of its texts
// are unchanged.
func (d *sealedDetails) fits(s *Session) bool {
	if d.identity[0] != identityFormat {
		return false
	}
	r := reader{in: d.identity, known: knownTexts{texts: make([]string, 0, 64)}}
	r.identity(new(Session), new(identityPart))
	return slices.Equal(r.known.texts, identityWriter(s, manifest{}).own)
}

// detailsSeal binds details to one write of one session: those of another write do not open.
func (m *Manager) detailsSeal(s *Session) []byte {
	return associatedData(purposeDetails, m.fullName, m.origin, m.site.Prefix, s.ID,
		strconv.FormatUint(s.Generation, 10))
}

// The encodings of claims in the details. The numbers are part of the stored format.
const (
	claimsNone      = 0
	claimsInIDToken = 1 // the claims are the payload of the ID token
	claimsOwn       = 2 // the claims follow
)

// maxShortClaims is the maximum length of claims, as JSON, in the identity.
const maxShortClaims = 1 << 10

// withoutDetails reports whether the session needs no details: no tokens, and no claims or short
// ones.
func (s *Session) withoutDetails() bool {
	return s.details.tokens.empty() && len(s.details.claims) <= maxShortClaims
}

// encodeDetails encodes the tokens and claims of a settled session.
func encodeDetails(s *Session) ([]byte, error) {
	w := identityWriter(s, manifest{})
	w.b = append(make([]byte, 0, 1024), detailsFormat)
	tokens := s.details.tokens
	if tokens == nil {
		tokens = &Tokens{}
	}
	w.packed(tokens.IDToken)
	w.packed(tokens.AccessToken)
	w.packed(tokens.RefreshToken)
	w.text(tokens.TokenType)
	w.text(tokens.Secret)
	w.texts(tokens.Scopes)
	w.time(tokens.Expiry)
	switch claims := s.details.claims; {
	case claims == nil:
		w.b = append(w.b, claimsNone)
	case payloadIs(tokens.IDToken, claims):
		w.b = append(w.b, claimsInIDToken)
	default:
		w.b = append(w.b, claimsOwn)
		if err := w.claims(claims); err != nil {
			return nil, err
		}
	}
	return w.b, nil
}

// details reads what encodeDetails wrote, in this or an older release.
func (r *reader) details(s *Session) (tokens *Tokens, claims json.RawMessage, inID bool) {
	format := r.byte()
	if format == detailsFormat1 {
		tokens, claims = r.olderDetails(s)
		return tokens, claims, false
	}
	if format != detailsFormat {
		r.fail()
		return nil, nil, false
	}
	tokens = r.tokens(true)
	tokens.TokenType = r.text()
	tokens.Secret = r.text()
	tokens.Scopes = r.texts()
	tokens.Expiry = r.time()
	switch r.byte() {
	case claimsNone:
	case claimsInIDToken:
		inID = true
	case claimsOwn:
		claims = r.json(nil, 0)
	default:
		r.fail()
	}
	return tokens, claims, inID
}
