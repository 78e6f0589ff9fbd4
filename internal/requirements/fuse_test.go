package requirements_test

import (
	"context"
	"crypto"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A fuse makes application code panic once it is lit.
type fuse struct {
	lit   atomic.Bool
	value any
}

func (f *fuse) burn() {
	if f.lit.Load() {
		panic(f.value)
	}
}

// lightable are the faulty pieces of application code, by name. Each panics at a login.
func lightable(f *fuse) map[string]func(*rig.Setup) {
	oauth2 := func(change func(*provider.OAuth2)) func(*rig.Setup) {
		return rig.PlainOAuth2(change)
	}
	return map[string]func(*rig.Setup){
		"Hooks.Begin": func(s *rig.Setup) {
			s.Config.Hooks.Begin = func(*http.Request, *provider.Flow) error {
				f.burn()
				return nil
			}
		},
		"Hooks.Login": func(s *rig.Setup) {
			s.Config.Hooks.Login = func(*http.Request, *handlers.Login) error {
				f.burn()
				return nil
			}
		},
		"MapUser": func(s *rig.Setup) {
			s.OIDC.MapUser = func(provider.Profile, *session.User) error { f.burn(); return nil }
		},
		"CallbackClaims": func(s *rig.Setup) {
			s.OIDC.CallbackClaims = func(url.Values) map[string]string { f.burn(); return nil }
		},
		"SecretFunc": func(s *rig.Setup) {
			s.OIDC.ClientSecret = ""
			s.OIDC.SecretFunc = func(context.Context) (string, error) {
				f.burn()
				return authtest.ClientSecret, nil
			}
		},
		"ClientKey.Signer": func(s *rig.Setup) {
			key := authtest.ClientKey()
			s.OP.SetClientKey(key.Public())
			s.OIDC.ClientSecret, s.OIDC.ClientKey = "",
				&provider.ClientKey{Signer: burningSigner{key, f}}
		},
		"Dialect.EditRequest": func(s *rig.Setup) {
			s.OIDC.Dialect.EditRequest = func(url.Values) { f.burn() }
		},
		"Dialect.EditAnswer": func(s *rig.Setup) {
			s.OIDC.Dialect.EditAnswer = func(a json.RawMessage) (json.RawMessage, error) {
				f.burn()
				return a, nil
			}
		},
		"transport": func(s *rig.Setup) {
			s.OIDC.HTTPClient = &http.Client{
				Transport: burningTransport{s.OIDC.HTTPClient.Transport, f}}
		},
		"body": func(s *rig.Setup) {
			s.OIDC.HTTPClient = &http.Client{
				Transport: burningBodies{s.OIDC.HTTPClient.Transport, f}}
		},
		"OAuth2 MapUser": oauth2(func(o *provider.OAuth2) {
			o.MapUser = func(provider.Profile, *session.User) error { f.burn(); return nil }
		}),
		"OAuth2 CheckCallback": oauth2(func(o *provider.OAuth2) {
			o.CheckCallback = func(url.Values) error { f.burn(); return nil }
		}),
		"OAuth2 PrepareAPI": oauth2(func(o *provider.OAuth2) {
			o.PrepareAPI = func(*http.Request, session.Tokens, provider.Profile) error {
				f.burn()
				return nil
			}
		}),
		"OAuth1 MapUser": func(s *rig.Setup) {
			o := s.OP.OAuth1()
			o.MapUser = func(provider.Profile, *session.User) error { f.burn(); return nil }
			s.Other = o
		},
		"OAuth1 transport": func(s *rig.Setup) {
			o := s.OP.OAuth1()
			o.HTTPClient = &http.Client{Transport: burningTransport{o.HTTPClient.Transport, f}}
			s.Other = o
		},
		"provider: Begin":  other(f, "Begin"),
		"provider: Finish": other(f, "Finish"),
		"Backend": func(s *rig.Setup) {
			s.Config.Session.Store = session.NewServerStore(burningBackend{
				session.NewMemoryBackend(session.MemoryLimits{}, nil), f})
		},
		"Revocations": func(s *rig.Setup) {
			s.Config.Session.Revocations = burningRevocations{session.NewMemoryRevocations(nil), f}
		},
		"gorilla store": func(s *rig.Setup) {
			s.Config.Session.Store = burningStore{sessions.NewCookieStore([]byte(rig.Secret)), f}
		},
		"Tenants.Find": func(s *rig.Setup) {
			o := s.OIDC
			s.Config.Providers = provider.Set{"other": s.OP.OIDC()}
			s.Config.Tenants = provider.Tenants{Keep: time.Nanosecond,
				Find: func(context.Context, string) (provider.Provider, error) {
					f.burn()
					return o, nil
				}}
		},
	}
}

func other(f *fuse, where string) func(*rig.Setup) {
	return func(s *rig.Setup) { s.Other = burningProvider{s.OIDC, f, where} }
}

type burningSigner struct {
	crypto.Signer
	f *fuse
}

func (s burningSigner) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.f.burn()
	return s.Signer.Sign(r, digest, opts)
}

