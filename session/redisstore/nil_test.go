package redisstore_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session/redisstore"
)

// F46: a nil client or nil pointer is an error, not a panic.
func TestNew_F46_NilClient(t *testing.T) {
	var single *redis.Client
	var cluster *redis.ClusterClient
	for name, client := range map[string]redis.UniversalClient{"none": nil, "single": single,
		"cluster": cluster} {
		if err := redisstore.New(client).Ready(t.Context()); err == nil ||
			!strings.Contains(err.Error(), "Client is missing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
