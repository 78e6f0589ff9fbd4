package vendors_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A program that calls one constructor links one vendor.
func TestConstructors_LinkOneVendor(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs: not with -short")
	}
	linked := linkedVendors(t, `package main

import "github.com/sallyport-go/sallyport/vendors"

func main() { println(vendors.Google("id", "secret").Issuer) }
`)
	if want := []string{"Google"}; !slices.Equal(linked, want) {
		t.Errorf("the program links %q, want %q", linked, want)
	}
}

// linkedVendors returns the functions of package vendors in the symbol table of a program.
func linkedVendors(t *testing.T, program string) []string {
	t.Helper()
	dir := t.TempDir()
	source, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay")
	built := filepath.Join(dir, "program")
	inside, err := filepath.Abs(filepath.Join("testdata", "program")) // where go build sees it
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(inside, "main.go"): source},
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{source: []byte(program), overlay: replace} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runGo(t, "build", "-overlay", overlay, "-gcflags=-l", "-o", built, inside)
	functions := regexp.MustCompile(`(?m) [Tt] github\.com/sallyport-go/sallyport/vendors\.(\S+)$`)
	var linked []string
	for _, found := range functions.FindAllStringSubmatch(runGo(t, "tool", "nm", built), -1) {
		linked = append(linked, found[1])
	}
	return linked
}

// runGo runs the go command without the flags of this test's own build, such as -race.
func runGo(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Env = append(os.Environ(), "GOFLAGS=")
	var out strings.Builder
	command.Stdout, command.Stderr = &out, os.Stderr
	if err := command.Run(); err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	return out.String()
}
