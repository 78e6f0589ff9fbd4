package main

import (
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

type app struct {
	auth     *sallyport.Auth
	baseURL  string
	accounts accounts
	links    links
	send     func(email, link string)
}

// newApp returns the application. send sends an email with a link.
func newApp(baseURL, secret string, op provider.Provider, all accounts,
	send func(email, link string)) (http.Handler, error) {
	a := &app{baseURL: baseURL, accounts: all, send: send}
	auth, err := sallyport.New(sallyport.Config{
		BaseURL:    baseURL,
		Session:    session.Config{Secret: secret},
		Providers:  provider.Set{"work": op},
		LoginPage:  http.HandlerFunc(a.loginPage),
		StepUpPage: "/confirm",
	})
	if err != nil {
		return nil, err
	}
	a.auth = auth
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("POST /login/password", a.password)
	mux.HandleFunc("POST /login/link", a.sendLink)
	mux.HandleFunc("GET /login/link", a.askLink)
	mux.HandleFunc("POST /login/link/confirm", a.confirmLink)
	mux.Handle("GET /confirm", auth.RequireAuth(http.HandlerFunc(a.confirmPage)))
	mux.Handle("GET /settings", auth.RequireRecent(5*time.Minute)(http.HandlerFunc(a.settings)))
	return auth.Handler(mux), nil
}

// loginPage offers the password, a link by email, and the providers.
func (a *app) loginPage(w http.ResponseWriter, r *http.Request) {
	show(w, http.StatusOK, page{Title: "Sign in", ReturnTo: handlers.ReturnTo(r.Context()),
		Password: true, Email: true, Choices: handlers.Choices(r.Context())})
}

// password handles the password form, of the login page and of the page for step-ups.
func (a *app) password(w http.ResponseWriter, r *http.Request) {
	account, ok := a.accounts.check(r.PostFormValue("name"), r.PostFormValue("password"))
	if !ok {
		show(w, http.StatusForbidden, page{Title: "Sign in", Password: true,
			Text: "The name or the password is wrong.", ReturnTo: r.PostFormValue("return_to")})
		return
	}
	a.signIn(w, r, account, "pwd", r.PostFormValue("return_to"))
}

// signIn starts the session and returns to the page that the user asked for.
func (a *app) signIn(w http.ResponseWriter, r *http.Request, account account, method,
	returnTo string) {
	err := a.auth.SignIn(w, r, &session.Session{
		User: session.User{Subject: account.ID, Name: account.Name, Roles: account.Roles},
		AMR:  []string{method},
	})
	if err != nil {
		a.auth.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, a.auth.ReturnTo(returnTo), http.StatusSeeOther)
}

// sendLink sends a magic link. The page is the same whether or not there is an account.
func (a *app) sendLink(w http.ResponseWriter, r *http.Request) {
	if account, ok := a.accounts.byEmail(r.PostFormValue("email")); ok {
		token := a.links.add(account.ID, a.auth.ReturnTo(r.PostFormValue("return_to")))
		a.send(account.Email, a.baseURL+"/login/link?token="+token)
	}
	show(w, http.StatusOK, page{Title: "Check your email",
		Text: "If there is an account with this address, we have sent it a link."})
}

// askLink is where the link leads. It changes nothing: mail scanners open links, too, and another
// person may have sent this one.
func (a *app) askLink(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address has the token
	show(w, http.StatusOK, page{Title: "Sign in", Token: r.URL.Query().Get("token")})
}

// confirmLink handles the button of that page. Each link works once.
func (a *app) confirmLink(w http.ResponseWriter, r *http.Request) {
	id, returnTo, ok := a.links.take(r.PostFormValue("token"))
	account, known := a.accounts[id]
	if !ok || !known {
		show(w, http.StatusForbidden, page{Title: "This link has expired", Email: true})
		return
	}
	a.signIn(w, r, account, "otp", returnTo)
}

// confirmPage asks for the password again. Guards send users of own logins here.
func (a *app) confirmPage(w http.ResponseWriter, r *http.Request) {
	show(w, http.StatusOK, page{Title: "Confirm that it's you", Password: true,
		ReturnTo: r.URL.Query().Get("return_to")})
}

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	p := page{Title: "Welcome", SignIn: a.auth.LoginURL("/settings")}
	if s, ok := session.FromContext(r.Context()); ok {
		p = page{Title: "Welcome, " + s.User.Name, SignOut: a.auth.LogoutURL("")}
	}
	show(w, http.StatusOK, p)
}

func (a *app) settings(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	show(w, http.StatusOK, page{Title: "Settings of " + s.User.Name})
}
