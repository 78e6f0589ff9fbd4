// Package redisstore keeps sessions, revocations and locks in Redis (5 or later, or Valkey), for several processes of one application:
//
//	store, err := redisstore.Open(os.Getenv("REDIS_URL"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer store.Close()
//	session.Config{Secret: secret, Store: session.NewServerStore(store)}
//
// A [session.ServerStore] takes revocations and locks from the same Store. Sessions may stay in cookies as well, and Redis then only
// knows which have ended and who refreshes tokens:
//
//	session.Config{Secret: secret, Revocations: store, Locker: store}
//
// [New] takes a client that the application has already.
//
// # What is in Redis
//
// Names are hashes and say nothing about users. Sessions and results are sealed with the Secret, which Redis never sees: who can
// read it learns neither names nor tokens. Who can write to it cannot sign in as somebody else, but can sign users out, forget
// revocations, and put back a session that has ended: let nobody but the application write. Every key has a TTL. Each application
// that shares a Redis needs a [Store.Prefix] of its own.
//
// # What a request costs
//
// A guarded request reads the session and its revocations in one round trip; in a cluster, from up to two nodes at the same time.
// A session without a "sid" of its provider needs one node only. A login takes two: one for the epoch, one for the session.
//
// # When Redis is away
//
// A call ends within [Store.Timeout]. While the answer is unknown, users see 503 and stay signed in; nobody becomes somebody else, and nobody is sent to
// sign in again. When Redis is back, all goes on without a restart. In a cluster, that goes for the users
// whose keys live on the node that is away. Logins, and revocations, also need the node that has the epoch. A refresh that
// has happened is kept in the process that did it until Redis takes it.
//
// # What a deployment guarantees
//
// One server: what is written is there for all. What a crash costs depends on its persistence: nothing with appendfsync always, a second
// with everysec, what came after the last snapshot with snapshots, all without.
//
// Sentinel and Cluster: replicas follow a little later, so a failover can lose what was written just before it: a login has to
// be repeated, but a logout or a revocation may be undone for a session whose cookie somebody still holds. A master that is cut off from the others goes on answering
// for a while. Set min-replicas-to-write 1 and a short min-replicas-max-lag to narrow that. If what was signed out must never come
// back, use one server with appendfsync always.
//
// The store reads from masters only, and refuses clients that are set up to read from replicas. Clients with a Ring of servers are refused.
//
// # When Redis loses its data
//
// Sessions in a ServerStore are over, and their users sign in again. Sessions in cookies go on, also those that were revoked before: sign
// everybody out by changing the Secret if that matters. Epochs go on from the time, so later revocations count.
//
// # When Redis is full
//
// Set maxmemory-policy noeviction: logins then fail with 503 until there is room, and sessions that exist go on and can be signed
// out. With an allkeys or volatile policy Redis drops sessions as it likes, which signs their users out; and, which is worse, revocations, which
// lets sessions in cookies live again. Do not use these with Config.Revocations and cookies.
package redisstore
