package settings

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// A value is what was written, in the shape of its setting.
type value struct {
	text   string
	list   []string
	params url.Values
	flag   bool
}

// store puts a value into a field of a provider. Parameters and headers are added to those that a vendor's preset has.
func (v value) store(field any) error {
	switch field := field.(type) {
	case *string:
		*field = v.text
	case *[]string:
		*field = v.list
	case *url.Values:
		params := url.Values{}
		maps.Copy(params, *field)
		maps.Copy(params, v.params)
		*field = params
	case *http.Header:
		header := http.Header{}
		maps.Copy(header, *field)
		for name, values := range v.params {
			header.Set(name, values[0])
		}
		*field = header
	case *bool:
		*field = v.flag
	case func(value) error:
		return field(v)
	}
	return nil
}

func authStyle(o *provider.OAuth2) func(value) error {
	return func(v value) error {
		switch v.text {
		case "client_secret_basic", "client_secret_post":
		case "none":
			if o.ClientSecret != "" {
				return errors.New("must not be none: there is a client_secret")
			}
		default:
			return errors.New("must be client_secret_basic, client_secret_post or none")
		}
		o.AuthMethod = v.text
		return nil
	}
}

func emailTrust(field *provider.EmailTrust) func(value) error {
	return oneOf(field, "by_member, never or always", map[string]provider.EmailTrust{
		"by_member": provider.EmailByMember, "never": provider.EmailNeverVerified, "always": provider.EmailAlwaysVerified,
	})
}

func userInfoMode(o *provider.OIDC) func(value) error {
	return oneOf(&o.UserInfo, "when_needed, always or never", map[string]provider.UserInfoMode{
		"when_needed": provider.UserInfoWhenNeeded, "always": provider.UserInfoAlways, "never": provider.UserInfoNever,
	})
}

// oneOf sets a field to what the words mean.
func oneOf[T any](field *T, words string, meaning map[string]T) func(value) error {
	return func(v value) error {
		meant, known := meaning[v.text]
		if !known {
			return errors.New("must be " + words)
		}
		*field = meant
		return nil
	}
}

func maxAge(o *provider.OIDC) func(value) error {
	return func(v value) error {
		age, err := time.ParseDuration(v.text)
		if err != nil || age < 0 {
			return errors.New("must be a duration such as 90s, 15m or 8h")
		}
		o.MaxAge = &age
		return nil
	}
}

func leeway(o *provider.OIDC) func(value) error {
	return func(v value) error {
		d, err := time.ParseDuration(v.text)
		if err != nil || d < 0 {
			return errors.New("must be a duration such as 30s or 2m")
		}
		o.Leeway = d
		return nil
	}
}

// authority makes the client of a provider whose certificate is signed by a private authority.
func authority(client **http.Client) func(value) error {
	return func(v value) error {
		made, err := provider.ClientWithCA([]byte(v.text))
		if err != nil {
			return errors.New("must be a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")
		}
		*client = made
		return nil
	}
}

func pushed(o *provider.OIDC) func(value) error {
	return func(v value) error {
		o.PAR = provider.PARWhenRequired
		if v.flag {
			o.PAR = provider.PARAlways
		}
		return nil
	}
}

// privateKey reads PKCS #8 (RFC 5958) and the older PKCS #1.
func privateKey(store func(crypto.Signer)) func(value) error {
	return func(v value) error {
		block, _ := pem.Decode([]byte(v.text))
		if block == nil {
			return errors.New("must be a key in PEM, which begins with -----BEGIN PRIVATE KEY-----")
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			store(key)
			return nil
		}
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			store(key)
			return nil
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		signer, ok := key.(crypto.Signer)
		if err != nil || !ok {
			return errors.New("must be a private key that is not encrypted")
		}
		store(signer)
		return nil
	}
}

// clientKey is the key of a client, made when the first of its settings is there.
func clientKey(o *provider.OIDC) *provider.ClientKey {
	if o.ClientKey == nil {
		o.ClientKey = &provider.ClientKey{}
	}
	return o.ClientKey
}

// keyID names the key of a client.
func keyID(o *provider.OIDC) func(value) error {
	return func(v value) error {
		clientKey(o).ID = v.text
		return nil
	}
}

// keyAlgorithm says how the key of a client signs.
func keyAlgorithm(o *provider.OIDC) func(value) error {
	return func(v value) error {
		clientKey(o).Algorithm = v.text
		return nil
	}
}
