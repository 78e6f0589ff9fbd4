package sallyport_test

import (
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The application's own error page, with the texts of the library in the language of the browser,
// of which it changes one.
func ExampleConfig_pages() {
	page := template.Must(template.New("").Parse(
		`<html lang="{{.Lang}}"><h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{range .Links}}{{if .Post}}<form method="post" action="{{.Href}}">
{{range $name, $value := .Fields}}<input type="hidden" name="{{$name}}" value="{{$value}}">
{{end}}<button>{{.Text}}</button></form>
{{else}}<a href="{{.Href}}">{{.Text}}</a>
{{end}}{{end}}`))
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "https://app.example.com",
		AppName: "Acme",
		Session: session.Config{
			Secret: "2f7d1c0e9b8a47566f3e2d1c0b9a8877e6d5c4b3a2918070605f4e3d2c1b0a99"},
		Providers: provider.Set{"work": &provider.OIDC{Issuer: "https://login.example.com",
			ClientID: "c"}},
		Texts: map[string]map[string]string{
			"de": {"signed_out.text": "Auf Wiedersehen bei {app}!"}},
		OnError: func(w http.ResponseWriter, r *http.Request, e *problem.Error) bool {
			if !e.Page {
				return false // for programs: the built-in application/problem+json
			}
			w.WriteHeader(e.Status)
			if err := page.Execute(w, e); err != nil {
				log.Print(err)
			}
			return true
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range []string{"/auth/logged-out", "/auth/logout"} {
		r := httptest.NewRequest("GET", "https://app.example.com"+path, nil)
		r.Header.Set("Accept-Language", "de-CH, fr;q=0.5")
		w := httptest.NewRecorder()
		auth.Routes.ServeHTTP(w, r)
		fmt.Print(w.Body)
	}
	// Output:
	// <html lang="de"><h1>Sie sind abgemeldet</h1>
	// <p>Auf Wiedersehen bei Acme!</p>
	// <a href="/">Zur Startseite</a>
	// <html lang="de"><h1>Abmelden?</h1>
	// <p>Sie werden von Acme und, wenn möglich, auch vom Anmeldedienst abgemeldet.</p>
	// <form method="post" action="/auth/logout">
	// <button>Abmelden</button></form>
	// <a href="/">Angemeldet bleiben</a>
}
