// Command generate writes docs/providers.md. It runs in internal/providerguide.
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
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("..", "..", "docs", "providers.md"), guide, 0o644); err != nil {
		log.Fatal(err)
	}
}
