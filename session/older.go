package session

import "encoding/json"

// Values sealed by older releases still open (R160).

// identityFormat1 had no Epoch, Issued and Device; identityFormat2 stored every text in full.
const (
	identityFormat1 = 1
	identityFormat2 = 2
)

func (r *reader) olderIdentity(format byte, s *Session) (m manifest) {
	if format != identityFormat1 && format != identityFormat2 {
		r.fail()
		return m
	}
	m = manifest{chunks: r.byte(), length: r.count(longest), sum: r.uint32()}
	s.ID = r.string()
	s.Provider = r.string()
	s.Registration = r.string()
	r.olderUser(&s.User)
	s.SID = r.string()
	s.AuthTime = r.seconds()
	s.ACR = r.string()
	s.AMR = r.strings()
	s.Created = r.seconds()
	s.Proven = r.seconds()
	s.Seen = r.seconds()
	s.Expires = r.seconds()
	s.Generation = r.uint()
	if format != identityFormat1 {
		s.Epoch = r.uint()
		s.Issued = r.seconds()
		s.Device = r.string()
	}
	if n := r.count(r.left() / 2); n > 0 {
		s.Values = make(map[string]string, n)
		for range n {
			key := r.string()
			s.Values[key] = r.string()
		}
	}
	return m
}

func (r *reader) olderUser(u *User) {
	u.Issuer = r.string()
	u.Subject = r.string()
	u.Name = r.string()
	u.Username = r.string()
	u.Email = r.string()
	u.Picture = r.string()
	u.EmailVerified = r.count(1) == 1
	u.Roles = r.strings()
}

func (r *reader) strings() []string {
	n := r.count(r.left()) // at least a byte each: a small input makes no huge allocation
	if n == 0 {
		return nil
	}
	list := r.list(n)
	for i := range list {
		list[i] = r.string()
	}
	return list
}

// detailsFormat1 stored claims as JSON, without those that the identity holds.
const detailsFormat1 = 1

func (r *reader) olderDetails(identity *Session) (*Tokens, json.RawMessage) {
	tokens := r.tokens(false)
	tokens.TokenType = r.string()
	tokens.Secret = r.string()
	tokens.Scopes = r.strings()
	tokens.Expiry = r.seconds()
	return tokens, r.olderClaims(tokens, identity)
}

// olderClaims reads claims, which are absent, the payload of the ID token, or a bit for each claim
// that the identity holds and a JSON object of the others.
func (r *reader) olderClaims(tokens *Tokens, identity *Session) json.RawMessage {
	var raw json.RawMessage
	ok := true
	switch r.byte() {
	case claimsNone:
		return nil
	case claimsInIDToken:
		raw, ok = payload(tokens.IDToken)
	case claimsOwn:
		held := r.uint()
		raw, ok = withHeld(r.take(r.left()), held, identity)
	default:
		ok = false
	}
	if !ok {
		r.fail()
	}
	return raw
}

// withHeld adds the claims that the session's fields hold.
func withHeld(rest string, held uint64, s *Session) (json.RawMessage, bool) {
	members, err := parseObject([]byte(rest))
	if err != nil || held >= 1<<len(holdable) {
		return nil, false
	}
	for i, name := range holdable {
		if held&(1<<i) != 0 {
			members = append(members, member{name, jsonOf(holding(s, name))})
		}
	}
	return buildObject(members), true
}
