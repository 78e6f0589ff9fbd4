package requirements_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// failedWell checks that a request ended with the usual page, and that the operator can find the
// fault.
func failedWell(t *testing.T, app *rig.App, resp *http.Response, logged string) {
	t.Helper()
	body := authtest.Body(t, resp)
	if resp.StatusCode != http.StatusInternalServerError ||
		!strings.Contains(body, "Something went wrong") && !strings.Contains(body,
			"internal_error") {
		t.Errorf("status %d: %.300s", resp.StatusCode, body)
	}
	stackOnce(t, logged)
	if strings.Contains(app.Log(), "http: panic serving") {
		t.Error("the panic reached the server")
	}
}

func stackOnce(t *testing.T, logged string) {
	t.Helper()
	if n := strings.Count(logged, "stack="); n != 1 ||
		!strings.Contains(logged, "faulty application code") || !strings.Contains(logged, ".burn") {
		t.Errorf("%d stacks in the log: %s", n, logged)
	}
}

// F2, R133: application code that panics during a login fails that login; afterwards logins work.
func TestPanics_F2_Login(t *testing.T) {
	for name := range lightable(nil) {
		t.Run(name, func(t *testing.T) {
			f := &fuse{value: "faulty application code"}
			app := rig.New(t, lightable(f)[name])
			f.lit.Store(true)
			b := rig.Browser(t)
			failedWell(t, app, app.SignIn(t, b, "alice", "/auth/login/op?return_to=/me"), app.Log())
			f.lit.Store(false)
			// a tenant, or a provider, may be left alone for a moment
			app.Clock.Advance(10 * time.Second)
			if resp := app.SignIn(t, b, "alice",
				"/auth/login/op?return_to=/me"); resp.StatusCode != 200 {
				t.Errorf("afterwards: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
			}
		})
	}
}

// F2: neither does the panic that aborts a connection, where there is none to abort.
func TestPanics_F2_AbortHandler(t *testing.T) {
	for _, name := range []string{"Hooks.Login", "MapUser", "transport", "Backend",
		"provider: Finish"} {
		t.Run(name, func(t *testing.T) {
			f := &fuse{value: http.ErrAbortHandler}
			app := rig.New(t, lightable(f)[name])
			f.lit.Store(true)
			if resp := app.SignIn(t, rig.Browser(t), "alice",
				"/auth/login/op"); resp.StatusCode != 500 {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
	t.Run("OnError", func(t *testing.T) {
		app := rig.New(t, func(s *rig.Setup) {
			s.Config.OnError = func(http.ResponseWriter, *http.Request, *problem.Error) bool {
				panic(http.ErrAbortHandler)
			}
		})
		resp, err := rig.Browser(t).Get(app.URL + "/auth/nowhere")
		if err == nil {
			resp.Body.Close()
			t.Errorf("status %d, want an aborted connection: OnError has the ResponseWriter",
				resp.StatusCode)
		}
	})
}

// F2: a refresh, which runs in a goroutine of its own, and which a session survives.
func TestPanics_F2_Refresh(t *testing.T) {
	for name, change := range map[string]func(*fuse) func(*rig.Setup){
		"SecretFunc": func(f *fuse) func(*rig.Setup) { return lightable(f)["SecretFunc"] },
		"Signer":     func(f *fuse) func(*rig.Setup) { return lightable(f)["ClientKey.Signer"] },
		"EditRequest": func(f *fuse) func(*rig.Setup) {
			return lightable(f)["Dialect.EditRequest"]
		},
		"transport":    func(f *fuse) func(*rig.Setup) { return lightable(f)["transport"] },
		"body":         func(f *fuse) func(*rig.Setup) { return lightable(f)["body"] },
		"Refresh":      func(f *fuse) func(*rig.Setup) { return other(f, "Refresh") },
		"Client":       func(f *fuse) func(*rig.Setup) { return other(f, "Client") },
		"Tenants.Find": func(f *fuse) func(*rig.Setup) { return lightable(f)["Tenants.Find"] },
		"Locker": func(f *fuse) func(*rig.Setup) {
			return func(s *rig.Setup) {
				s.Config.Session.Locker = burningLocker{
					session.NewMemoryLocker(s.Config.Session.Now), f}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fuse{value: "faulty application code"}
			app := rig.NewCalling(t, change(f))
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/auth/login/op?return_to=/me")
			app.Clock.Advance(2 * time.Hour)
			before := len(app.Log())
			f.lit.Store(true)
			failedWell(t, app, app.Get(t, b, "/call"), app.Log()[before:])
			f.lit.Store(false)
			// past the pause after a failed refresh
			app.Clock.Advance(time.Minute)
			// then the token is spent
			if got := rig.Call(t, app, b, "GET"); got != 200 && name != "body" {
				t.Errorf("afterwards: status %d: %s", got, app.Log())
			}
		})
	}
}

// F2: hooks and events around a session, none of which may end it.
func TestPanics_F2_RefreshHook(t *testing.T) {
	f := &fuse{value: "faulty application code"}
	app := rig.NewCalling(t, func(s *rig.Setup) {
		s.Config.Hooks.Refresh = func(context.Context, *session.Session) error {
			f.burn()
			return nil
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(2 * time.Hour)
	before := len(app.Log())
	f.lit.Store(true)
	app.Get(t, b, "/call")
	stackOnce(t, app.Log()[before:])
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("a panic in Hooks.Refresh ended the session: %s", who)
	}
}

// F2: a sign-out goes through whatever panics on the way, and the process lives.
func TestPanics_F2_Logout(t *testing.T) {
	for name, change := range map[string]func(*fuse) func(*rig.Setup){
		"Revoke":        func(f *fuse) func(*rig.Setup) { return other(f, "Revoke") },
		"EndSessionURL": func(f *fuse) func(*rig.Setup) { return other(f, "EndSessionURL") },
		"Hooks.Logout": func(f *fuse) func(*rig.Setup) {
			return func(s *rig.Setup) {
				s.Config.Hooks.Logout = func(context.Context, *session.Session) { f.burn() }
			}
		},
		"OnEvent": func(f *fuse) func(*rig.Setup) {
			return func(s *rig.Setup) {
				s.Config.OnEvent = func(context.Context, session.Event) { f.burn() }
			}
		},
		"SecretFunc": func(f *fuse) func(*rig.Setup) { return lightable(f)["SecretFunc"] },
	} {
		t.Run(name, func(t *testing.T) {
			f := &fuse{value: "faulty application code"}
			app := rig.New(t, change(f))
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			f.lit.Store(true)
			if resp := app.Post(t, b, "/auth/logout", nil); resp.StatusCode != http.StatusSeeOther {
				t.Errorf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
			}
			if who := app.Visit(t, b, "/"); who != "anonymous" {
				t.Errorf("still signed in: %s", who)
			}
			app.AwaitLog("stack=") // the tokens are revoked in the background
			stackOnce(t, app.Log())
		})
	}
}

// F2: guards, their parameters, and the stores that they ask.
func TestPanics_F2_Guards(t *testing.T) {
	for name, change := range map[string]func(*fuse) func(*rig.Setup){
		"Backend":       func(f *fuse) func(*rig.Setup) { return lightable(f)["Backend"] },
		"Revocations":   func(f *fuse) func(*rig.Setup) { return lightable(f)["Revocations"] },
		"gorilla store": func(f *fuse) func(*rig.Setup) { return lightable(f)["gorilla store"] },
		"name":          func(*fuse) func(*rig.Setup) { return func(*rig.Setup) {} },
		"check":         func(*fuse) func(*rig.Setup) { return func(*rig.Setup) {} },
		"step-up":       func(f *fuse) func(*rig.Setup) { return other(f, "Begin") },
	} {
		t.Run(name, func(t *testing.T) {
			f := &fuse{value: "faulty application code"}
			app := rig.New(t, change(f))
			who := http.HandlerFunc(rig.WhoAmI)
			app.Mux.Handle("/name", app.Auth.RequireTenant(func(*http.Request) string {
				f.burn()
				return "op"
			})(who))
			app.Mux.Handle("/check", app.Auth.Require(func(*session.Session) error {
				f.burn()
				return nil
			})(who))
			app.Mux.Handle("/step-up", app.Auth.RequireACR("gold")(who))
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			f.lit.Store(true)
			path := map[string]string{"name": "/name", "check": "/check",
				"step-up": "/step-up"}[name]
			if path == "" {
				path = "/me"
			}
			failedWell(t, app, app.Get(t, b, path), app.Log())
			f.lit.Store(false)
			if path != "/step-up" {
				if resp := app.Get(t, b, path); resp.StatusCode != 200 {
					t.Errorf("afterwards: status %d", resp.StatusCode)
				}
			}
		})
	}
}

// F2: access tokens.
func TestPanics_F2_Bearer(t *testing.T) {
	for name, change := range map[string]func(*fuse) func(*rig.Setup){
		"VerifyAccessToken": func(f *fuse) func(*rig.Setup) {
			return other(f, "VerifyAccessToken")
		},
		"transport": func(f *fuse) func(*rig.Setup) { return lightable(f)["transport"] },
		"Tenant":    func(*fuse) func(*rig.Setup) { return func(*rig.Setup) {} },
	} {
		t.Run(name, func(t *testing.T) {
			f := &fuse{value: "faulty application code"}
			app := rig.New(t, change(f))
			accept := middleware.API{Audience: rig.Audience}
			if name == "Tenant" {
				accept.Tenant = func(*http.Request) string { f.burn(); return "op" }
			}
			app.Mux.Handle("/api",
				app.Auth.Bearer(accept)(app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))))
			token := rig.AccessToken(app, nil)
			f.lit.Store(true)
			failedWell(t, app, rig.GetAPI(t, app, "/api", "Bearer "+token), app.Log())
			f.lit.Store(false)
			app.Clock.Advance(10 * time.Second)
			if resp := rig.GetAPI(t, app, "/api", "Bearer "+token); resp.StatusCode != 200 {
				t.Errorf("afterwards: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
			}
		})
	}
}

// F2: the pages of the application.
func TestPanics_F2_Pages(t *testing.T) {
	f := &fuse{value: "faulty application code"}
	app := rig.New(t, rig.Second, func(s *rig.Setup) {
		s.Config.LoginPage = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { f.burn() })
		s.Config.Hooks.Link = func(context.Context, *session.Session, *session.Session) error {
			f.burn()
			return nil
		}
	})
	f.lit.Store(true)
	failedWell(t, app, app.Get(t, rig.Browser(t), "/auth/login"), app.Log())
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/auth/login/op?return_to=/me")
	callback := rig.LinkCallback(t, app, b, "alice")
	before := len(app.Log())
	failedWell(t, app, app.Get(t, b, callback), app.Log()[before:])
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("a panic in Hooks.Link ended the session: %s", who)
	}
}

// F2: what a page waits for ends when the store has panicked for a minute, and says why.
func TestPanics_F2_Watch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fuse{value: "faulty application code"}
		logged := &strings.Builder{}
		op := &provider.OIDC{Issuer: "https://op.example.com", ClientID: "app"}
		auth, err := sallyport.New(sallyport.Config{
			BaseURL: "https://app.example.com", Logger: slog.New(slog.NewTextHandler(logged, nil)),
			Providers: provider.Set{"op": op},
			Session: session.Config{
				Secret: rig.Secret,
				Store: session.NewServerStore(burningBackend{
					session.NewMemoryBackend(session.MemoryLimits{}, nil), f}),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		s := &session.Session{Provider: "op", Registration: op.Registration(),
			User: session.User{Issuer: "https://op.example.com", Subject: "1"}}
		if err := auth.Sessions.Start(httptest.NewRecorder(),
			httptest.NewRequest("GET", "https://app.example.com/", nil), s); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := auth.Sessions.Watch(t.Context(), s)
		defer cancel()
		f.lit.Store(true)
		<-ctx.Done()
		if cause := context.Cause(ctx); !strings.Contains(cause.Error(),
			"faulty application code") {
			t.Errorf("the cause is %v", cause)
		}
		synctest.Wait()
		stackOnce(t, logged.String())
	})
}

// F2: an error of Client, or of its calls, that comes from a panic is 500 by way of Refuse.
func TestPanics_F2_APICalls(t *testing.T) {
	f := &fuse{value: "faulty application code"}
	app := rig.NewPlainCalling(t, func(o *provider.OAuth2) {
		o.PrepareAPI = func(*http.Request, session.Tokens, provider.Profile) error {
			f.burn()
			return nil
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	before := len(app.Log())
	f.lit.Store(true)
	failedWell(t, app, app.Get(t, b, "/call"), app.Log()[before:])
}
