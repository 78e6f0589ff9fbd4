package redisstore

import (
	"context"
	_ "embed" // for the scripts
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// The scripts do in one step what must not be torn apart. Each uses keys of one node only.
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

// run sends a script by its hash, and whole if the server does not have it yet. All our scripts answer with text.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (string, error) {
	return script.Run(ctx, s.Client, keys, args...).Text()
}

// runAs is run for scripts that have one good answer.
func (s *Store) runAs(ctx context.Context, want string, script *redis.Script, keys []string, args ...any) error {
	got, err := s.run(ctx, script, keys, args...)
	if err == nil && got != want {
		err = fmt.Errorf("unexpected answer %.20q", got)
	}
	return err
}

// milliseconds is how long a key lives, rounded up. Redis knows no key without life.
func milliseconds(d time.Duration) int64 {
	n := d.Milliseconds()
	if d%time.Millisecond > 0 {
		n++
	}
	return max(n, 1)
}
