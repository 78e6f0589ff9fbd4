package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
)

// clientPage shows what client.js reports.
const clientPage = `<main><h1>Client</h1>
<p id=user></p><p id=left></p><p id=api></p>
<button id=sudo>popup</button> <button id=stepup>step up</button>
<script type=module>
import * as auth from "/auth/client.js";
window.auth = auth;
const show = (id, text) => document.getElementById(id).textContent = text;
const name = (s) => s.user?.name ?? "signed out";
auth.onChange((s) => show("user", "changed: " + name(s)));
auth.onEnd((left) => show("left", left === null ? "extended" : left === 0 ? "ended" : "warned"));
const call = async (path) => {
  const res = await auth.fetch(path, {method: "POST", body: "x"}, {popup: true});
  show("api", res.status + " " + await res.text());
};
document.getElementById("sudo").onclick = () => call("/api");
document.getElementById("stepup").onclick = () => call("/sudo");
show("user", name(await auth.session()));
</script></main>`

func newClientApp(t *testing.T, change ...func(*sallyport.Config)) *frontEnd {
	f := newFrontEnd(t, change...)
	f.page("/", clientPage)
	f.mux.Handle("/api", f.auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		_ = json.NewEncoder(w).Encode(s.User.Name)
	})))
	f.mux.Handle("/sudo", f.auth.RequireRecent(time.Minute)(http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("done")) })))
	f.op.SetNow(f.now)
	return f
}

// R161: the countdown begins before the idle limit, ends when the session is extended in any tab,
// and the end of the session reaches every tab.
func TestChromium_R161_Countdown(t *testing.T) {
	f := newClientApp(t)
	w := open(t, "client-countdown")
	w.goTo(t, f.url+"/")
	w.reads(t, "user", "signed out")
	w.do(t, chromedp.Navigate(f.url+"/auth/login"))
	w.atProvider(t, "alice")
	w.reads(t, "user", "Alice Adams")
	other := w.tab(t)
	other.goTo(t, f.url+"/")
	other.reads(t, "user", "Alice Adams")

	f.wait(29 * time.Minute)
	look(t, w)
	w.reads(t, "left", "warned")
	look(t, other)
	other.reads(t, "left", "warned")
	ask(t, w, chromedp.EvaluateAsDevTools[bool](`auth.extend(); true`))
	w.reads(t, "left", "extended")
	other.reads(t, "left", "extended")

	f.wait(31 * time.Minute)
	look(t, w)
	w.reads(t, "left", "ended")
	w.reads(t, "user", "changed: signed out")
	other.reads(t, "left", "ended")
	other.reads(t, "user", "changed: signed out")
}

// look asks for the session, as when the user comes back to the tab.
func look(t *testing.T, w *window) {
	t.Helper()
	ask(t, w, chromedp.EvaluateAsDevTools[bool](`auth.session(); true`))
}

// fetch opens the login in a popup, sends the request again, and all tabs learn of the sign-in and
// of the sign-out, which ends at the provider.
func TestChromium_R162_PopupAndLogout(t *testing.T) {
	f := newClientApp(t)
	w := open(t, "client-popup")
	w.goTo(t, f.url+"/")
	w.reads(t, "user", "signed out")
	other := w.tab(t)
	other.goTo(t, f.url+"/")
	other.reads(t, "user", "signed out")

	popup := w.popup(t, "#sudo")
	popup.atProvider(t, "alice")
	w.reads(t, "api", `200 "Alice Adams"`)
	w.reads(t, "user", "changed: Alice Adams")
	other.reads(t, "user", "changed: Alice Adams")
	if left := pages(t, w); left != 2 {
		t.Errorf("%d pages are open, want 2: the popup does not close", left)
	}

	ask(t, w, chromedp.EvaluateAsDevTools[bool](`auth.logout({returnTo: "/?bye"}); true`))
	w.do(t, chromedp.WaitVisible(chromedp.CSS("main")))
	w.reads(t, "user", "signed out")
	w.shows(t, "/?bye")
	other.reads(t, "user", "changed: signed out")
	if n := f.op.Count("end_session"); n != 1 {
		t.Errorf("%d logouts at the provider", n)
	}
	// without a popup, the page comes back as it was
	w.goTo(t, f.url+"/?tab=1#part")
	w.reads(t, "user", "signed out")
	ask(t, w, chromedp.EvaluateAsDevTools[bool](`auth.fetch("/api"); true`))
	w.atProvider(t, "bob")
	w.reads(t, "user", "Bob Brown")
	w.shows(t, "/?tab=1#part")
}

// fetch hands on what does not lead to a login of this origin: a response without a body, one whose
// body is no problem of ours, and one of another origin.
func TestChromium_R162_OtherProblems(t *testing.T) {
	f := newClientApp(t)
	f.mux.HandleFunc("/problem", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(r.URL.Query().Get("body")))
	})
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Type", "application/problem+json")
		_, _ = w.Write([]byte(`{"login_url": "http://["}`))
	}))
	t.Cleanup(foreign.Close)
	w := open(t, "client-problems")
	w.goTo(t, f.url+"/")
	w.reads(t, "user", "signed out")
	for call, want := range map[string]string{
		`"/api", {method: "HEAD"}`: "401",
		`"/problem"`:               "418",
		`"/problem?body=null"`:     "418",
		`"/problem?body=x"`:        "418",
		`"/problem?body={}"`:       "418",
		`"/problem?body={\"login_url\":\"//evil.example\"}"`: "418",
		`"` + foreign.URL + `"`:                              "200",
	} {
		ask(t, w, chromedp.EvaluateAsDevTools[bool](`document.getElementById("api").textContent =
			""; auth.fetch(`+call+`).then((r) => r.status, String).then((text) =>
			document.getElementById("api").textContent = "got " + text); true`))
		w.reads(t, "api", "got "+want)
	}
}

// fetch opens the step-up that a guard requires in a popup, and sends the request again.
func TestChromium_ClientStepUp(t *testing.T) {
	f := newClientApp(t)
	w := open(t, "client-stepup")
	w.goTo(t, f.url+"/auth/login")
	w.atProvider(t, "alice")
	w.reads(t, "user", "Alice Adams")
	f.wait(10 * time.Minute)
	popup := w.popup(t, "#stepup")
	popup.do(t, chromedp.WaitVisible(chromedp.ID("username")), // access is allowed already
		chromedp.SendKeys(chromedp.ID("username"), "alice"),
		chromedp.SendKeys(chromedp.ID("password"), "alice"),
		chromedp.Click(chromedp.CSS("button[type=submit]")))
	w.reads(t, "api", "200 done")
	w.reads(t, "user", "Alice Adams")
}

// popup clicks an element that opens a window, and returns the window.
func (w *window) popup(t *testing.T, selector string) *window {
	t.Helper()
	opened := chromedp.WaitNewTarget(w.ctx, func(*target.Info) bool {
		return true
	})
	w.do(t, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
	ctx, closeTab := chromedp.NewContext(w.ctx, chromedp.WithTargetID(<-opened))
	t.Cleanup(closeTab)
	return &window{ctx, w.dir}
}

// pages counts the pages of the browser.
func pages(t *testing.T, w *window) (n int) {
	t.Helper()
	all, err := chromedp.Targets(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Type == "page" {
			n++
		}
	}
	return n
}
