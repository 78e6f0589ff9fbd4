package handlers

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
)

// A Choice is one way to sign in, for a login page of the application.
type Choice struct {
	Name  string // the provider's configured name
	Label string // for people, such as "Google"
	URL   string // starts the login
}

type choicesKey struct{}

// offered is what a login page is shown for.
type offered struct {
	choices  []Choice
	returnTo string
}

// Choices returns the ways to sign in that a login page (sallyport.Config.LoginPage) offers for
// this request, in the order of sallyport.Config.Order. After the login, their URLs lead to the
// page that the user asked for.
func Choices(ctx context.Context) []Choice {
	o, _ := ctx.Value(choicesKey{}).(offered)
	return o.choices
}

// ReturnTo returns the path of the application that the user asked for. A login page that asks for
// the name of a tenant passes it to Auth.LoginURLFor. It is empty for the start page.
func ReturnTo(ctx context.Context) string {
	o, _ := ctx.Value(choicesKey{}).(offered)
	return o.returnTo
}

// choose shows the login page. Its links keep the carried parameters.
func (h *routes) choose(w http.ResponseWriter, r *http.Request, asked loginRequest) {
	returnTo := asked.returnTo
	if returnTo == h.returns.start() {
		returnTo = ""
	}
	choices := h.choices(returnTo, asked.carried)
	answer.Protect(w.Header())
	if custom := h.config.LoginPage; custom != nil {
		custom.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), choicesKey{},
			offered{choices, returnTo})))
		return
	}
	var ways []problem.Link
	for _, c := range choices {
		ways = append(ways, problem.Link{Href: c.URL, Text: c.Label})
	}
	h.config.Login.Choose(w, r, ways)
}

func (h *routes) choices(returnTo string, carried url.Values) []Choice {
	configured := h.config.Providers.Configured()
	choices := make([]Choice, 0, len(configured))
	for name, p := range configured {
		label := name
		if d, ok := p.(provider.Describer); ok {
			label = cmp.Or(d.Describe().Label, name)
		}
		choices = append(choices, Choice{Name: name, Label: label,
			URL: withQuery(h.route("login/"+name, returnTo), carried)})
	}
	slices.SortFunc(choices, func(a, b Choice) int {
		return cmp.Or(cmp.Compare(h.position(a), h.position(b)),
			cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)),
			cmp.Compare(a.Name, b.Name))
	})
	return choices
}

// position is the place of a choice in the application's order. Those that it leaves out come last.
func (h *routes) position(c Choice) int {
	if i := slices.Index(h.config.Order, c.Name); i >= 0 {
		return i
	}
	return len(h.config.Order)
}
