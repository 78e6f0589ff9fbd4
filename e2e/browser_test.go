package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// need returns the path of a program, or skips the test if it is not installed. In CI, the test
// fails instead.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and CI must not skip", program)
	}
	t.Skipf("%s is not installed (Debian: apt-get install %s)", program, program)
	return ""
}

// A window is a page in headless Chromium.
type window struct {
	ctx context.Context
	dir string // for screenshots
}

// open starts a Chromium with a new profile.
func open(t *testing.T, name string) *window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(need(t, "chromium")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true),
		chromedp.UserDataDir(t.TempDir()),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	dir := os.Getenv("E2E_ARTIFACTS")
	if dir == "" {
		dir = "artifacts"
	}
	if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
	w := &window{ctx, filepath.Join(dir, name)}
	w.size(t, 1000, 800)
	return w
}

func (w *window) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// ask runs an action and returns its result.
func ask[T any](t *testing.T, w *window, action chromedp.Action[T]) T {
	t.Helper()
	answer, err := chromedp.Run(w.ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (w *window) size(t *testing.T, width, height int64) {
	t.Helper()
	w.do(t, chromedp.EmulateViewport(width, height))
}

// dark switches the preferred color scheme.
func (w *window) dark(t *testing.T, dark bool) {
	t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, params); err != nil {
		t.Fatal(err)
	}
}

// goTo opens an address.
func (w *window) goTo(t *testing.T, address string) {
	t.Helper()
	w.do(t, chromedp.Navigate(address), chromedp.WaitReady(chromedp.CSS("main")))
}

// press clicks the element that the selector finds and waits for the page with the heading.
func (w *window) press(t *testing.T, selector, heading string) {
	t.Helper()
	w.do(t, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible),
		chromedp.WaitVisible(`//h1[contains(., "`+heading+`")]`))
}

// shows checks the page's URL and text.
func (w *window) shows(t *testing.T, path string, texts ...string) {
	t.Helper()
	address := ask(t, w, chromedp.Location())
	text := ask(t, w, chromedp.Text(chromedp.CSS("body")))
	if !strings.Contains(address, path) {
		t.Errorf("the address is %s, want %s", address, path)
	}
	for _, want := range texts {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not show %q:\n%s", address, want, text)
		}
	}
}

// shot saves a screenshot of the page.
func (w *window) shot(t *testing.T, name string) {
	t.Helper()
	png := ask(t, w, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(w.dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}
