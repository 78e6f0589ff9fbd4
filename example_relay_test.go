package sallyport_test

import (
	"log"
	"net/http"
	"os"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/vendors"
)

// A process of its own receives the responses of providers for all origins.
func ExampleRelay() {
	relay, err := sallyport.Relay(sallyport.RelayConfig{
		URL:     "https://login.example.com/callback",
		Secret:  os.Getenv("RELAY_SECRET"), // openssl rand -base64 32
		Origins: []string{"https://acme.example.com", "https://globex.example.com"},
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8081", relay))
}

// One application has an origin for each customer, and a relay.
func ExampleConfig_origins() {
	hosts := map[string]bool{"acme.example.com": true, "globex.example.com": true}
	_, err := sallyport.New(sallyport.Config{
		BaseURL: "https://www.example.com",
		OriginOf: func(host string) (origin string, ok bool) {
			return "https://" + host, hosts[host]
		},
		RelayURL: "https://login.example.com/callback", RelaySecret: os.Getenv("RELAY_SECRET"),
		Session:   session.Config{Secret: os.Getenv("SESSION_SECRET")},
		Providers: provider.Set{"google": vendors.Google(os.Getenv("ID"), os.Getenv("SECRET"))},
	})
	if err != nil {
		log.Fatal(err)
	}
}
