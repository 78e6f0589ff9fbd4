// Package redisstore keeps sessions, revocations and locks in Redis, for several processes of one
// application:
//
//	store, err := redisstore.Open(os.Getenv("REDIS_URL"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer store.Close()
//	session.Config{Secret: secret, Store: session.NewServerStore(store)}
//
// A [session.ServerStore] takes revocations and locks from the same Store. Sessions may stay in
// cookies as well, and Redis then only knows which have ended and who refreshes tokens:
//
//	session.Config{Secret: secret, Revocations: store, Locker: store}
//
// [New] takes a client that the application has already. Redis 5 is the oldest that can do what is
// needed; the tests run with Redis 7. The user that Redis knows us as needs the keys that begin
// with [Store.Prefix], and the commands GET, SET, GETRANGE, DEL, EXISTS, PTTL, PEXPIRE, ZADD,
// ZCARD, ZPOPMIN, ZRANGE, ZREM, ZREMRANGEBYSCORE, RENAME, TIME, EVAL and EVALSHA.
//
// # What is in Redis
//
// Names of users are hashes with a key that is derived from the Secret, and sessions and results
// are sealed with it. Redis never sees it: a reader of Redis learns neither names nor tokens, and
// cannot test whether a user is there. A writer cannot sign in as another user, but can sign users
// out, forget revocations, and restore an older record: a session that has ended, or what a session
// held before. Only the application should be able to write. Every key has a TTL. Each application
// that shares a Redis needs a [Store.Prefix] of its own.
//
// While secrets change (session.Config.OldSecrets), a request asks once more for each old secret.
//
// Revocations are bounded for each provider or tenant by [Store.PerProvider]. When there are more,
// all sessions of that provider begun until then are over. In a cluster, each of its 16384 slots
// then has a copy of that one mark, so that a session needs no other node for it.
//
// # What a request costs
//
// A guarded request reads the session and its revocations in one round trip; in a cluster, from up
// to two nodes at the same time. A session without a "sid" of its provider needs one node only. A
// login takes two: one for the epoch, one for the session.
//
// # When Redis is away
//
// A call ends within [Store.Timeout]. While the answer is unknown, users see 503 and stay signed
// in; nobody becomes somebody else, and nobody is sent to sign in again. When Redis is back, all
// goes on without a restart. What a refresh has brought stays in the process that has done it until
// Redis takes it.
//
// When one node of a cluster is away, that goes for the users whose keys it has, and the others
// notice nothing, provided that the cluster goes on without its slots
// (cluster-require-full-coverage no) or has a replica that takes over. Logins and revocations also
// need the node that has the epoch, and revocations the one that counts those of the provider.
//
// # What a deployment guarantees
//
// One server: what is written is there for all. What a crash costs depends on its persistence:
// nothing with appendfsync always, a second with everysec, what came after the last snapshot with
// snapshots, all without.
//
// Sentinel and Cluster: replicas follow a little later, so a failover can lose what was written
// just before it. A login that is lost has to be repeated; but a logout or a revocation that is
// lost lets a session live for which somebody still has the cookie. A master that is cut off from
// the others goes on answering for a while. Set min-replicas-to-write 1 and a short
// min-replicas-max-lag to narrow that. If what was signed out must never come back, use one server
// with appendfsync always.
//
// The store reads from masters only, and refuses clients that are set up to read from replicas, and
// a Ring of servers.
//
// # When Redis loses its data
//
// Sessions in a ServerStore are over, and their users sign in again. Sessions in cookies go on,
// also those that were revoked before: sign everybody out by changing the Secret if that matters.
// Epochs go on from the time, so later revocations count.
//
// # When Redis is full
//
// Set maxmemory-policy noeviction. There is then no room for logins and revocations, which fail
// with 503; sessions that exist go on, and those in a ServerStore can be signed out. With another
// policy Redis drops what it likes: sessions, whose users have to sign in again; and revocations,
// so that sessions in cookies live again. Do not use one with revocations of sessions in cookies.
package redisstore
