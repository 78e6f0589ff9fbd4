package main

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// newApp returns the application.
func newApp(baseURL, secret string, customers *directory) (http.Handler, error) {
	app := &app{}
	auth, err := sallyport.New(sallyport.Config{
		BaseURL:   baseURL,
		Session:   session.Config{Secret: secret},
		Tenants:   provider.Tenants{Find: customers.find},
		LoginPage: http.HandlerFunc(app.askCustomer),
	})
	if err != nil {
		return nil, err
	}
	app.auth = auth
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", app.home)
	mux.HandleFunc("GET /customer", app.toCustomer)
	// Every page of a customer needs this guard: a signed-in user may belong to another customer.
	own := auth.RequireTenant(func(r *http.Request) string { return r.PathValue("customer") })
	mux.Handle("GET /t/{customer}/{$}", own(http.HandlerFunc(app.dashboard)))
	return auth.Handler(mux), nil
}

type app struct{ auth *sallyport.Auth }

// askCustomer serves the login page. It asks for the customer, because each one has its own
// provider.
func (a *app) askCustomer(w http.ResponseWriter, r *http.Request) {
	show(w, page{Title: "Sign in", ReturnTo: handlers.ReturnTo(r.Context()), Ask: true})
}

// toCustomer handles the form of that page. LoginURLFor escapes the input, and the login rejects
// unknown customers.
func (a *app) toCustomer(w http.ResponseWriter, r *http.Request) {
	name := strings.ToLower(strings.TrimSpace(r.FormValue("name")))
	http.Redirect(w, r, a.auth.LoginURLFor(name, r.FormValue("return_to")), http.StatusSeeOther)
}

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	p := page{Title: "Reports for companies", Ask: true}
	if s, ok := session.FromContext(r.Context()); ok {
		p = page{
			Title: "Welcome, " + s.User.Name,
			Text:  "You signed in with " + s.Provider + ".",
			Link:  "/t/" + s.Provider + "/",
		}
	}
	show(w, p)
}

func (a *app) dashboard(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	show(w, page{
		Title:   "Reports of " + s.Provider,
		Text:    "Signed in as " + s.User.Name + ".",
		SignOut: a.auth.LogoutURL(""),
	})
}

// A page is the content of a page. Empty fields are not shown.
type page struct {
	Title, Text, Link, ReturnTo, SignOut string
	Ask                                  bool // show the form that asks for the customer
}

var layout = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
{{with .Text}}<p>{{.}}</p>{{end}}
{{with .Link}}<p><a href="{{.}}">Your reports</a></p>{{end}}
{{if .Ask}}<form action="/customer">
<label>Your company's name: <input name="name" required autofocus></label>
<input type="hidden" name="return_to" value="{{.ReturnTo}}">
<button>Continue</button>
</form>{{end}}
{{with .SignOut}}<form method="post" action="{{.}}"><button>Sign out</button></form>{{end}}
</html>
`))

func show(w http.ResponseWriter, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	if err := layout.Execute(w, p); err != nil {
		http.Error(w, "This page can't be shown.", http.StatusInternalServerError)
	}
}
