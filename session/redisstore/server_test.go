package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session/redisstore"
)

// need returns the path of a program, or skips the test if it is not installed. In CI, the test
// fails instead.
func need(t testing.TB, program string) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("it needs %s: not with -short", program)
	}
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

// A server is a Redis process for a test. Its address stays the same after a restart.
type server struct {
	port int
	bus  int // the bus port of a cluster node; otherwise zero
	args []string

	process *exec.Cmd
	exited  chan struct{}
	output  bytes.Buffer
}

// startServer starts a Redis until the test ends, without persistence unless args enable it.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	return firstThatStarts(t, func() *server {
		port := freePort(t)
		return &server{port: port, args: append([]string{
			"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "",
			"--appendonly", "no",
		}, args...)}
	})
}

// firstThatStarts retries if another process has taken the port.
func firstThatStarts(t testing.TB, make func() *server) *server {
	t.Helper()
	for range 5 {
		s := make()
		t.Cleanup(s.kill)
		if s.tryStart(t) {
			return s
		}
		t.Logf("redis-server %v: %s", s.args, s.output.String())
	}
	t.Fatal("redis-server did not start")
	return nil
}

func (s *server) addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

func (s *server) url() string { return "redis://" + s.addr() }

// start restarts a killed server.
func (s *server) start(t testing.TB) {
	t.Helper()
	if !s.tryStart(t) {
		t.Fatalf("redis-server %v: %s", s.args, s.output.String())
	}
}

// tryStart starts the process and waits until it answers or exits.
func (s *server) tryStart(t testing.TB) (answers bool) {
	t.Helper()
	process, exited := exec.Command(need(t, "redis-server"), s.args...), make(chan struct{})
	process.Stdout, process.Stderr = &s.output, &s.output
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(exited)
		process.Wait()
	}()
	s.process, s.exited = process, exited
	client, self := s.client(t), fmt.Sprintf("process_id:%d\r", process.Process.Pid)
	until(t, "redis-server answers or exits", func() bool {
		select {
		case <-exited:
			return true
		default:
		}
		info, err := client.Info(t.Context(), "server").Result()
		answers = err == nil && strings.Contains(info, self) // not another server on this port
		return answers
	})
	return answers
}

// kill ends the server immediately, like a power failure.
func (s *server) kill() {
	if s.process != nil {
		s.process.Process.Kill()
		<-s.exited
	}
}

// client returns a client of the server for direct use by the test.
func (s *server) client(t testing.TB) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.addr(), ContextTimeoutEnabled: true,
		MaxRetries: -1})
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

// open returns a Store for a URL, and closes it when the test ends.
func open(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// patient is like open, with long timeouts, for tests on a busy machine that do not measure time.
func patient(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	mark := "?"
	if strings.Contains(url, "?") {
		mark = "&"
	}
	s := open(t, url+mark+"read_timeout=30s&pool_timeout=30s&dial_timeout=30s")
	s.Timeout = 30 * time.Second
	return s
}

// until waits up to 30 seconds for a condition.
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
			t.Fatalf("timeout after 30 seconds, waiting until %s", what)
		}
	}
}

// A cluster is three masters, followed by their replicas.
type cluster struct{ nodes []*server }

// startCluster starts three masters, each with a third of the slots and the given number of
// replicas. The cluster keeps serving if a node is down.
func startCluster(t testing.TB, replicas int) *cluster {
	t.Helper()
	c := &cluster{}
	for range 3 * (1 + replicas) {
		c.nodes = append(c.nodes, firstThatStarts(t, func() *server {
			port, bus := freePort(t), freePort(t)
			return &server{port: port, bus: bus, args: []string{
				"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save",
				"", "--appendonly", "no",
				"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus),
				"--cluster-node-timeout", "1000",
				"--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0",
			}}
		}))
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
			do(node, "CLUSTER", "MEET", "127.0.0.1", c.nodes[0].port, c.nodes[0].bus)
		}
	}
	c.wait(t)
	for i, node := range c.nodes[3:] {
		do(node, "CLUSTER", "REPLICATE", do(c.nodes[i%3], "CLUSTER", "MYID"))
	}
	c.wait(t)
	return c
}

// wait waits until every node knows all slots and nodes, and all replicas are connected.
func (c *cluster) wait(t testing.TB) {
	t.Helper()
	for _, node := range c.nodes {
		client := node.client(t)
		until(t, "the cluster is up", func() bool {
			info, _ := client.ClusterInfo(t.Context()).Result()
			replication, _ := client.Info(t.Context(), "replication").Result()
			return strings.Contains(info, "cluster_state:ok") &&
				strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d\r", len(c.nodes))) &&
				strings.Contains(info, "cluster_slots_ok:16384") &&
				!strings.Contains(replication, "master_link_status:down")
		})
	}
}

func (c *cluster) url() string {
	return fmt.Sprintf("redis+cluster://%s?addr=%s&addr=%s", c.nodes[0].addr(), c.nodes[1].addr(),
		c.nodes[2].addr())
}

// startSentinel starts a master, a replica and a Sentinel that monitors them.
func startSentinel(t testing.TB) (master, replica, sentinel *server) {
	t.Helper()
	master = startServer(t)
	replica = startServer(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(master.port),
		"--repl-diskless-sync-delay", "0")
	config := t.TempDir() + "/sentinel.conf"
	rules := fmt.Sprintf("sentinel monitor main 127.0.0.1 %d 1\nsentinel down-after-milliseconds "+
		"main 1000\nsentinel failover-timeout main 3000\n", master.port)
	if err := os.WriteFile(config, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	sentinel = firstThatStarts(t, func() *server {
		port := freePort(t)
		return &server{port: port, args: []string{config, "--sentinel", "--port",
			strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir()}}
	})
	client := sentinel.client(t)
	until(t, "the Sentinel knows the replica", func() bool {
		replicas, err := client.Do(t.Context(), "SENTINEL", "REPLICAS", "main").Slice()
		return err == nil && len(replicas) == 1 && strings.Contains(fmt.Sprint(replicas[0]),
			"master-link-status:ok")
	})
	return master, replica, sentinel
}
