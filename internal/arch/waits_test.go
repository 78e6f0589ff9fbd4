package arch

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// patient lists the files of tests that wait for the real clock, with the reason.
var patient = map[string]string{
	"provider/outbound_test.go":          "called in a synctest bubble",
	"session/redisstore/proxy_test.go":   "the proxy is a slow network",
	"session/redisstore/server_test.go":  "Redis does not tell other processes that it is ready",
	"session/redisstore/unknown_test.go": "the deadline of a real connection is what it tests",
	"session/storetest/doc.go":           "the clock of an author's database may not be movable",
}

// A test waits for events, moves an injected clock, or runs in a synctest bubble. It neither sleeps
// nor polls, and does not fail on a slow machine. The timeout of go test ends a test that hangs.
func TestNoSleepingTests(t *testing.T) {
	needed := map[string]bool{}
	walk(t, ".go", func(file string) {
		if !strings.HasSuffix(file, "_test.go") && !forTestsOnly(file) {
			return
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, filepath.Join(top, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(file, "e2e/") {
			return // Chromium, nginx and Redis are processes with a real clock, and may hang
		}
		for _, at := range realWaits(parsed) {
			needed[file] = true
			if patient[file] == "" {
				t.Errorf("%s:%d waits for the real clock: wait for an event, or use an injected "+
					"clock or testing/synctest", file, files.Position(at).Line)
			}
		}
	})
	for file := range patient {
		if !needed[file] {
			t.Errorf("%s is listed, but does not wait for the real clock", file)
		}
	}
}

// forTestsOnly reports whether a file outside of tests belongs to a package that only tests import.
func forTestsOnly(file string) bool {
	return slices.Contains([]string{"internal/rig", "internal/testcert", "session/storetest"},
		filepath.ToSlash(filepath.Dir(file)))
}

func TestRealWaitsAreFound(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "x_test.go", `package x

func TestReal(t *testing.T) {
	time.Sleep(1)
	<-time.After(time.Second)
	time.AfterFunc(1, f)
	context.WithTimeout(ctx, time.Second)
	for time.Now().Before(deadline) {
	}
	conn.SetDeadline(soon)
}

func TestFine(t *testing.T) {
	time.Since(begin)
	now.Before(deadline)
	context.WithTimeout(ctx, 0)
}

func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { time.Sleep(time.Hour) })
}
`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(realWaits(parsed)); n != 6 {
		t.Errorf("found %d waits, want 6", n)
	}
}
