package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// The library compiles with a 32-bit int (F51). .ci/run also vets it for Windows and WebAssembly.
func TestPlatforms_F51(t *testing.T) {
	build := exec.Command("go", "build", "./...")
	build.Dir = ".."
	build.Env = append(os.Environ(),
		"GOOS=linux", "GOARCH=386", "CGO_ENABLED=0", "GOFLAGS=") // no race detector
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
