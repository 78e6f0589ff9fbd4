package handlers

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/sallyport-go/sallyport/internal/page"
	"github.com/sallyport-go/sallyport/provider"
)

// A Choice is one way to sign in, for a login page.
type Choice struct {
	Name  string // the provider's configured name
	Label string // for people, such as "Google"
	URL   string // starts the login
}

type choicesKey struct{}

// Choices returns the ways to sign in that a login page (sallyport.Config.LoginPage) has to
// offer for this request, sorted by label. The URLs lead back to where the user wanted to go.
func Choices(ctx context.Context) []Choice {
	choices, _ := ctx.Value(choicesKey{}).([]Choice)
	return choices
}

// choose shows the login page.
func (h *Handlers) choose(w http.ResponseWriter, r *http.Request, returnTo string) {
	choices := h.choices(returnTo)
	page.Protect(w.Header())
	if custom := h.config.LoginPage; custom != nil {
		custom.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), choicesKey{}, choices)))
		return
	}
	p := page.Page{Title: "Sign in", Text: []string{"Choose how you want to sign in."}}
	for _, c := range choices {
		p.Links = append(p.Links, page.Link{Href: c.URL, Text: "Sign in with " + c.Label})
	}
	page.Write(w, r, http.StatusOK, p)
}

func (h *Handlers) choices(returnTo string) []Choice {
	choices := make([]Choice, 0, len(h.config.Providers))
	for name, p := range h.config.Providers {
		label := name
		if l, ok := p.(provider.Labeler); ok && l.Label() != "" {
			label = l.Label()
		}
		target := ""
		if returnTo != home {
			target = returnTo
		}
		choices = append(choices, Choice{Name: name, Label: label, URL: h.route("login/"+name, target)})
	}
	slices.SortFunc(choices, func(a, b Choice) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Name, b.Name))
	})
	return choices
}
