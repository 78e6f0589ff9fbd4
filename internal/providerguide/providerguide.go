// Package providerguide writes docs/providers.md: how to write a provider down, which settings there are, and what has to be known about
// each vendor. The first part is a template, the rest follows from the table of settings and from the presets. Running
//
//	go generate ./internal/providerguide
//
// writes the file; a test fails when that is out of date.
package providerguide

import (
	"bytes"
	_ "embed"
	"strings"
	"text/template"

	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

//go:generate go run ./generate

//go:embed guide.md
var guide string

// Write returns the document for the presets.
func Write(presets []vendors.Vendor) ([]byte, error) {
	page, err := template.New("guide").Funcs(template.FuncMap{"cell": cell, "for": mark}).Parse(guide)
	if err != nil {
		return nil, err
	}
	var rows []vendor
	for _, p := range presets {
		rows = append(rows, vendor{p, scopesOf(p), anchor(p)})
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		Settings  []settings.Setting
		Protocols []provider.Protocol
		Vendors   []vendor
	}{settings.All(), []provider.Protocol{provider.OpenIDConnect, provider.OAuthTwo, provider.OAuthOne}, rows})
	return b.Bytes(), err
}

// A vendor is what the document says about one preset.
type vendor struct {
	vendors.Vendor
	Scopes string // empty: none, or it depends
	Anchor string
}

// scopesOf makes the vendor's provider with values that stand in for real ones, and looks at what it asks for. A vendor that sees
// through them has its scopes in its notes.
func scopesOf(p vendors.Vendor) string {
	for _, standIn := range []string{"example", "example.com", "https://example.com"} {
		values := vendors.Values{"client_id": "example", "client_secret": "example"}
		for _, s := range p.Settings {
			if s.Required {
				values[s.Name] = standIn
			}
		}
		made, err := p.Make(values)
		if err != nil {
			continue
		}
		switch made := made.(type) {
		case *provider.OIDC:
			if len(made.Scopes) == 0 {
				return "openid profile email"
			}
			return strings.Join(made.Scopes, " ")
		case *provider.OAuth2:
			return strings.Join(made.Scopes, " ")
		}
	}
	return ""
}

// anchor is how the heading of a vendor is linked to.
func anchor(p vendors.Vendor) string {
	var b strings.Builder
	for _, r := range strings.ToLower(p.Label + " " + p.Name) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cell keeps a text in its cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}

// mark says whether a protocol has a setting.
func mark(s settings.Setting, protocol provider.Protocol) string {
	switch {
	case s.Required(protocol):
		return "needed"
	case s.For(protocol):
		return "yes"
	}
	return ""
}
