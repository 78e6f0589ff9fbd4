package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// needPython returns a Python that has the modules, or skips the test. In CI, the test fails
// instead. It tries the system's Python first, because Debian's packages install modules there.
func needPython(t *testing.T, modules, packages string) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import "+modules).Run() == nil {
			return python
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no python3 has the modules %s, and CI must not skip", modules)
	}
	t.Skipf("no python3 has the modules %s (Debian: apt-get install %s)", modules, packages)
	return ""
}

// serve runs a server of testdata until the test ends. It returns the URL that the server prints
// first.
func serve(t *testing.T, program, script string, env ...string) string {
	t.Helper()
	cmd := exec.Command(program, script)
	cmd.Env = append(os.Environ(), env...)
	log := &lockedBuffer{}
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", script, log)
		}
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		cmd.Wait()
		t.Fatalf("%s did not start: %v\n%s", script, err, log)
	}
	return strings.TrimSpace(address)
}
