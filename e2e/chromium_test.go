package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sallyport-go/sallyport/authtest"
)

func TestChromium_SignsInAtZitadel(t *testing.T) {
	w := open(t, "zitadel")
	addr := freeAddr(t)
	op := newZitadel(t, "http://"+addr)
	app := start(t, addr, "OIDC_ISSUER="+op.issuer())
	w.goTo(t, app.url+"/")
	w.do(t, chromedp.Navigate(app.url+"/profile?tab=claims"),
		chromedp.WaitVisible(chromedp.ID("password")))
	w.shot(t, "1-provider")
	w.do(t, chromedp.SendKeys(chromedp.ID("username"), zitadelUser),
		chromedp.SendKeys(chromedp.ID("password"), zitadelPassword))
	w.press(t, "button[type=submit]", "Your profile")
	w.shows(t, "/profile?tab=claims", zitadelName, "test-user@zitadel.ch")
	w.shot(t, "2-profile")
	w.press(t, "header form button", "You are signed out")
	w.shows(t, "/auth/logged-out", "You have signed out of")
}

func TestChromium_Example(t *testing.T) {
	w := open(t, "example")
	app := start(t, freeAddr(t))
	if !strings.Contains(app.users, "alice") || !strings.Contains(app.users, "password") {
		t.Errorf("the example does not print the test users:\n%s", app.users)
	}
	w.goTo(t, app.url+"/")
	w.shows(t, "/", "You are not signed in")
	w.shot(t, "01-home")

	w.press(t, `nav a[href="/profile"]`, "Sign in")
	w.choose(t, "oidc")
	w.shot(t, "02-login")
	w.do(t, chromedp.SendKeys(chromedp.ID("username"), "alice"),
		chromedp.SendKeys(chromedp.ID("password"), "wrong"))
	w.do(t, chromedp.Click(chromedp.CSS("button[type=submit]")),
		chromedp.WaitVisible(chromedp.CSS(".problem")))
	w.shot(t, "03-login-wrong")
	w.do(t, chromedp.SendKeys(chromedp.ID("password"), "alice"))
	w.press(t, "button[type=submit]", "Allow access?")
	w.shot(t, "04-consent")
	w.press(t, `button[value="allow"]`, "Your profile")
	w.shows(t, "/profile", "Alice Adams", "alice@example.com", "verified")
	w.shot(t, "05-profile")
	w.dark(t, true)
	w.shot(t, "06-profile-dark")
	w.size(t, 360, 740)
	w.shot(t, "07-profile-phone-dark")
	w.dark(t, false)
	w.shot(t, "08-profile-phone")
	w.size(t, 1000, 800)

	w.press(t, `nav a[href="/admin"]`, "Administration")
	w.shows(t, "/admin", "You have the role")
	w.shot(t, "09-admin")
	w.goTo(t, app.url+"/auth/logout")
	w.shot(t, "10-logout-question")
	w.press(t, "form button", "You are signed out")
	w.shot(t, "11-signed-out")

	w.press(t, `a[href="/"]`, "Welcome")
	w.press(t, `nav a[href="/admin"]`, "Sign in")
	w.choose(t, "oidc")
	w.do(t, chromedp.SendKeys(chromedp.ID("username"), "bob"),
		chromedp.SendKeys(chromedp.ID("password"), "bob"))
	w.press(t, "button[type=submit]", "Allow access?")
	w.press(t, `button[value="allow"]`, "You don't have access to this page")
	w.shot(t, "12-forbidden")
	w.goTo(t, app.url+"/")
	w.shows(t, "/", "Bob Brown")
	w.shot(t, "13-home-signed-in")
}

func TestChromium_ErrorPages(t *testing.T) {
	w := open(t, "errors")
	app := start(t, freeAddr(t), "OIDC_ISSUER=http://"+freeAddr(t)) // not running
	w.goTo(t, app.url+"/profile")
	w.shows(t, "/auth/login", "available right now")
	w.shot(t, "1-provider-down")
	w.goTo(t, app.url+"/auth/callback/oidc?code=x&state=y")
	w.shows(t, "/auth/callback", "This sign-in has expired", "Sign in again")
	w.shot(t, "2-no-login-open")
	w.dark(t, true)
	w.size(t, 360, 740)
	w.shot(t, "3-no-login-open-phone-dark")
	w.goTo(t, app.url+"/auth/none")
	w.shot(t, "4-not-found")
}

// Denying access at the provider leads to a page that says the sign-in was canceled.
func TestChromium_Denied(t *testing.T) {
	w := open(t, "denied")
	app := start(t, freeAddr(t))
	w.goTo(t, app.url+"/profile")
	w.choose(t, "oidc")
	w.do(t, chromedp.SendKeys(chromedp.ID("username"), "alice"),
		chromedp.SendKeys(chromedp.ID("password"), "alice"))
	w.press(t, "button[type=submit]", "Allow access?")
	w.press(t, `button[value="deny"]`, "You were not signed in")
	w.shows(t, "/auth/callback/oidc", "canceled")
	w.shot(t, "1-denied")
	w.press(t, "ul a", "Allow access?") // sign in again
}

// The list of sessions, and a page whose event stream ends with the session.
func TestChromium_SessionsAndLive(t *testing.T) {
	w := open(t, "sessions")
	app := start(t, freeAddr(t))
	phone := authtest.NewBrowser(t)
	authtest.SignIn(t, phone, app.url+"/auth/login/oidc", "alice")
	w.goTo(t, app.url+"/sessions")
	w.choose(t, "oidc")
	w.do(t, chromedp.SendKeys(chromedp.ID("username"), "alice"),
		chromedp.SendKeys(chromedp.ID("password"), "alice"))
	w.press(t, "button[type=submit]", "Allow access?")
	w.press(t, `button[value="allow"]`, "Your sessions")
	w.shows(t, "/sessions", "this one", "An unknown program", "Chrome on", "Sign out everywhere")
	w.shot(t, "1-sessions")
	w.dark(t, true)
	w.size(t, 360, 740)
	w.shot(t, "2-sessions-phone-dark")
	w.dark(t, false)
	w.size(t, 1000, 800)
	w.do(t, chromedp.Click(chromedp.CSS(`form[action="/sessions/end"] button`),
		chromedp.NodeVisible),
		chromedp.WaitNotPresent(chromedp.CSS(`form[action="/sessions/end"]`)))
	if body := authtest.Body(t, authtest.Open(t, phone, app.url+"/")); !strings.Contains(body,
		"You are not signed in") {
		t.Errorf("the phone's session after it was ended:\n%s", body)
	}

	w.press(t, `nav a[href="/live"]`, "Live")
	w.do(t, chromedp.WaitVisible(`//output[contains(., ":")]`))
	w.shot(t, "3-live")
	ask(t, w, chromedp.EvaluateAsDevTools[bool](
		`fetch("/auth/logout", {method: "POST", redirect: "manual"}); true`))
	w.do(t, chromedp.WaitVisible(chromedp.ID("ended")))
	w.shows(t, "/live", "Your session has ended", "stopped")
	w.shot(t, "4-live-ended")
}