type burningTransport struct {
	next http.RoundTripper
	f    *fuse
}

func (t burningTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.f.burn()
	return t.next.RoundTrip(r)
}

// burningBodies panic only when an answer is read.
type burningBodies burningTransport

func (t burningBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err == nil {
		resp.Body = burningBody{resp.Body, t.f}
	}
	return resp, err
}

type burningBody struct {
	io.ReadCloser
	f *fuse
}

func (b burningBody) Read(p []byte) (int, error) {
	b.f.burn()
	return b.ReadCloser.Read(p)
}

type burningProvider struct {
	*provider.OIDC
	f     *fuse
	where string
}

func (p burningProvider) at(where string) {
	if p.where == where {
		p.f.burn()
	}
}

func (p burningProvider) Begin(ctx context.Context, f *provider.Flow) (string, error) {
	p.at("Begin")
	return p.OIDC.Begin(ctx, f)
}

func (p burningProvider) Finish(ctx context.Context, f *provider.Flow,
	v url.Values) (*session.Session, error) {
	p.at("Finish")
	return p.OIDC.Finish(ctx, f, v)
}

func (p burningProvider) Refresh(ctx context.Context, s *session.Session,
	store func(*session.Session)) (*session.Session, error) {
	p.at("Refresh")
	return p.OIDC.Refresh(ctx, s, store)
}

func (p burningProvider) Client(ctx context.Context, t session.Tokens) *http.Client {
	p.at("Client")
	return p.OIDC.Client(ctx, t)
}

func (p burningProvider) Revoke(ctx context.Context, t session.Tokens) error {
	p.at("Revoke")
	return p.OIDC.Revoke(ctx, t)
}

func (p burningProvider) EndSessionURL(ctx context.Context, l provider.EndSession) string {
	p.at("EndSessionURL")
	return p.OIDC.EndSessionURL(ctx, l)
}

func (p burningProvider) VerifyAccessToken(
	ctx context.Context, token string, accepted provider.AccessTokens,
) (*session.Session, error) {
	p.at("VerifyAccessToken")
	return p.OIDC.VerifyAccessToken(ctx, token, accepted)
}

type burningBackend struct {
	session.Backend
	f *fuse
}

func (b burningBackend) Get(ctx context.Context, key session.Key) (session.Record, error) {
	b.f.burn()
	return b.Backend.Get(ctx, key)
}

func (b burningBackend) Put(ctx context.Context, key session.Key, r session.Record,
	c session.Condition) error {
	b.f.burn()
	return b.Backend.Put(ctx, key, r, c)
}

func (b burningBackend) List(ctx context.Context, owner string) ([]session.Record, error) {
	b.f.burn()
	return b.Backend.List(ctx, owner)
}

type burningRevocations struct {
	session.Revocations
	f *fuse
}

func (v burningRevocations) Epoch(ctx context.Context) (uint64, error) {
	v.f.burn()
	return v.Revocations.Epoch(ctx)
}

func (v burningRevocations) Lookup(ctx context.Context,
	keys session.RevocationKeys) ([4]session.Mark, error) {
	v.f.burn()
	return v.Revocations.Lookup(ctx, keys)
}

type burningStore struct {
	sessions.Store
	f *fuse
}

func (s burningStore) New(r *http.Request, name string) (*sessions.Session, error) {
	s.f.burn()
	return s.Store.New(r, name)
}

type burningLocker struct {
	session.Locker
	f *fuse
}

func (l burningLocker) Do(ctx context.Context, key string, keep time.Duration,
	f func(context.Context) ([]byte, error)) ([]byte, error) {
	l.f.burn()
	return l.Locker.Do(ctx, key, keep, f)
}
