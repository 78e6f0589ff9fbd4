package redisstore

import (
	"context"
	_ "embed" // for the scripts
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// The scripts run atomically. Each uses keys of one node only.
var (
	//go:embed scripts/put.lua
	putSource string
	//go:embed scripts/delete.lua
	deleteSource string
	//go:embed scripts/prune.lua
	pruneSource string
	//go:embed scripts/epoch.lua
	epochSource string
	//go:embed scripts/mark.lua
	markSource string
	//go:embed scripts/count.lua
	countSource string
	//go:embed scripts/copy.lua
	copySource string
	//go:embed scripts/replace.lua
	replaceSource string
	//go:embed scripts/drop.lua
	dropSource string
	//go:embed scripts/hold.lua
	holdSource string
	//go:embed scripts/release.lua
	releaseSource string

	putScript     = redis.NewScript(putSource)
	deleteScript  = redis.NewScript(deleteSource)
	pruneScript   = redis.NewScript(pruneSource)
	epochScript   = redis.NewScript(epochSource)
	markScript    = redis.NewScript(markSource)
	countScript   = redis.NewScript(countSource)
	copyScript    = redis.NewScript(copySource)
	replaceScript = redis.NewScript(replaceSource)
	dropScript    = redis.NewScript(dropSource)
	holdScript    = redis.NewScript(holdSource)
	releaseScript = redis.NewScript(releaseSource)
)

// run runs a script by its hash, or sends its source if the server does not have it. All scripts
// return text.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (string,
	error) {
	return script.Run(ctx, s.Client, keys, args...).Text()
}

// runAs is run for scripts that return want on success.
func (s *Store) runAs(ctx context.Context, want string, script *redis.Script, keys []string,
	args ...any) error {
	got, err := s.run(ctx, script, keys, args...)
	if err == nil && got != want {
		err = fmt.Errorf("unexpected answer %.20q", got)
	}
	return err
}

// milliseconds returns a TTL in milliseconds, rounded up and at least 1: Redis has no zero TTL.
func milliseconds(d time.Duration) int64 {
	n := d.Milliseconds()
	if d%time.Millisecond > 0 {
		n++
	}
	return max(n, 1)
}
