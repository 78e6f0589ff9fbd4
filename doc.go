// Package sallyport signs users in to net/http programs: OpenID Connect, sealed cookie
// sessions, and guards for routes.
//
// Call [New] with a [Config], mount [Auth.Handler] once around the whole application, and guard what needs
// a user with RequireAuth, RequireRole or Require:
//
//	auth, err := sallyport.New(sallyport.Config{
//		BaseURL:   "https://app.example.com",
//		Session:   session.Config{Secret: os.Getenv("SESSION_SECRET")},
//		Providers: provider.Set{"login": &provider.OIDC{Issuer: issuer, ClientID: id, ClientSecret: secret}},
//	})
//	...
//	mux.Handle("GET /profile", auth.RequireAuth(http.HandlerFunc(profile)))
//	http.ListenAndServe(":8080", auth.Handler(mux))
//
// In a handler, session.FromContext returns the user's session. [FromEnv] and [FromFile] read the same Config
// from environment variables and a JSON file; docs/providers.md says what to write.
//
// # Tenants
//
// An application whose customers bring their own providers cannot list them. Config.Tenants finds them by name, when they are needed:
//
//	publicOnly := provider.PublicOnly() // tenants write the addresses
//	...
//	Tenants: provider.Tenants{Find: func(ctx context.Context, name string) (provider.Provider, error) {
//		t, err := tenants.ByName(ctx, name)
//		if t == nil || err != nil {
//			return nil, err // nil, nil: there is no such tenant
//		}
//		return &provider.OIDC{Issuer: t.Issuer, ClientID: t.ClientID, ClientSecret: t.Secret, HTTPClient: publicOnly}, nil
//	}},
//
// [Auth.LoginURLFor] is where the tenant's users sign in, and Session.Provider says afterwards whose user it is. RequireTenant guards what belongs
// to one tenant; RequireAuth lets users of all of them pass.
//
// # What it protects
//
// A login works only in the browser that started it, once, and for the provider it was started at
// (state, nonce, PKCE, issuer check, one redirect URI per provider). ID tokens are verified in full. What the
// browser keeps is encrypted and authenticated, bound to this application, and ends on time. Every
// login makes a new session. Redirects stay on the application's origin. What went wrong is told to the
// log under a reference number, and to the browser in neutral words. None of this needs an option.
//
// # What it cannot do
//
// With cookie sessions the server keeps nothing, so a copy of the cookie made before a
// logout works until the session's idle limit or lifetime ends it. Use Session.Revocations or a store (Session.Store) where that matters.
//
// Packages: session (what is remembered), provider (how an identity is obtained), handlers (the routes),
// middleware (the guards), problem (how failures are answered), authtest (for tests).
package sallyport
