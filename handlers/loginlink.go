package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/sallyport-go/sallyport/internal/authparams"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/provider"
)

// A login link carries the request of one login sealed, so that users can neither read nor change
// it. The unsealed query carries the return address and what Config.LoginParams allows by name.

const (
	sealedParam  = "with" // of the login route
	linkLifetime = 24 * time.Hour
	linkAhead    = time.Minute // that the clock of another server may be ahead

	maxLinkRequest = 2048 // bytes of JSON
	maxSealedLink  = 4096
	maxLoginParam  = 512
)

// A sealedRequest is what a login link carries.
type sealedRequest struct {
	At      int64            `json:"at"` // seconds since 1970
	Request provider.Request `json:"req"`
}

// linkTicket ties a link to the login route, at any origin of the application, and to the provider
// that it names, if any.
func (h *routes) linkTicket(name string) engine.Ticket {
	return engine.Ticket{Name: "login-link", Binding: h.base + h.config.Paths.Callback(name)}
}

// LoginURLWith is LoginURL with a sealed request.
func (h *routes) LoginURLWith(req provider.Request, returnTo string) (string, error) {
	if err := checkLinkRequest(req); err != nil {
		return "", err
	}
	plain, err := json.Marshal(sealedRequest{h.config.Sessions.Now().Unix(), req})
	if err != nil {
		return "", fmt.Errorf("handlers: encode a login link: %w", err)
	}
	if len(plain) > maxLinkRequest {
		return "", fmt.Errorf("handlers: the request takes %d bytes, more than the %d of a login "+
			"link: set it in Hooks.Begin instead", len(plain), maxLinkRequest)
	}
	text, err := h.config.Sessions.Seal(h.linkTicket(req.Provider), plain)
	if err != nil {
		return "", fmt.Errorf("handlers: seal a login link: %w", err)
	}
	route := "login"
	if req.Provider != "" {
		route += "/" + segment(req.Provider)
	}
	return withQuery(h.route(route, returnTo), url.Values{sealedParam: {text}}), nil
}

// checkLinkRequest rejects what every provider would reject at the login.
func checkLinkRequest(req provider.Request) error {
	if err := authparams.Check(req.Params); err != nil {
		return fmt.Errorf("handlers: Request.Params: %w", err)
	}
	if req.MaxAge != nil && *req.MaxAge < 0 {
		return fmt.Errorf("handlers: Request.MaxAge: %v is negative", *req.MaxAge)
	}
	return nil
}

// withoutFragment returns an address without what follows "#".
func withoutFragment(address string) string {
	address, _, _ = strings.Cut(address, "#")
	return address
}

// withQuery adds parameters to a path of ours, or of a page, without a fragment.
func withQuery(path string, params url.Values) string {
	switch {
	case len(params) == 0:
		return path
	case strings.Contains(path, "?"):
		return path + "&" + params.Encode()
	}
	return path + "?" + params.Encode()
}

var (
	errLinkChanged = errors.New("handlers: the login link was not made by this application for " +
		"this provider, or with another Session.Secret")
	errParamRepeated = errors.New("handlers: a parameter of the login link is repeated")
)

// carried returns the parameters of a login request, except the return address, that the choice of
// a provider keeps: the sealed request and those that LoginParams allows.
func (h *routes) carried(query url.Values) (url.Values, error) {
	kept := url.Values{}
	for _, name := range append([]string{sealedParam}, h.config.LoginParams...) {
		values, there := query[name]
		if !there {
			continue
		}
		if len(values) != 1 {
			return nil, errParamRepeated
		}
		if name != sealedParam && !printableParam(values[0]) {
			return nil, fmt.Errorf("handlers: %s is not printable text of at most %d bytes", name,
				maxLoginParam)
		}
		kept[name] = values
	}
	return kept, nil
}

func printableParam(value string) bool {
	strange := func(r rune) bool { return !unicode.IsPrint(r) }
	return len(value) <= maxLoginParam && authparams.CheckValue(value) == nil &&
		!strings.ContainsFunc(value, strange)
}

// requestOf returns the request for a login at the named provider. The sealed request takes
// precedence.
func (h *routes) requestOf(name string, asked loginRequest) (req provider.Request, err error) {
	req.LoginHint = asked.hint
	carried := asked.carried
	if carried.Has(sealedParam) {
		if req, err = h.openLink(name, carried.Get(sealedParam)); err != nil {
			return provider.Request{}, err
		}
	}
	for _, param := range h.config.LoginParams {
		if !carried.Has(param) {
			continue
		}
		switch value := carried.Get(param); {
		case param == "login_hint":
			if req.LoginHint == "" {
				req.LoginHint = value
			}
		case param == "ui_locales":
			if len(req.UILocales) == 0 {
				req.UILocales = strings.Fields(value)
			}
		default:
			req.Params = authparams.Merge(url.Values{param: {value}}, req.Params)
		}
	}
	return req, nil
}

// openLink opens a sealed request that was made for the named provider, or for any.
func (h *routes) openLink(name, text string) (provider.Request, error) {
	if len(text) > maxSealedLink {
		return provider.Request{}, errLinkChanged
	}
	plain, err := h.config.Sessions.Unseal(h.linkTicket(name), text)
	if err != nil && name != "" {
		plain, err = h.config.Sessions.Unseal(h.linkTicket(""), text)
	}
	var link sealedRequest
	if err != nil || json.Unmarshal(plain, &link) != nil {
		return provider.Request{}, errLinkChanged
	}
	age := h.config.Sessions.Now().Sub(time.Unix(link.At, 0))
	if age >= linkLifetime || age < -linkAhead {
		return provider.Request{}, fmt.Errorf("handlers: the login link was made %v ago and is "+
			"valid for %v", age.Round(time.Second), linkLifetime)
	}
	return link.Request, nil
}
