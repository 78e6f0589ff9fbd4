// Command generate writes docs/security-requirements.md. It runs in internal/requirements.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/sallyport-go/sallyport/internal/requirements"
)

func main() {
	root := filepath.Join("..", "..")
	all, faults, err := requirements.All()
	if err != nil {
		log.Fatal(err)
	}
	tests, err := requirements.Tests(os.DirFS(root))
	if err != nil {
		log.Fatal(err)
	}
	target := filepath.Join(root, "docs", "security-requirements.md")
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(target, requirements.Document(all, faults, tests), 0o644); err != nil {
		log.Fatal(err)
	}
}
