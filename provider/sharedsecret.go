package provider

import (
	"context"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// algShared is the algorithm of tokens that are signed with the client secret (OpenID Connect Core section 10.1).
const algShared = "HS256"

// minSharedSecret is how long a secret that signs has to be (RFC 7518 section 3.2).
const minSharedSecret = 32

// A sharedSecret is a client secret as an oidc.KeySet.
type sharedSecret string

// VerifySignature implements oidc.KeySet.
func (s sharedSecret) VerifySignature(_ context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algShared})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("malformed token")
	}
	payload, err := jws.Verify([]byte(s))
	if err != nil {
		return nil, errOtherSecret
	}
	return payload, nil
}

var errOtherSecret = errors.New("the client secret does not verify the signature")
