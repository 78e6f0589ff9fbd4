package vendors_test

import (
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/vendors"
)

// F56: Fitbit has shut down its Web API and its OAuth endpoints.
func TestNamed_NoFitbit(t *testing.T) {
	if _, known := vendors.Named("fitbit"); known {
		t.Error("Fitbit is listed, but its endpoints answer 410")
	}
}

// F56: vendors whose refresh tokens rotate say so in their notes, and have a fixture that shows it.
func TestNotes_SayThatRefreshTokensRotate(t *testing.T) {
	rotates := func(p vendors.Vendor) bool {
		return strings.Contains(strings.Join(p.Notes, "\n"), "rotat")
	}
	known := []string{
		"atlassian",
		"bitbucket",
		"box",
		"cognito",
		"github",
		"gitlab",
		"notion",
		"reddit",
		"salesforce",
		"shopify",
		"slack",
		"spotify",
		"x",
		"zoom",
	}
	shown := map[string]bool{}
	for _, f := range fixtures(t) {
		vendor, _ := vendors.Named(f.Vendor)
		for _, c := range f.trials() {
			if c.Refresh == nil {
				continue
			}
			fresh := c.Refresh.Tokens["refresh_token"]
			if fresh == "" || fresh == "{refresh_token}" || fresh == c.Vars["refresh_token"] {
				continue
			}
			shown[f.Vendor] = true
			if !rotates(vendor) {
				t.Errorf("%s, %q: refresh tokens rotate, and no note says so", f.Vendor, c.Name)
			}
		}
	}
	for _, name := range known {
		if vendor, _ := vendors.Named(name); !rotates(vendor) || !shown[name] {
			t.Errorf("%s: no note, or no fixture, with refresh tokens that rotate", name)
		}
	}
}

// F56: the notes contain the facts that an application must know, because no code can handle them.
func TestNotes_NameTheFact(t *testing.T) {
	for name, facts := range map[string][]string{
		"keycloak": {"Exclude Issuer From Authentication Response"},
		"naver": {
			"OpenID Connect",
			"https://nid.naver.com",
			"/oauth2/",
			"sub equals response.id",
		},
		"spotify":    {"account_id", "UserFields.ID", "6 months", "development mode"},
		"shopify":    {"24 hours", "2027-01-01"},
		"salesforce": {"External Client App"},
		"bitbucket":  {"2,500 characters", "Session.Store", "3 months"},
		"facebook":   {"2028-02-18"},
		"slack":      {"12 hours", "public client permanently"},
		"dropbox":    {"no nonce"},
	} {
		vendor, _ := vendors.Named(name)
		notes := strings.Join(vendor.Notes, "\n")
		for _, fact := range facts {
			if !strings.Contains(notes, fact) {
				t.Errorf("%s: the notes do not mention %q:\n%s", name, fact, notes)
			}
		}
	}
}

// F56: the tokens of Bitbucket are often longer than 2,500 characters each. Both fit into the
// session cookies, at the login and after a refresh.
func TestBitbucket_LongTokens(t *testing.T) {
	vendor, _ := vendors.Named("bitbucket")
	trials := load(t, filepath.Join(folder, "bitbucket.json")).trials()
	i := slices.IndexFunc(trials, func(c trial) bool { return c.Name == "refresh tokens rotate" })
	if i < 0 {
		t.Fatal("there is no fixture with refresh tokens that rotate")
	}
	const length = 3000
	c := trials[i]
	c.Vars = merged(c.Vars, map[string]string{
		"access_token": randomText(length), "refresh_token": randomText(length),
	})
	fresh := map[string]string{
		"access_token":  randomText(length),
		"refresh_token": randomText(length),
	}
	r := *c.Refresh
	r.Vars, r.Tokens = map[string]string{"access_token": fresh["access_token"]}, fresh
	for address, reply := range r.Answers {
		reply.JSON.(map[string]any)["refresh_token"] = fresh["refresh_token"]
		r.Answers[address] = reply
	}
	c.Refresh = &r
	for _, complaint := range run(t, vendor, c) {
		t.Error(complaint)
	}
}

// randomText is text that does not compress well, as tokens are.
func randomText(length int) string {
	text := ""
	for len(text) < length {
		text += rand.Text()
	}
	return text[:length]
}
