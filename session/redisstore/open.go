package redisstore

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// dialTimeout leaves room in defaultTimeout for a second try.
	dialTimeout = time.Second
	maxRetries  = 2
	maxBackoff  = 100 * time.Millisecond
	// reloadCluster is how long at most a client goes on with an old map of the cluster.
	reloadCluster = 10 * time.Second
)

// None of these quotes the URL: a password that is not escaped can turn up in any part of it.
var (
	errUnreadableURL = errors.New("redisstore: the URL cannot be parsed; in a password, characters such as / # ? @ % must be percent-encoded")
	errScheme        = errors.New("redisstore: the URL must begin with redis://, rediss://, unix://, redis+cluster://, rediss+cluster://, redis+sentinel:// or rediss+sentinel://")
	errURLOptions    = errors.New("redisstore: a part of the URL is not understood: the path is the number of a database, and options have the names that go-redis gives them")
	errMasterName    = errors.New("redisstore: the URL of a Sentinel needs the option master_name")
	errSkipVerify    = errors.New("redisstore: the URL option skip_verify would talk to anybody; trust the server's certificate, or give New a client of your own")
)

// Open returns a Store with a client of its own, to be ended by Close. It does not connect. The URL is one of
//
//	redis://user:password@host:6379/0
//	unix://user:password@/run/redis.sock?db=0
//	redis+cluster://user:password@host1:6379?addr=host2:6379&addr=host3:6379
//	redis+sentinel://host1:26379/0?addr=host2:26379&master_name=main&username=user&password=password
//
// and with TLS rediss://, rediss+cluster://, rediss+sentinel://. With Sentinel, the user and the password in front of the host are those
// of the Sentinels. Further options are those of go-redis (ParseURL, ParseClusterURL, ParseFailoverURL), such as
// pool_size=50; read_timeout and write_timeout should follow when you change Store.Timeout. Errors never quote the URL.
func Open(rawURL string) (*Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errUnreadableURL
	}
	if u.Query().Has("skip_verify") {
		return nil, errSkipVerify
	}
	scheme, kind, _ := strings.Cut(u.Scheme, "+")
	rest := strings.TrimPrefix(rawURL, u.Scheme)
	if rest == rawURL || scheme != "redis" && scheme != "rediss" && (scheme != "unix" || kind != "") {
		return nil, errScheme
	}
	var client redis.UniversalClient
	switch kind {
	case "":
		client, err = openServer(rawURL)
	case "cluster":
		client, err = openCluster(scheme + rest)
	case "sentinel":
		client, err = openSentinel(scheme + rest)
	default:
		err = errScheme
	}
	if err != nil {
		return nil, err
	}
	return &Store{Client: client, owned: true}, nil
}

func openServer(rawURL string) (redis.UniversalClient, error) {
	o, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, errURLOptions
	}
	set(&o.DialTimeout, dialTimeout)
	set(&o.ReadTimeout, defaultTimeout)
	set(&o.MaxRetries, maxRetries)
	set(&o.MaxRetryBackoff, maxBackoff)
	set(&o.DialerRetries, 1) // MaxRetries dials again
	set(&o.PipelinePoolSize, -1)
	o.ContextTimeoutEnabled = true
	return redis.NewClient(o), nil
}

func openCluster(rawURL string) (redis.UniversalClient, error) {
	o, err := redis.ParseClusterURL(rawURL)
	if err != nil {
		return nil, errURLOptions
	}
	set(&o.DialTimeout, dialTimeout)
	set(&o.ReadTimeout, defaultTimeout)
	set(&o.MaxRetryBackoff, maxBackoff)
	set(&o.DialerRetries, 1) // MaxRedirects, which is 3, dials again
	set(&o.PipelinePoolSize, -1)
	set(&o.ClusterStateReloadInterval, reloadCluster)
	o.ContextTimeoutEnabled = true
	client := redis.NewClusterClient(o)
	if err := checkClient(client); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

func openSentinel(rawURL string) (redis.UniversalClient, error) {
	o, err := redis.ParseFailoverURL(rawURL)
	switch {
	case err != nil:
		return nil, errURLOptions
	case o.MasterName == "":
		return nil, errMasterName
	case o.ReplicaOnly || o.RouteByLatency || o.RouteRandomly:
		return nil, errReplicas
	}
	set(&o.DialTimeout, dialTimeout)
	set(&o.ReadTimeout, defaultTimeout)
	set(&o.MaxRetries, maxRetries)
	set(&o.MaxRetryBackoff, maxBackoff)
	set(&o.DialerRetries, 1)
	set(&o.PipelinePoolSize, -1)
	o.ContextTimeoutEnabled = true
	return redis.NewFailoverClient(o), nil
}

// set fills in what the URL does not say. One pool for everything, without a second one for pipelines, is what PipelinePoolSize -1 means.
func set[T cmp.Ordered](option *T, value T) {
	*option = cmp.Or(*option, value)
}
