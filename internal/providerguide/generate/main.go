// Command generate writes docs/providers.md and docs/settings.md. It runs in
// internal/providerguide.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/sallyport-go/sallyport/internal/providerguide"
	"github.com/sallyport-go/sallyport/vendors"
)

func main() {
	guide, err := providerguide.Write(vendors.All())
	write("providers.md", guide, err)
	reference, err := providerguide.Settings()
	write("settings.md", reference, err)
}

func write(name string, content []byte, err error) {
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("..", "..", "docs", name), content, 0o644); err != nil {
		log.Fatal(err)
	}
}
