// Command generate writes docs/troubleshooting.md. It runs in internal/answer.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/sallyport-go/sallyport/internal/answer"
)

func main() {
	target := filepath.Join("..", "..", "docs", "troubleshooting.md")
	if err := os.WriteFile(target, answer.Document(answer.All()), 0o644); err != nil {
		log.Fatal(err)
	}
}
