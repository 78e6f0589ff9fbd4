package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// needPython finds a Python that has the modules, or skips the test. On CI that is a failure. The first python3 of the PATH may be another
// than the system's, for which Debian's packages are.
func needPython(t *testing.T, modules, packages string) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import "+modules).Run() == nil {
			return python
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("there is no python3 with the modules %s, and CI must not skip", modules)
	}
	t.Skipf("there is no python3 with the modules %s (Debian: apt-get install %s)", modules, packages)
	return ""
}

// serve runs a server of testdata until the test ends, and returns the first line that it prints: its address.
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
		t.Fatalf("%s does not start: %v\n%s", script, err, log)
	}
	return strings.TrimSpace(address)
}
