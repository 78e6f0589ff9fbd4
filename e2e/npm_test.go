package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// npm installs packages from the npm registry into a new directory, and returns it. No package runs
// a script at installation.
func npm(t *testing.T, packages ...string) string {
	t.Helper()
	program, dir := need(t, "npm"), t.TempDir()
	args := append([]string{"install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent",
		"--prefer-offline", "--prefix", dir}, packages...)
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("npm %v: %v\n%s", packages, err, out)
		}
		t.Skipf("npm %v: %v\n%s", packages, err, out)
	}
	return filepath.Join(dir, "node_modules")
}
