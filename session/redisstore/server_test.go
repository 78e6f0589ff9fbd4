package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session/redisstore"
)

// need skips a test that needs a program which is not there. On CI that is a failure.
func need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and CI must not skip", program)
	}
	t.Skipf("%s is not installed (Debian: apt-get install %s)", program, program)
	return ""
}

// A server is a Redis of its own for a test, at an address that stays the same when it is started again.
type server struct {
	port int
	args []string

	mu      sync.Mutex
	process *exec.Cmd
	output  bytes.Buffer
}

// startServer starts a Redis that keeps nothing on the disk, unless args say so, and ends with the test.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	s := newServer(t, args...)
	s.start(t)
	return s
}

func newServer(t testing.TB, args ...string) *server {
	t.Helper()
	port := freePort(t)
	s := &server{port: port, args: append([]string{
		"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no",
	}, args...)}
	t.Cleanup(s.kill)
	return s
}

func (s *server) addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

func (s *server) url() string { return "redis://" + s.addr() }

// start starts the server, again if it was killed, and waits until it answers.
func (s *server) start(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	s.process = exec.Command(need(t, "redis-server"), s.args...)
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	err := s.process.Start()
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	client := s.client(t)
	until(t, "redis-server answers", func() bool { return client.Ping(t.Context()).Err() == nil })
}

// kill ends the server at once, as a power failure would.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil || s.process.Process == nil {
		return
	}
	s.process.Process.Kill()
	s.process.Wait()
	s.process = nil
}

// client is a client of the server for the test itself.
func (s *server) client(t testing.TB) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	t.Cleanup(func() { c.Close() })
	return c
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// open returns a Store for a URL, to be closed when the test ends.
func open(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// until waits for something that must happen soon.
func until(t testing.TB, what string, happened func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !happened() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("it did not happen within 30 seconds that %s", what)
		}
	}
}

// A cluster is three masters, or more if there are replicas.
type cluster struct{ nodes []*server }

// startCluster starts three masters that share the slots, each with so many replicas. Its users do without the nodes that are away.
func startCluster(t testing.TB, replicas int) *cluster {
	t.Helper()
	c := &cluster{}
	for range 3 * (1 + replicas) {
		c.nodes = append(c.nodes, startServer(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(freePort(t)),
			"--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0"))
	}
	do := func(node *server, args ...any) string {
		text, err := node.client(t).Do(t.Context(), args...).Text()
		if err != nil {
			t.Fatal(args, err)
		}
		return text
	}
	const slots = 16384
	for i, node := range c.nodes {
		if i < 3 {
			do(node, "CLUSTER", "ADDSLOTSRANGE", i*slots/3, (i+1)*slots/3-1)
		}
		do(node, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
		if i > 0 {
			do(node, "CLUSTER", "MEET", "127.0.0.1", c.nodes[0].port, clusterPort(c.nodes[0]))
		}
	}
	c.wait(t)
	for i, node := range c.nodes[3:] {
		do(node, "CLUSTER", "REPLICATE", do(c.nodes[i%3], "CLUSTER", "MYID"))
	}
	c.wait(t)
	return c
}

func clusterPort(s *server) string {
	for i, arg := range s.args {
		if arg == "--cluster-port" {
			return s.args[i+1]
		}
	}
	return ""
}

// wait waits until every node knows all slots and all nodes, and replicas have what they need.
func (c *cluster) wait(t testing.TB) {
	t.Helper()
	for _, node := range c.nodes {
		client := node.client(t)
		until(t, "the cluster is up", func() bool {
			info, _ := client.ClusterInfo(t.Context()).Result()
			replication, _ := client.Info(t.Context(), "replication").Result()
			return bytes.Contains([]byte(info), []byte("cluster_state:ok")) &&
				bytes.Contains([]byte(info), fmt.Appendf(nil, "cluster_known_nodes:%d\r", len(c.nodes))) &&
				bytes.Contains([]byte(info), []byte("cluster_slots_ok:16384")) &&
				!bytes.Contains([]byte(replication), []byte("master_link_status:down"))
		})
	}
}

func (c *cluster) url() string {
	return fmt.Sprintf("redis+cluster://%s?addr=%s&addr=%s", c.nodes[0].addr(), c.nodes[1].addr(), c.nodes[2].addr())
}

// startSentinel starts a master, a replica and a Sentinel that looks after them.
func startSentinel(t testing.TB) (master, replica, sentinel *server) {
	t.Helper()
	master = startServer(t)
	replica = startServer(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(master.port), "--repl-diskless-sync-delay", "0")
	config := t.TempDir() + "/sentinel.conf"
	rules := fmt.Sprintf("sentinel monitor main 127.0.0.1 %d 1\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 3000\n", master.port)
	if err := os.WriteFile(config, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	sentinel = &server{port: port, args: []string{config, "--sentinel", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir()}}
	t.Cleanup(sentinel.kill)
	sentinel.start(t)
	client := sentinel.client(t)
	until(t, "the Sentinel knows the replica", func() bool {
		replicas, err := client.Do(t.Context(), "SENTINEL", "REPLICAS", "main").Slice()
		return err == nil && len(replicas) == 1 && bytes.Contains(fmt.Append(nil, replicas[0]), []byte("master-link-status:ok"))
	})
	return master, replica, sentinel
}
