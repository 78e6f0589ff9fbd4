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
	// dialTimeout leaves time for a second attempt within defaultTimeout.
	dialTimeout = time.Second
	maxRetries  = 2
	maxBackoff  = 100 * time.Millisecond
	// reloadInterval is how often a client reloads the topology of a cluster.
	reloadInterval = 10 * time.Second
)

// These errors do not quote the URL: an unescaped password may be in any part of it.
var (
	errUnreadableURL = errors.New("redisstore: the URL cannot be parsed: percent-encode " +
		"characters " +
		"such as / # ? @ % in the password")
	errScheme = errors.New("redisstore: the URL must begin with redis://, rediss://, unix://, " +
		"redis+cluster://, rediss+cluster://, redis+sentinel:// or rediss+sentinel://")
	errURLOptions = errors.New("redisstore: the URL has an unknown part: the path must be a " +
		"database " +
		"number, and options must be those of go-redis")
	errMasterName = errors.New("redisstore: the URL of a Sentinel needs the option master_name")
	errSkipVerify = errors.New("redisstore: the URL option skip_verify is not allowed, " +
		"because it " +
		"accepts any server: trust the server's certificate, or pass your own client to New")
)

// Open returns a Store with a new client. Call [Store.Close] when done. Open does not connect. The
// URL is one of
//
//	redis://user:password@host:6379/0
//	unix://user:password@/run/redis.sock?db=0
//	redis+cluster://user:password@host1:6379?addr=host2:6379&addr=host3:6379
//	redis+sentinel://host1:26379/0?addr=host2:26379&master_name=main&username=user&password=password
//
// With TLS, use rediss://, rediss+cluster:// or rediss+sentinel://. With Sentinel, the user and
// password before the host are those of the Sentinels. Other options are those of go-redis
// (ParseURL, ParseClusterURL, ParseFailoverURL), such as pool_size=50. If you change Store.Timeout,
// change read_timeout and write_timeout too. Errors never quote the URL.
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
	if rest == rawURL || scheme != "redis" && scheme != "rediss" &&
		(scheme != "unix" || kind != "") {
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
	set(&o.DialerRetries, 1) // MaxRedirects (3) dials again
	set(&o.PipelinePoolSize, -1)
	set(&o.ClusterStateReloadInterval, reloadInterval)
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

// set sets an option that the URL does not set. PipelinePoolSize -1 means that pipelines use the
// same pool as other commands.
func set[T cmp.Ordered](option *T, value T) {
	*option = cmp.Or(*option, value)
}
