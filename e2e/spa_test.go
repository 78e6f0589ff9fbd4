package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// spa is the example with pages made by scripts.
const spa = "github.com/sallyport-go/sallyport/example/spa"

// startSPA runs the example at an address until the test ends.
func startSPA(t *testing.T, addr string, env ...string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "spa")
	build := exec.Command("go", "build", "-o", binary, spa)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run(t, exec.Command(binary), "alice", append(env, "LISTEN_ADDR="+addr)...)
}

// run runs a program until the test ends, and returns when it has printed a text.
func run(t *testing.T, cmd *exec.Cmd, ready string, env ...string) {
	t.Helper()
	out := &announced{ready: ready, done: make(chan bool)}
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if t.Failed() {
			t.Logf("%s: %s", cmd.Path, out)
		}
	})
	select {
	case <-out.done:
	case err := <-ended:
		t.Fatalf("%s: %v\n%s", cmd.Path, err, out)
	}
}

// announced collects the output of a program and tells when it has a text.
type announced struct {
	lockedBuffer
	ready string
	done  chan bool
}

// Write implements io.Writer.
func (a *announced) Write(p []byte) (int, error) {
	n, err := a.lockedBuffer.Write(p)
	if a.ready != "" && strings.Contains(a.String(), a.ready) {
		a.ready = ""
		close(a.done)
	}
	return n, err
}

// The example works as the Go program serves it, and behind Vite's development server with the
// shorthand of its proxy option, which changes the Host header (docs/spa.md).
func TestChromium_SPA(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		addr := freeAddr(t)
		startSPA(t, addr)
		useSPA(t, "http://"+addr)
	})
	t.Run("vite", func(t *testing.T) {
		need(t, "node")
		vite := filepath.Join(npm(t, "vite@6"), "vite", "bin", "vite.js")
		addr, front := freeAddr(t), freeAddr(t)
		startSPA(t, addr, "BASE_URL=http://"+front)
		_, port, _ := net.SplitHostPort(front)
		run(t, exec.Command("node", vite, "../example/spa/web", "--port", port, "--strictPort"),
			"Local:", "SERVER=http://"+addr, "NO_COLOR=1")
		useSPA(t, "http://"+front)
	})
}

// useSPA signs in, adds a note, stays signed in, and signs out.
func useSPA(t *testing.T, base string) {
	w := open(t, "spa")
	w.goTo(t, base+"/?tab=1")
	w.do(t, chromedp.Click(chromedp.ID("login"), chromedp.NodeVisible))
	w.atProvider(t, "alice")
	w.reads(t, "name", "Alice Adams")
	w.shows(t, base+"/?tab=1", "Signed in as Alice Adams")
	w.do(t, chromedp.SendKeys(chromedp.CSS("#add input"), "buy milk"),
		chromedp.Click(chromedp.CSS("#add button")))
	w.reads(t, "notes", "buy milk")
	w.shot(t, "1-notes")
	w.do(t, chromedp.Click(chromedp.ID("logout")),
		chromedp.WaitVisible(chromedp.ID("signed-out")))
	w.shows(t, base+"/", "You are not signed in")

	popup := w.popup(t, "#popup")
	popup.atProvider(t, "bob")
	w.reads(t, "name", "Bob Brown")
}
