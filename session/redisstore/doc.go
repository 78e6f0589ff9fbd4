// Package redisstore stores sessions, revocations and locks in Redis, shared by all processes of an
// application:
//
//	store, err := redisstore.Open(os.Getenv("REDIS_URL"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer store.Close()
//	session.Config{Secret: secret, Store: session.NewServerStore(store)}
//
// A [session.ServerStore] uses the same Store for revocations and locks. To keep sessions in
// cookies, and use Redis only for revocations and for the locks of token refreshes, write:
//
//	session.Config{Secret: secret, Revocations: store, Locker: store}
//
// [New] uses an existing client. Redis 5 or newer is required; the tests run with Redis 7. The
// Redis user needs access to keys that begin with [Store.Prefix], and the commands GET, SET,
// GETRANGE, DEL, EXISTS, PTTL, PEXPIRE, ZADD, ZCARD, ZPOPMIN, ZRANGE, ZREM, ZREMRANGEBYSCORE,
// RENAME, TIME, EVAL and EVALSHA.
//
// # Data in Redis
//
// User names are hashed, and sessions and results are sealed, with keys derived from the Secret,
// which never reaches Redis. A reader of Redis learns neither names nor tokens, and cannot test
// whether a user exists. A writer cannot sign in as another user, but can sign users out, delete
// revocations, and restore older records: ended sessions, or the earlier content of a session. Give
// only the application write access. Every key has a TTL. Applications that share a Redis need
// different values of [Store.Prefix].
//
// During a change of secrets, each request does one more lookup per session.Config.OldSecrets.
//
// [Store.PerProvider] limits the separate revocations of each provider or tenant. Beyond the limit
// they are replaced by one revocation that ends all earlier sessions of that provider. A cluster
// stores a copy of it in each of its 16384 slots, so that checking a session needs no other node.
//
// # Round trips
//
// A guarded request reads the session and its revocations in one round trip; in a cluster, from up
// to two nodes concurrently, or from one node if the session has no "sid" of its provider. A login
// takes two round trips: one for the epoch and one for the session.
//
// # Outages
//
// A call ends within [Store.Timeout]. While Redis is unavailable, users get 503 and stay signed in;
// no user sees another's session or is sent to the login. When Redis is back, the application
// continues without a restart. The result of a refresh stays in the process that made it until
// Redis accepts it.
//
// If one node of a cluster is down, this applies to the users with keys on that node. Other users
// are not affected, provided that the cluster keeps serving its other slots
// (cluster-require-full-coverage no) or a replica takes over. Logins and revocations also need the
// node with the epoch, and revocations the node that counts those of the provider.
//
// # Durability
//
// A single server is consistent. A crash loses, depending on its persistence: nothing with
// appendfsync always, the last second with everysec, all writes since the last snapshot with
// snapshots, everything without persistence.
//
// With Sentinel and Cluster, replication is asynchronous, so a failover can lose the last writes.
// After a lost login, the user signs in again; but after a lost logout or revocation, a copy of the
// cookie is valid again. A master that is cut off from the others keeps responding for a while. Set
// min-replicas-to-write 1 and a short min-replicas-max-lag to reduce the risk. If an ended session
// must never become valid again, use a single server with appendfsync always.
//
// The store reads from masters only. It rejects clients that may read from replicas, and a Ring of
// servers.
//
// # Loss of data
//
// Sessions in a ServerStore end, and their users sign in again. Sessions in cookies stay valid,
// including revoked ones; to end them, change the Secret. Epochs continue from the current time, so
// later revocations are effective.
//
// # Full memory
//
// Set maxmemory-policy noeviction. If the memory is full, logins and revocations fail with 503;
// existing sessions continue, and those in a ServerStore can be ended. Any other policy may evict
// sessions, whose users then sign in again, and revocations, which makes revoked sessions in
// cookies valid again. Do not use other policies if sessions are in cookies.
package redisstore
