package session

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The details of a session are what most requests never look at, although it is most of the bytes:
// the tokens and the claims. They are sealed apart and opened when they are asked for. Their texts
// have the numbers that follow those of the identity. Claims that are short and without tokens need
// no seal of their own: they are part of the identity.
const detailsFormat = 2

// details is the state of a session's details: what came with it, overlaid by what was set since.
type details struct {
	tokens *Tokens
	claims json.RawMessage
	sealed *sealedDetails // nil unless the session was loaded
	record *record        // nil unless the session lives in a store

	previous string // the name of the session that Start ends

	origin               *sealedDetails // what was loaded, also after sealed is nil
	tokensSet, claimsSet bool           // since it was loaded
}

// sealedDetails opens the details of a loaded session, once, for all goroutines of the request.
type sealedDetails struct {
	manager  *Manager
	identity string   // plaintext of the identity part
	first    string   // the details text
	others   []string // more of it, in pieces
	current  bool     // sealed under the newest secret
	behind   bool     // the browser has an earlier generation

	inID   bool // the claims are the payload of the ID token
	once   sync.Once
	tokens *Tokens
	claims json.RawMessage // if they are not
	err    error
}

// Tokens returns the tokens. Its errors are [ErrNoTokens] and, if the details cannot be opened
// (their secret has been removed from the configuration), [ErrInvalid].
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
	if tokens.empty() {
		return Tokens{}, ErrNoTokens
	}
	return *tokens, nil
}

// SetTokens replaces the tokens. They are kept by the next Manager.Start or Manager.Save.
func (s *Session) SetTokens(t Tokens) {
	t.Scopes = slices.Clone(t.Scopes)
	s.details.tokens, s.details.tokensSet = &t, true
}

// Claims decodes what the provider said about the user into v, as json.Unmarshal does. Members that
// belong to the protocol (aud, exp, nonce, ...) are left out. A session without claims answers with
// those that its fields stand for. Its errors are those of json.Unmarshal, and those of
// [Session.Tokens] but ErrNoTokens.
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

// SetClaims replaces the claims: a JSON object, such as the payload of the ID token, that names no
// member twice. They are kept by the next Manager.Start or Manager.Save.
func (s *Session) SetClaims(raw json.RawMessage) error {
	if _, err := parseObject(raw); err != nil {
		return err
	}
	s.details.claims, s.details.claimsSet = slices.Clone(raw), true
	return nil
}

// settle brings tokens and claims out of the seal, so that they can be sealed again.
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
		plain, _, err := d.manager.keyring.open(purposeDetails, d.manager.detailsSeal(&s), text, d.manager.config.Now())
		if err != nil {
			return ErrInvalid
		}
		r.turn(string(plain))
		d.tokens, d.claims, d.inID = r.details(&s)
	} else if part.claims != "" {
		d.claims = r.json(nil, 0)
	}
	if !r.done() {
		return ErrInvalid
	}
	return nil
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

// fits reports whether the details can stay as they are beside the identity of s: the numbers of
// its texts have not changed.
func (d *sealedDetails) fits(s *Session) bool {
	if d.identity[0] != identityFormat {
		return false
	}
	r := reader{in: d.identity, known: knownTexts{texts: make([]string, 0, 64)}}
	r.identity(new(Session), new(identityPart))
	return slices.Equal(r.known.texts, identityWriter(s, manifest{}).own)
}

// detailsSeal binds details to one write of one session: those of another never open.
func (m *Manager) detailsSeal(s *Session) []byte {
	return associatedData(purposeDetails, m.fullName, m.origin, m.prefix, s.ID, strconv.FormatUint(s.Generation, 10))
}

// How claims are kept in the details. The numbers are part of the stored format.
const (
	claimsNone      = 0
	claimsInIDToken = 1 // they are the payload of the ID token
	claimsOwn       = 2 // they follow
)

// maxShortClaims is how long claims are that can be part of the identity, as JSON.
const maxShortClaims = 1 << 10

// withoutDetails reports whether the session has no details: no tokens, and no claims or short
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

// details reads what encodeDetails, here or in an older release, has written.
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
