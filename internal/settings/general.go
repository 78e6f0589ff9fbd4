package settings

import "reflect"

// general are the settings of the application, which come from the environment only. Their fields
// are those of sallyport.Config.
var general = []Setting{
	{Key: "BASE_URL", Fields: "BaseURL",
		Help: "the public address of the application, such as https://app.example.com or " +
			"https://example.com/app; may be left out if LISTEN_ADDR is on loopback"},
	{Key: "SALLYPORT_ORIGINS", Fields: "Origins",
		Help: "further origins of the application, such as https://b.example.com"},
	{Key: "SALLYPORT_RELAY_URL", Fields: "RelayURL",
		Help: "the URL of a callback relay, such as https://login.example.com/callback"},
	{Key: "SALLYPORT_RELAY_SECRET", Fields: "RelaySecret", Secret: true,
		Help: "the secret of the callback relay"},
	{Key: "SALLYPORT_PROXY_STRIPS_PATH", Fields: "ProxyStripsPath",
		Help: "true if requests arrive without the path of BASE_URL"},
	{Key: "SALLYPORT_APP_NAME", Fields: "AppName",
		Help: "the name of the application on its pages; default: the host of BASE_URL"},
	{Key: "SALLYPORT_PREFIX", Fields: "Prefix",
		Help: "the path of the login routes, below BASE_URL; default: /auth"},
	{Key: "SALLYPORT_HOME", Fields: "Home",
		Help: "the path of the start page, below BASE_URL; default: /"},
	{Key: "SALLYPORT_DEFAULT_PROVIDER", Fields: "DefaultProvider",
		Help: "the provider of logins that name none; default: the user chooses"},
	{Key: "SALLYPORT_SILENT_LOGIN", Fields: "SilentLogin",
		Help: "true signs in users who are signed in at the provider already, when they open a " +
			"first page"},
	{Key: "SALLYPORT_LOGIN_PARAMS", Fields: "LoginParams",
		Help: "parameters of the authorization request that the login URL may set, such as " +
			"screen_hint"},
	{Key: "SALLYPORT_TRUSTED_ORIGINS", Fields: "TrustedOrigins",
		Help: "other origins whose pages may send requests with unsafe methods"},
	{Key: "SALLYPORT_RETURN_ORIGINS", Fields: "ReturnOrigins",
		Help: "other origins to which a login or logout may lead"},
	{Key: "SALLYPORT_THIRD_PARTY_LOGIN", Fields: "ThirdPartyLogin",
		Help: "true lets a provider start a login (OpenID Connect Core section 4)"},
	{Key: "SALLYPORT_FRONTCHANNEL_LOGOUT", Fields: "FrontchannelLogout",
		Help: "true serves the route for front-channel logout; needs SESSION_SAME_SITE=none"},
	{Key: "SALLYPORT_SESSION_ENDPOINT", Fields: "SessionEndpoint",
		Help: "true serves the session endpoint and client.js to single-page apps"},
	{Key: "SALLYPORT_REFRESH_AHEAD", Fields: "RefreshAhead",
		Help: "how long before its end an access token is refreshed; default: 1m"},
	{Key: "SALLYPORT_CACHEABLE_AFTER_SIGN_OUT", Fields: "CacheableAfterSignOut",
		Help: "true leaves Cache-Control to the application"},
	{Key: "SALLYPORT_NO_STORE", Fields: "NoStore",
		Help: "true marks style sheets, scripts, images and fonts behind a guard no-store as well"},

	{Key: "SESSION_SECRET", Fields: "Session.Secret", Secret: true,
		Help: "what sessions are sealed with: openssl rand -base64 32"},
	{Key: "SESSION_OLD_SECRETS", Fields: "Session.OldSecrets", Secret: true, Lines: true,
		Help: "earlier secrets, one per line, which still open sessions"},
	{Key: "SESSION_COOKIE_NAME", Fields: "Session.CookieName",
		Help: "the name of the session cookie; default: sallyport"},
	{Key: "SESSION_DOMAIN", Fields: "Session.Domain",
		Help: "shares the cookies with the hosts below this domain; default: this host only"},
	{Key: "SESSION_SAME_SITE", Fields: "Session.SameSite",
		Help: "lax or none; default: lax"},
	{Key: "SESSION_IDLE", Fields: "Session.Idle",
		Help: "how long a session lives without a request; default: 24h"},
	{Key: "SESSION_LIFETIME", Fields: "Session.Lifetime",
		Help: "how long a session lives at most; default: 168h"},
	{Key: "SESSION_REVALIDATE", Fields: "Session.Revalidate",
		Help: "how long a session is trusted without a check with the provider; default: for " +
			"all its life"},
	{Key: "SESSION_WATCH", Fields: "Session.Watch",
		Help: "how often a long response checks whether its session has ended; default: 10s"},
	{Key: "SESSION_PROFILE_ONLY", Fields: "Session.ProfileOnly",
		Help: "true keeps no tokens"},
}

// generalInCode are the fields of sallyport.Config that no setting sets, each with the reason.
var generalInCode = map[string]string{
	"Providers":           "made from the settings below",
	"Order":               "follows the file, then SALLYPORT_PROVIDERS",
	"Tenants":             "a function",
	"OriginOf":            "a function",
	"Hooks":               "functions",
	"LoginPage":           "a handler",
	"StepUpPage":          "a page of the application's code",
	"OnError":             "a function",
	"OnEvent":             "a function",
	"Texts":               "texts in several languages",
	"SessionClaims":       "a function",
	"Logger":              "a value of the application",
	"Session.Store":       "a value of the application",
	"Session.Revocations": "a value of the application",
	"Session.Locker":      "a value of the application",
	"Session.Now":         "a function, for tests",
}

// General returns the settings of the application.
func General() []Setting { return general }

// InCode returns the fields that must be set in code, each with the reason: of providers, and of
// sallyport.Config. A field of one protocol only begins with its type, such as
// "OIDC.UserFields.ID".
func InCode() (providers, config map[string]string) { return inCode, generalInCode }

// Set puts the general settings that are set into a *sallyport.Config, except those that the caller
// reads.
func (e *Env) Set(config any) {
	v := reflect.ValueOf(config).Elem()
	for _, s := range general {
		if !isZero(v, s.Fields) || !e.IsSet(s.Key) || e.Complained(s.Key) {
			continue
		}
		read := e.Optional
		if s.Secret {
			read = e.Exact
		}
		given := read(s.Key)
		if given == "" {
			continue // it has been said why
		}
		field := fieldIn(v, s.Fields)
		parsed, err := s.fromTextAs(shapeOf(field.Type()), given)
		if err == nil {
			err = parsed.store(field)
		}
		if err != nil {
			e.Wrong("%s %w", s.Key, err)
		}
	}
}

// GeneralVariable is the variable behind a field of sallyport.Config, or "".
func GeneralVariable(field string) string {
	for _, s := range general {
		if s.Fields == field {
			return s.Key
		}
	}
	return ""
}
