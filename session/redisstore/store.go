package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
)

const (
	defaultPrefix  = "sallyport:"
	defaultTimeout = 2 * time.Second
	defaultPerUser = 500

	defaultPerProvider = 1_000_000

	// maxCalls limits concurrent calls. It is far above the size of connection pools, and limits
	// the calls waiting for a Redis that hangs.
	maxCalls = 1000
)

// A Store stores sessions, revocations and locks in Redis. It implements [session.Backend],
// [session.JointBackend], [session.Revocations] and [session.Locker]. It is safe for concurrent
// use. Do not change its fields after the first call. Every call, including [Store.Ready], returns
// an error if a field is invalid.
type Store struct {
	// Client connects to one server, to the master that Sentinel names, or to a cluster. It must
	// read from masters only, because replicas lag behind and may still have sessions that were
	// just ended. A *redis.Ring is rejected: while a server is down, it looks for the keys on other
	// servers, which do not have them.
	Client redis.UniversalClient

	// Prefix is the prefix of all keys. Applications that share a Redis need different ones. It
	// must not contain braces. Default: "sallyport:".
	Prefix string

	// Timeout limits each call, regardless of the settings of the client. Default: 2 seconds.
	Timeout time.Duration

	// PerUser is the maximum number of sessions per user. A login beyond it ends the session that
	// would expire first, so that no user can fill Redis. Default: 500.
	PerUser int

	// PerProvider is the maximum number of separate revocations per provider or tenant, of about
	// 250 bytes each. Beyond it, all earlier sessions of that provider end, so that no tenant can
	// fill Redis. Default: 1,000,000.
	PerProvider int

	// Now replaces this process's clock in tests. Default: time.Now. Redis decides when keys expire
	// and which of two revocations is later.
	Now func() time.Time

	prepare  sync.Once
	mistake  error
	punctual bool          // the client respects context deadlines
	calls    chan struct{} // holds one token for each running call
	owned    bool          // Close closes the client

	latest  atomic.Uint64  // the latest epoch that this process has seen
	flights session.Locker // merges concurrent calls of Do in this process
	results session.Locker // results of functions that ran in this process

	collapsing sync.Mutex // held while a provider's marks are replaced by one
}

var (
	_ session.JointBackend = (*Store)(nil)
	_ session.Locker       = (*Store)(nil)
)

// New returns a Store that uses client, with default settings. The caller closes the client after
// the last request. A client with ContextTimeoutEnabled is faster, and leaves no goroutine behind
// when a call times out; [Open] creates such a client.
func New(client redis.UniversalClient) *Store { return &Store{Client: client} }

// Close closes the client of a Store returned by [Open]. It does nothing for other stores.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	return s.Client.Close()
}

// Ready returns an error if the settings are invalid or Redis does not accept writes; in a cluster,
// the node with the epoch. Use it for readiness probes.
func (s *Store) Ready(ctx context.Context) error {
	_, err := s.Epoch(ctx)
	return err
}

// ready sets the defaults, once, and returns the errors in the settings.
func (s *Store) ready() error {
	s.prepare.Do(func() {
		s.Prefix = cmp.Or(s.Prefix, defaultPrefix)
		s.Timeout = cmp.Or(s.Timeout, defaultTimeout)
		s.PerUser = cmp.Or(s.PerUser, defaultPerUser)
		s.PerProvider = cmp.Or(s.PerProvider, defaultPerProvider)
		if s.Now == nil {
			s.Now = time.Now
		}
		s.punctual = punctual(s.Client)
		s.calls = make(chan struct{}, maxCalls)
		s.flights, s.results = session.NewMemoryLocker(s.Now), session.NewMemoryLocker(s.Now)
		s.mistake = errors.Join(checkClient(s.Client), s.check())
	})
	return s.mistake
}

func (s *Store) check() error {
	if strings.ContainsAny(s.Prefix, "{}") {
		return fmt.Errorf("redisstore: Prefix %q must not contain braces, "+
			"which select the node of a key in a cluster", s.Prefix)
	}
	if s.Timeout < 0 {
		return fmt.Errorf("redisstore: Timeout %v is negative", s.Timeout)
	}
	if s.PerUser < 0 {
		return fmt.Errorf("redisstore: PerUser %d is negative", s.PerUser)
	}
	if s.PerProvider < 0 {
		return fmt.Errorf("redisstore: PerProvider %d is negative", s.PerProvider)
	}
	return nil
}

// errReplicas rejects clients that may read stale data.
var errReplicas = errors.New("redisstore: Client must not read from replicas, which may " +
	"still have " +
	"ended sessions: unset ReadOnly, RouteByLatency, RouteRandomly and ReplicaOnly")

func checkClient(client redis.UniversalClient) error {
	if isNil(client) {
		return errors.New("redisstore: Client is missing")
	}
	switch c := client.(type) {
	case *redis.Ring:
		return errors.New("redisstore: Client must not be a Ring, which signs users out while " +
			"a server " +
			"is down: use one server, Sentinel or a cluster")
	case *redis.ClusterClient:
		if c.Options().ReadOnly {
			return errReplicas
		}
	}
	return nil
}

// isNil reports whether client is nil or holds a nil pointer.
func isNil(client redis.UniversalClient) bool {
	v := reflect.ValueOf(client)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

func punctual(client redis.UniversalClient) bool {
	if isNil(client) {
		return false
	}
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	}
	return false
}

const redactedStore = "redisstore.Store(redacted)"

// String implements fmt.Stringer without the client's password.
func (*Store) String() string { return redactedStore }

// GoString implements fmt.GoStringer without the client's password.
func (*Store) GoString() string { return redactedStore }

// LogValue implements slog.LogValuer without the client's password.
func (*Store) LogValue() slog.Value { return slog.StringValue(redactedStore) }

// MarshalJSON implements json.Marshaler without the client's password.
func (*Store) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedStore + `"`), nil }
