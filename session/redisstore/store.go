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

	// maxCalls is how many calls may be under way. It is far above what a pool has connections, and bounds what waits for a
	// Redis that hangs.
	maxCalls = 1000
)

// A Store keeps sessions, revocations and locks in Redis. It implements [session.Backend], [session.JointBackend], [session.Revocations] and
// [session.Locker]. Set its fields before its first use and leave them alone then; what is wrong with them is the error of every
// call, and of [Store.Ready]. It is safe for concurrent use.
type Store struct {
	// Client talks to one server, to the master that Sentinel names, or to a cluster. It must read from masters: replicas are
	// behind, and what has just been ended would still be there. A *redis.Ring is refused, because it looks for
	// keys elsewhere while a server is away, and finds nothing.
	Client redis.UniversalClient

	// Prefix begins all keys. Applications that share a Redis need one each. It holds no braces. Default: "sallyport:".
	Prefix string

	// Timeout bounds each call, whatever the settings of the client. Default: 2 seconds.
	Timeout time.Duration

	// PerUser is how many sessions a user may have. A sign-in beyond that ends the one that would have
	// ended first, so that no user fills Redis. Default: 500.
	PerUser int

	// PerProvider is how many revocations of one provider or tenant are kept apart, at about 250 bytes
	// each. When there are more, all sessions of that provider begun until then are over, so that no
	// tenant fills Redis with them. Default: a million.
	PerProvider int

	// Now replaces this process's clock in tests. Default: time.Now. When keys end, and which revocation is the later
	// one, Redis decides.
	Now func() time.Time

	prepare  sync.Once
	mistake  error
	punctual bool          // the client keeps the deadlines of contexts
	calls    chan struct{} // holds one token for each call under way
	owned    bool          // the client is ours to close

	latest  atomic.Uint64  // epoch that this process has seen
	flights session.Locker // one for all callers of this process
	results session.Locker // of what has run in this process

	collapsing sync.Mutex // held while a provider's marks become one
}

var (
	_ session.JointBackend = (*Store)(nil)
	_ session.Locker       = (*Store)(nil)
)

// New returns a Store that uses client, with the default settings. Who has made the client closes it, after the last request. A client
// with ContextTimeoutEnabled is faster, and leaves nothing behind when a call takes too long; [Open] makes one like that.
func New(client redis.UniversalClient) *Store { return &Store{Client: client} }

// Close closes the client of a Store that comes from [Open]. Another client is left as it is.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	return s.Client.Close()
}

// Ready reports whether the store can be used at the moment, for readiness probes: its settings are right, and Redis takes
// writes; of a cluster, the node that counts the epochs.
func (s *Store) Ready(ctx context.Context) error {
	_, err := s.Epoch(ctx)
	return err
}

// ready fills in what was left out, once, and returns what is wrong with the settings.
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
		return errors.New("redisstore: Prefix must not hold braces, which decide where a cluster keeps a key")
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

// errReplicas refuses clients whose answers may be old.
var errReplicas = errors.New("redisstore: Client must not read from replicas (ReadOnly, RouteByLatency, RouteRandomly, ReplicaOnly): what has just been ended may still be there")

func checkClient(client redis.UniversalClient) error {
	if isNil(client) {
		return errors.New("redisstore: Client is missing")
	}
	switch c := client.(type) {
	case *redis.Ring:
		return errors.New("redisstore: Client must not be a Ring: while a server is away it looks for keys elsewhere, and its users would be signed out")
	case *redis.ClusterClient:
		if c.Options().ReadOnly {
			return errReplicas
		}
	}
	return nil
}

// isNil reports whether there is no client, or a nil pointer in its place.
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
