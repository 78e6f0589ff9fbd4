package provider

import "net/url"

// maxHint is the longest id_token_hint that goes into a URL; beyond it the client_id has to do, because servers
// refuse long request lines.
const maxHint = 4096

// LogoutURL implements [LogoutURLer] (OpenID Connect RP-Initiated Logout 1.0 section 2).
func (o *OIDC) LogoutURL(l Logout) string {
	k := o.discovery.current.Load()
	if k == nil || k.metadata.EndSessionEndpoint == "" {
		return ""
	}
	params := url.Values{
		"client_id":                {o.ClientID},
		"post_logout_redirect_uri": {l.ReturnURL},
		"state":                    {l.State},
	}
	if l.IDToken != "" && len(l.IDToken) <= maxHint {
		params.Set("id_token_hint", l.IDToken)
	}
	address, err := withParams(k.metadata.EndSessionEndpoint, params)
	if err != nil {
		return ""
	}
	return address
}
