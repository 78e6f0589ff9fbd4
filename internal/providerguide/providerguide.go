// Package providerguide generates docs/providers.md, how to configure a provider and the facts
// about each vendor, and docs/settings.md, all settings. The texts are templates; the tables come
// from packages vendors and internal/settings. To update the files, run
//
//	go generate ./internal/providerguide
//
// A test fails if one of them is out of date.
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

//go:embed settings.md
var reference string

// Write returns docs/providers.md for a list of vendors.
func Write(list []vendors.Vendor) ([]byte, error) {
	var rows []vendor
	for _, v := range list {
		rows = append(rows, vendor{v, scopesOf(v), anchor(v)})
	}
	return execute(guide, struct{ Vendors []vendor }{rows})
}

// Settings returns docs/settings.md.
func Settings() ([]byte, error) {
	providerInCode, configInCode := settings.InCode()
	return execute(reference, struct {
		General, Settings            []settings.Setting
		Protocols                    []vendors.Protocol
		ProviderInCode, ConfigInCode map[string]string
	}{
		settings.General(), settings.All(),
		[]vendors.Protocol{vendors.OpenIDConnect, vendors.OAuthTwo, vendors.OAuthOne},
		providerInCode, configInCode,
	})
}

func execute(text string, data any) ([]byte, error) {
	functions := template.FuncMap{"cell": cell, "for": mark, "fields": fields}
	page, err := template.New("guide").Funcs(functions).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, data)
	return b.Bytes(), err
}

// fields lists the Go fields of a setting.
func fields(s settings.Setting) string {
	return "`" + strings.ReplaceAll(s.Fields, " ", "`, `") + "`"
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
func mark(s settings.Setting, protocol vendors.Protocol) string {
	switch {
	case s.Required(protocol):
		return "required"
	case s.For(protocol):
		return "yes"
	}
	return ""
}
