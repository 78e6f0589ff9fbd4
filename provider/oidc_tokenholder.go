package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// tokenMembers are the members of access tokens that decide, in a JWT or in an introspection
// response.
var tokenMembers = []string{
	"scope", "scp", "client_id", "azp", "cid", "appid", "cnf", "token_use", "typ", "idtyp", "gty",
	"at_hash", "c_hash",
}

var accessTokenSchema = newSchema("access token", everyToken...).with(tokenMembers...)

// The values of typ that an API with Untyped accepts: access tokens of a provider without RFC 9068
// have the header of an ID token.
var untypedTokenTypes = []string{"at+jwt", "", "jwt"}

// A tokenHolder determines to whom an access token was issued, and whether the API accepts it.
type tokenHolder struct {
	accepted AccessTokens

	subject string
	client  bool // issued to the client itself, not a user
}

// checkPurpose requires that a JWT is an access token: by its header, or by claims that access
// tokens have and ID tokens do not (RFC 8725 section 3.12).
func (h *tokenHolder) checkPurpose(raw string) func(*idToken) error {
	return func(t *idToken) error {
		header, err := readHeader(raw, maxStranger)
		if err != nil {
			return err
		}
		if typ := header.display("typ"); strings.EqualFold(strings.TrimPrefix(strings.ToLower(typ),
			"application/"), accessTokenTypes[0]) {
			return nil
		}
		for _, name := range []string{"nonce", "at_hash", "c_hash"} {
			if t.claims.named(name) {
				return fmt.Errorf("a token with %s is an ID token", name)
			}
		}
		marked, err := markedAsAccess(t.claims)
		switch {
		case err != nil:
			return err
		case marked, t.claims.has("scope"), t.claims.has("scp"):
			return nil
		}
		return errors.New("the token is not marked as an access token: it has no typ, scope, scp " +
			"or token_use")
	}
}

// checkIntrospectedType requires that the response is about an access token: refresh tokens can be
// active too.
func (h *tokenHolder) checkIntrospectedType(c claims) error {
	marked, err := markedAsAccess(c)
	if err != nil {
		return err
	}
	kind, err := c.text("token_type")
	switch {
	case err != nil:
		return err
	case strings.EqualFold(kind, "Bearer"), strings.EqualFold(kind, "access_token"):
		return nil
	case kind != "":
		return fmt.Errorf("token_type is %q, not Bearer", printable(kind))
	case marked, h.accepted.Untyped, c.has("aud"): // must name this API, or the token is rejected
		return nil
	}
	return errors.New("aud and token_type are missing, so it may be a refresh token; see " +
		"API.Untyped")
}

// markedAsAccess reads the vendors' members for the kind of a token: token_use of Amazon Cognito
// and Ory Hydra, typ of Keycloak. It returns an error for another kind than an access token.
func markedAsAccess(c claims) (bool, error) {
	marked := false
	for name, wanted := range map[string][]string{"token_use": {"access", "access_token"},
		"typ": {"bearer", "at+jwt"}} {
		value, err := c.text(name)
		switch {
		case err != nil:
			return false, err
		case value == "":
		case !slices.Contains(wanted, strings.ToLower(value)):
			return false, fmt.Errorf("%s is %q: that is not an access token", name,
				printable(value))
		default:
			marked = true
		}
	}
	return marked, nil
}

// read checks the audience of the token, and to whom it was issued.
func (h *tokenHolder) read(t *idToken) error {
	if t.claims.has("cnf") {
		return errors.New("the token is bound to a key (cnf), and the caller has not proved " +
			"possession of it")
	}
	client, err := clientOf(t.claims)
	if err != nil {
		return err
	}
	audiences, err := t.claims.texts("aud")
	if err != nil {
		return err
	}
	if err := h.checkAudience(audiences, client); err != nil {
		return err
	}
	subject, err := t.claims.text("sub")
	if err != nil {
		return err
	}
	h.subject, h.client = subject, ownToken(t.claims, subject, client)
	switch {
	case h.client && !h.accepted.ClientTokens:
		return errors.New("the token was issued to a client, not a user; see API.ClientTokens")
	case subject == "":
		h.subject = client
	}
	t.subject = h.subject
	return checkIdentifier("sub", h.subject)
}

// checkAudience requires that a token is for this API. One without an audience may be accepted by
// its client.
func (h *tokenHolder) checkAudience(audiences []string, client string) error {
	switch {
	case slices.Contains(audiences, h.accepted.Audience):
		return nil
	case len(audiences) > 0:
		return errors.New("aud does not contain this API")
	case client != "" && slices.Contains(h.accepted.ClientIDs, client):
		return nil
	}
	return errors.New("aud is missing, and the client of the token is not one of API.ClientIDs")
}

// clientOf returns the client that a token was issued to: client_id (RFC 9068 section 2.2), or the
// vendors' names for it.
func clientOf(c claims) (string, error) {
	for _, name := range []string{"client_id", "azp", "cid", "appid"} {
		if id, err := c.text(name); err != nil || id != "" {
			return id, err
		}
	}
	return "", nil
}

// ownToken reports whether a client got the token for itself (client credentials, RFC 9068 section
// 5): the subject is the client, or the claims of Auth0 (gty) or Microsoft Entra (idtyp) say so.
func ownToken(c claims, subject, client string) bool {
	return subject == "" || client != "" && (subject == client || subject == client+"@clients") ||
		c.display("gty") == "client-credentials" || c.display("idtyp") == "app"
}

// named returns the identity of the holder. A client's has an issuer of its own, so that a client
// whose ID equals a user's subject is not that user. Issuers have no fragment.
func (h *tokenHolder) named(u session.User) session.User {
	if h.client {
		u.Issuer += "#clients"
	}
	return u
}
