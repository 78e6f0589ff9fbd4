package e2e

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write docs/sign-in.png")

// The screenshot in the README is the page on which the example offers three ways to sign in:
//
//	go test ./e2e -run Screenshot -update
//
// Without -update, the page is photographed as well, and must have the size of the picture: fonts
// differ between machines.
func TestChromium_ScreenshotOfTheReadme(t *testing.T) {
	const file = "../docs/sign-in.png"
	app := start(t, freeAddr(t))
	w := open(t, "readme")
	w.size(t, 760, 430)
	w.goTo(t, app.url+"/profile")
	w.shows(t, "/auth/login?return_to=", "Sign in to Sallyport Example",
		"Sign in with OpenID Connect")
	shot := ask(t, w, chromedp.FullScreenshot(100))
	if *update {
		if err := os.WriteFile(file, shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bounds(t, content), bounds(t, shot); got != want {
		t.Errorf("docs/sign-in.png has the size %v, the page %v: use -update", got, want)
	}
}

// bounds is the size of a picture.
func bounds(t *testing.T, content []byte) image.Rectangle {
	t.Helper()
	picture, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return image.Rect(0, 0, picture.Width, picture.Height)
}
