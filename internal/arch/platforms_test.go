package arch

import (
	"os"
	"os/exec"
	"testing"
)

// F51: the module compiles where int has 32 bits, and where there are no Unix system calls.
func TestPlatforms_F51(t *testing.T) {
	for _, platform := range []struct{ os, arch string }{{"linux", "386"}, {"windows", "amd64"}, {"js", "wasm"}} {
		t.Run(platform.os+"/"+platform.arch, func(t *testing.T) {
			build := exec.Command("go", "build", "./...")
			build.Dir = top
			build.Env = append(os.Environ(), "GOOS="+platform.os, "GOARCH="+platform.arch, "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
