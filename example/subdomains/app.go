package main

import (
	"context"
	"html/template"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// customers have a subdomain each. In production, this is a table of a database.
var customers = map[string]string{"acme": "Acme Corporation", "globex": "Globex"}

// customerOf returns the name of the customer whose host this is, and whether there is one.
func customerOf(host, port string) (string, bool) {
	name, found := strings.CutSuffix(host, ".localhost:"+port)
	_, known := customers[name]
	return name, found && known
}

func relayURL(port string) string { return "http://login.localhost:" + port + "/callback" }

// newRelay returns the callback relay. It forwards responses to the origins of customers only.
func newRelay(port, secret string) (http.Handler, error) {
	return sallyport.Relay(sallyport.RelayConfig{
		URL: relayURL(port), Secret: secret,
		Allow: func(_ context.Context, origin string) bool {
			host, found := strings.CutPrefix(origin, "http://")
			_, known := customerOf(host, port)
			return found && known
		},
	})
}

// newApp returns the application.
func newApp(port, secret, relaySecret string, op provider.Provider) (http.Handler, error) {
	app := &app{port: port}
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "http://www.localhost:" + port,
		OriginOf: func(host string) (string, bool) {
			_, known := customerOf(host, port)
			return "http://" + host, known
		},
		RelayURL: relayURL(port), RelaySecret: relaySecret,
		Session:   session.Config{Secret: secret},
		Providers: provider.Set{"work": op},
	})
	if err != nil {
		return nil, err
	}
	app.auth = auth
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", app.home)
	mux.Handle("GET /reports", auth.RequireAuth(http.HandlerFunc(app.reports)))
	return auth.Handler(mux), nil
}

type app struct {
	auth *sallyport.Auth
	port string
}

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	p := page{Title: a.customer(r), Link: "/reports"}
	if s, ok := session.FromContext(r.Context()); ok {
		p.Text, p.SignOut = "You are signed in as "+s.User.Name+".", a.auth.LogoutURL("")
	}
	show(w, p)
}

func (a *app) reports(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	show(w, page{
		Title: "Reports of " + a.customer(r), Text: "Signed in as " + s.User.Name + ".",
		SignOut: a.auth.LogoutURL(""),
	})
}

// customer returns the title of the customer whose host the request is for.
func (a *app) customer(r *http.Request) string {
	if name, known := customerOf(strings.ToLower(r.Host), a.port); known {
		return customers[name]
	}
	return "Reports for companies"
}

// A page is the content of a page. Empty fields are not shown.
type page struct{ Title, Text, Link, SignOut string }

var layout = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<main>
<h1>{{.Title}}</h1>
{{with .Text}}<p>{{.}}</p>{{end}}
{{with .Link}}<p><a href="{{.}}">Reports</a></p>{{end}}
{{with .SignOut}}<form method="post" action="{{.}}"><button>Sign out</button></form>{{end}}
</main>
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
