// Package sallyport signs users in to net/http applications with OpenID Connect, OAuth 2.0 and
// OAuth 1.0a. It keeps sessions in sealed cookies and guards routes.
//
// Call [New] with a [Config], mount [Auth.Handler] once around the whole application, and guard the
// routes that need a user with RequireAuth, RequireRole or Require:
//
//	auth, err := sallyport.New(sallyport.Config{
//		BaseURL:   "https://app.example.com",
//		Session:   session.Config{Secret: os.Getenv("SESSION_SECRET")},
//		Providers: provider.Set{"google": vendors.Google(clientID, clientSecret)},
//	})
//	...
//	mux.Handle("GET /profile", auth.RequireAuth(http.HandlerFunc(profile)))
//	http.ListenAndServe(":8080", auth.Handler(mux))
//
// In a handler, session.FromContext returns the user's session. [FromEnv] and [FromFile] read the
// same Config from environment variables and a JSON file; docs/settings.md lists the settings.
//
// # Tenants
//
// If customers bring their own providers, Config.Tenants looks up each provider by name at request
// time:
//
//	publicOnly := provider.PublicOnly() // customers supply the URLs
//	...
//	find := func(ctx context.Context, name string) (provider.Provider, error) {
//		t, err := tenants.ByName(ctx, name)
//		if t == nil || err != nil {
//			return nil, err // nil, nil: unknown tenant
//		}
//		return &provider.OIDC{Issuer: t.Issuer, ClientID: t.ClientID, ClientSecret: t.Secret,
//			HTTPClient: publicOnly}, nil
//	}
//	...
//	Tenants: provider.Tenants{Find: find},
//
// [Auth.LoginURLFor] returns the tenant's sign-in link, and Session.Provider is the tenant of a
// session. RequireTenant admits users of one tenant; RequireAuth admits users of all tenants.
//
// # Pages
//
// The built-in pages and error responses exist in eleven languages, chosen by Accept-Language.
// Config.AppName is the application's name on them, Config.Order orders the providers, and
// Config.Texts changes any text or adds a language. Config.LoginPage replaces the choice of
// providers, and Config.OnError everything else; see the example.
//
// # What it protects
//
// A login succeeds only in the browser that started it, once, and with the provider it was started
// with (state, nonce, PKCE, issuer check, one redirect URI per provider). ID tokens are fully
// verified. Cookies are encrypted, authenticated, bound to this application, and expire on time.
// Each login creates a new session. Redirects stay on the application's origin. Failures are logged
// in full under a reference number; the browser sees a neutral message with that number. All of
// this holds with default options.
//
// # What it does not protect
//
// With cookie sessions there is no server-side state. The process that handles a sign-out rejects
// copies of the session cookie until it restarts; in other processes a copy works until the
// session's idle limit or lifetime. Session.Revocations or Session.Store closes this gap.
//
// # Packages
//
//   - session: the session, its user and its tokens; stores
//   - provider: the three protocols
//   - vendors: ready-made providers for about seventy vendors
//   - middleware: guards, bearer tokens, API calls as the user
//   - handlers: hooks and the login routes
//   - problem: errors shown to users and clients
//   - authtest: a provider, a browser and sessions for tests
package sallyport
