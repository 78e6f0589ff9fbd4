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

// Organizations lists the organizations whose users may sign in, for a provider with many, such as
// Microsoft Entra ID. Its Issuer has the placeholder "{tenantid}" for the organization's ID. Anyone
// can create an organization there, so one of the fields is required.
//
// A token is accepted if its iss is Issuer with its own tid, a GUID, in place of the placeholder,
// and the key that signed it is valid for that issuer. This includes refreshed tokens and logout
// tokens. A user's Issuer is that of the organization. Logins of other organizations are rejected
// with [faultNotAdmitted]; their sessions end at the next refresh with an ID token.
type Organizations struct {
	// Allowed are the IDs of organizations, in lower case.
	Allowed []string

	// Approve is called for each token of an organization that is not in Allowed. An error rejects
	// the token; one that wraps [ErrUnavailable] means that the answer is unknown at the moment. It
	// must be safe for concurrent use. Default: none.
	Approve func(ctx context.Context, tenant string) error
}

const tenantPlaceholder = "{tenantid}"

// tenantID matches a GUID. Only one spelling is accepted, or a user could have several issuers.
var tenantID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// notAdmitted is the error for a user who is authenticated, but may not sign in here.
type notAdmitted struct{ err error }

func (n *notAdmitted) Error() string { return n.err.Error() }
func (n *notAdmitted) Unwrap() error { return n.err }

// admit reports whether an organization's users may sign in; nil means yes.
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

// checkIssuer checks iss (OpenID Connect Core section 3.1.3.7) and sets the issuer for
// session.User.
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
		t.issuer += "#" + tenant // issuers have no fragment
		return err
	}
}

// checkTenant checks iss if Issuer is a template.
func (o *OIDC) checkTenant(ctx context.Context, t *idToken, iss string) error {
	tid, err := t.claims.text("tid")
	switch {
	case err != nil:
		return err
	case !tenantID.MatchString(tid):
		return errors.New("tid is missing or not a GUID in lower case")
	case iss != ofTenant(o.Issuer, tid):
		return errors.New("iss is not the issuer of the tenant in tid")
	}
	t.issuer = iss
	return o.Organizations.admit(ctx, tid)
}

// ofTenant replaces the placeholder of a template.
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

// signsFor reports whether a key may sign the payload. If organizations share a JWKS, each key has
// an issuer: the template for all of them, or that of one. A key without one is rejected.
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
		return wrongField("Issuer", "%s is a template: set Organizations to those that may sign in",
			o.Issuer)
	case o.Organizations == nil:
		return nil
	case placeholders != 1:
		return wrongField("Organizations", "need an Issuer with %s in it, once", tenantPlaceholder)
	case o.Discovery == "" && !o.Static:
		return wrongField("Organizations",
			"need Discovery, the URL of the document that all of them share")
	case len(o.Organizations.Allowed) == 0 && o.Organizations.Approve == nil:
		return wrongField("Organizations.Allowed",
			"is empty and Approve is not set: no user could sign in")
	case len(o.IssuerAliases) > 0 || o.TenantClaim != "":
		return wrongField("Organizations", "exclude IssuerAliases and TenantClaim: remove those")
	}
	for _, tenant := range o.Organizations.Allowed {
		if !tenantID.MatchString(tenant) {
			return wrongField("Organizations.Allowed",
				"%q is not a GUID in lower case, such as "+
					"9188040d-6c67-4c5b-b112-36a304b66dad", tenant)
		}
	}
	return nil
}

// anyValue matches every text in RequiredClaims.
const anyValue = "*"

// checkRequired checks RequiredClaims, in the signed claims only.
func (o *OIDC) checkRequired(t *idToken) error {
	for _, name := range slices.Sorted(maps.Keys(o.RequiredClaims)) {
		values, err := t.claims.texts(name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(nonEmpty(values), func(value string) bool {
			return slices.Contains(o.RequiredClaims[name], value) ||
				slices.Contains(o.RequiredClaims[name], anyValue)
		}) {
			return &notAdmitted{
				fmt.Errorf("%s is missing, or not one of the required values", name)}
		}
	}
	return nil
}
