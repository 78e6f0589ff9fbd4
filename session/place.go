package session

import (
	"net/http"
	"net/url"
	"strings"
)

// A place is an origin of the application. Everything that is sealed there is bound to it, so a
// session of one origin never opens at another, unless Config.Domain shares the cookies.
type place struct {
	origin        string // with the path of the base URL
	identitySeal  []byte // associated data of the identity part
	referenceSeal []byte // and of a reference
	keeper        keeper
}

// unknownOrigin is where requests for unknown hosts are. There are no sessions.
const unknownOrigin = "unknown"

func originText(base *url.URL) string {
	return strings.ToLower(base.Scheme+"://"+base.Host) + base.Path
}

// settle makes m the manager of an origin.
func (m *Manager) settle(origin string) {
	m.origin = origin
	m.identitySeal = associatedData(purposeSession, m.fullName, m.origin, m.site.Prefix)
	m.referenceSeal = associatedData(purposeReference, m.fullName, m.origin, m.site.Prefix)
	m.keeper = newKeeper(m)
}

// at returns the manager of the origin of a request. There is only one if the application has one
// origin, or if its origins share the cookies.
func (m *Manager) at(r *http.Request) *Manager {
	if m.site.OriginOf == nil || m.config.Domain != "" {
		return m
	}
	text := unknownOrigin
	if origin := m.site.OriginOf(r); origin != nil {
		text = originText(&url.URL{
			Scheme: origin.Scheme, Host: origin.Host, Path: m.site.BaseURL.Path,
		})
	}
	if text == m.origin {
		return m
	}
	there := &Manager{shared: m.shared}
	there.settle(text)
	return there
}

// of returns the manager of the origin of a session that was loaded; otherwise m.
func (m *Manager) of(s *Session) *Manager {
	for _, d := range []*sealedDetails{s.details.sealed, s.details.origin} {
		if d != nil && d.manager != nil && d.manager.shared == m.shared {
			return d.manager
		}
	}
	return m
}
