package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// Organizations say which organizations may sign their users in at a provider of many, such as Microsoft Entra ID, whose Issuer has the
// placeholder "{tenantid}" where each organization's tokens have their own ID. The provider vouches for all of them, and anybody can
// found one, so one of the fields is needed: there is no way to take everybody by saying nothing.
//
// A token counts if its iss is the Issuer with its own tid, a GUID, in the placeholder's place, and if the key that signed it is
// one for that issuer. The same holds for refreshed tokens, and for logout tokens. A user's Issuer is that of the organization. One that
// does not pass is refused with [FaultNotAdmitted], and loses its sessions when they are refreshed, if that brings an ID token.
type Organizations struct {
	// Allowed are the IDs of organizations, in lower case.
	Allowed []string

	// Approve is asked about organizations that are not in Allowed, for each token. An error refuses it; one that wraps
	// [ErrUnavailable] means that this cannot be said now. It must be safe for concurrent use.
	Approve func(ctx context.Context, tenant string) error
}

const tenantPlaceholder = "{tenantid}"

// tenantID is a GUID. Only one spelling is accepted, or a user could have several issuers.
var tenantID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// notAdmitted is a user of whom there is no doubt, but who may not sign in here.
type notAdmitted struct{ err error }

func (n *notAdmitted) Error() string { return n.err.Error() }
func (n *notAdmitted) Unwrap() error { return n.err }

// admit asks about one organization.
func (t *Organizations) admit(ctx context.Context, tenant string) error {
	switch {
	case slices.Contains(t.Allowed, tenant):
		return nil
	case t.Approve == nil:
		return &notAdmitted{fmt.Errorf("the tenant %s is not in Organizations.Allowed", tenant)}
	}
	err := recovered.Call(func() error { return t.Approve(ctx, tenant) })
	if err != nil {
		return &notAdmitted{fmt.Errorf("Organizations.Approve: %w", err)}
	}
	return nil
}

// checkIssuer finds out whose token it is, which is what session.User.Issuer says then (OpenID Connect Core section 3.1.3.7).
func (o *OIDC) checkIssuer(ctx context.Context) func(*idToken) error {
	return func(t *idToken) error {
		iss, err := t.claims.text("iss")
		if err != nil {
			return err
		}
		switch {
		case o.Organizations != nil:
			return o.checkTenant(ctx, t, iss)
		case iss != o.Issuer && !slices.Contains(o.IssuerAliases, iss) || iss == "":
			return errors.New("iss is not the configured issuer")
		}
		t.issuer = o.Issuer
		if o.TenantClaim == "" {
			return nil
		}
		tenant, err := t.claims.text(o.TenantClaim)
		if err == nil {
			err = checkIdentifier(o.TenantClaim, tenant)
		}
		t.issuer += "#" + tenant // an issuer has no fragment of its own
		return err
	}
}

// checkTenant checks iss of a provider with a template.
func (o *OIDC) checkTenant(ctx context.Context, t *idToken, iss string) error {
	tid, err := t.claims.text("tid")
	switch {
	case err != nil:
		return err
	case !tenantID.MatchString(tid):
		return errors.New("tid is missing or not a GUID in lower case")
	case iss != ofTenant(o.Issuer, tid):
		return errors.New("iss is not the issuer of the tenant that tid names")
	}
	t.issuer = iss
	return o.Organizations.admit(ctx, tid)
}

// ofTenant fills in a template.
func ofTenant(template, tid string) string {
	return strings.Replace(template, tenantPlaceholder, tid, 1)
}

// isIssuer reports whether an issuer is this provider's, or that of one of its organizations.
func (o *OIDC) isIssuer(issuer string) bool {
	before, after, template := strings.Cut(o.Issuer, tenantPlaceholder)
	if !template || o.Organizations == nil {
		return issuer == o.Issuer
	}
	tid, found := strings.CutPrefix(issuer, before)
	if found {
		tid, found = strings.CutSuffix(tid, after)
	}
	return found && tenantID.MatchString(tid)
}

// signsFor reports whether a key may have signed the payload. Where organizations share a JWKS, a key says whose it is: of all of
// them, by the template, or of one. One that does not say is nobody's.
func (o *OIDC) signsFor(key publicKey, payload []byte) bool {
	if o.Organizations == nil {
		return true
	}
	c, err := newSchema("token", "iss", "tid").read(payload, nil)
	if err != nil {
		return false
	}
	tid := c.display("tid")
	return key.issuer != "" && tid != "" && ofTenant(key.issuer, tid) == c.display("iss")
}

func (o *OIDC) checkTenants() error {
	placeholders := strings.Count(o.Issuer, tenantPlaceholder)
	switch {
	case o.Organizations == nil && placeholders > 0:
		return wrongField("Issuer", "%s is a template: Organizations must say which organizations may sign in", o.Issuer)
	case o.Organizations == nil:
		return nil
	case placeholders != 1:
		return wrongField("Organizations", "need an Issuer with %s in it, once", tenantPlaceholder)
	case o.Discovery == "" && !o.Static:
		return wrongField("Organizations", "need Discovery, the address of the document that all of them share")
	case len(o.Organizations.Allowed) == 0 && o.Organizations.Approve == nil:
		return wrongField("Organizations.Allowed", "is empty and there is no Approve: no user could sign in")
	case len(o.IssuerAliases) > 0 || o.TenantClaim != "":
		return wrongField("Organizations", "go with neither IssuerAliases nor TenantClaim")
	}
	for _, tenant := range o.Organizations.Allowed {
		if !tenantID.MatchString(tenant) {
			return wrongField("Organizations.Allowed", "%q is not a GUID in lower case, such as 9188040d-6c67-4c5b-b112-36a304b66dad", tenant)
		}
	}
	return nil
}

// anyValue stands for every text in RequiredClaims.
const anyValue = "*"

// checkRequired makes sure that the user is one of those who may sign in here. Only what is signed counts.
func (o *OIDC) checkRequired(t *idToken) error {
	for _, name := range slices.Sorted(maps.Keys(o.RequiredClaims)) {
		values, err := t.claims.texts(name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(nonEmpty(values), func(value string) bool {
			return slices.Contains(o.RequiredClaims[name], value) || slices.Contains(o.RequiredClaims[name], anyValue)
		}) {
			return &notAdmitted{fmt.Errorf("%s is missing, or none of those that are required", name)}
		}
	}
	return nil
}
