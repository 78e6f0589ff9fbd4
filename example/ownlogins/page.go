package main

import (
	"html/template"
	"net/http"

	"github.com/sallyport-go/sallyport/handlers"
)

// A page is the content of a page. Empty fields are not shown.
type page struct {
	Title, Text, ReturnTo  string
	SignIn, SignOut, Token string
	Password, Email        bool // show the form
	Choices                []handlers.Choice
}

var layout = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
{{with .Text}}<p>{{.}}</p>{{end}}
{{if .Password}}<form method="post" action="/login/password">
<label>Name: <input name="name" autocomplete="username" required></label>
<label>Password: <input name="password" type="password" autocomplete="current-password"
 required></label>
<input type="hidden" name="return_to" value="{{.ReturnTo}}">
<button>Sign in</button>
</form>{{end}}
{{if .Email}}<form method="post" action="/login/link">
<label>Email: <input name="email" type="email" required></label>
<input type="hidden" name="return_to" value="{{.ReturnTo}}">
<button>Send a link</button>
</form>{{end}}
{{with .Token}}<form method="post" action="/login/link/confirm">
<input type="hidden" name="token" value="{{.}}">
<button>Sign in</button>
</form>{{end}}
{{range .Choices}}<p><a href="{{.URL}}">Sign in with {{.Label}}</a></p>{{end}}
{{with .SignIn}}<p><a href="{{.}}">Sign in</a></p>{{end}}
{{with .SignOut}}<form method="post" action="{{.}}"><button>Sign out</button></form>{{end}}
</html>
`))

func show(w http.ResponseWriter, status int, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	if err := layout.Execute(w, p); err != nil {
		panic(http.ErrAbortHandler)
	}
}
