// Package providerguide generates docs/providers.md: how to configure a provider, all settings, and
// the facts about each vendor. The text is a template; the tables come from the list of settings
// and from package vendors. To update the file, run
//
//	go generate ./internal/providerguide
//
// A test fails if the file is out of date.
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

// Write returns the document for a list of vendors.
func Write(list []vendors.Vendor) ([]byte, error) {
	page, err := template.New("guide").Funcs(template.FuncMap{"cell": cell, "for": mark}).Parse(guide)
	if err != nil {
		return nil, err
	}
	var rows []vendor
	for _, v := range list {
		rows = append(rows, vendor{v, scopesOf(v), anchor(v)})
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		Settings  []settings.Setting
		Protocols []provider.Protocol
		Vendors   []vendor
	}{settings.All(), []provider.Protocol{provider.OpenIDConnect, provider.OAuthTwo, provider.OAuthOne}, rows})
	return b.Bytes(), err
}

// A vendor holds the data of one vendor for the template.
type vendor struct {
	vendors.Vendor
	Scopes string // empty if none, or if they depend on the settings
	Anchor string
}

// scopesOf creates the vendor's provider from placeholder values and returns the scopes it
// requests. It returns "" for a vendor that rejects the placeholders; its notes list the scopes.
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

// anchor returns the link target of the vendor's heading.
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

// cell escapes a text for a table cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}

// mark returns the table entry for a setting and a protocol: "required", "yes" or "".
func mark(s settings.Setting, protocol provider.Protocol) string {
	switch {
	case s.Required(protocol):
		return "required"
	case s.For(protocol):
		return "yes"
	}
	return ""
}
