package redisstore_test

import (
	"log"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// Sessions in Redis, for several processes of one application.
func Example() {
	store, err := redisstore.Open(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	_ = sallyport.Config{
		Session: session.Config{Secret: os.Getenv("SESSION_SECRET"),
			Store: session.NewServerStore(store)},
	}
}

// Sessions in cookies, with revocations and locks in Redis.
func Example_cookies() {
	store, err := redisstore.Open(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	_ = sallyport.Config{
		Session: session.Config{Secret: os.Getenv("SESSION_SECRET"), Revocations: store,
			Locker: store},
	}
}

// An existing client, with a prefix for this application.
func ExampleNew() {
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"localhost:6379"},
		ContextTimeoutEnabled: true})
	store := redisstore.New(client)
	store.Prefix = "shop:"
	_ = session.Config{Secret: os.Getenv("SESSION_SECRET"), Store: session.NewServerStore(store)}
}
