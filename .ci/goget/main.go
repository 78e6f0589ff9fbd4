// Command goget publishes the modules of this repository in a folder that serves as a module proxy,
// and fetches each of them alone from a new module, as an application would.
package main

import (
	"archive/zip"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	root    = "github.com/sallyport-go/sallyport"
	version = "v0.1.0" // what the nested modules require
)

// modules are the published ones, by their folder.
var modules = map[string]string{
	".": root, "session/redisstore": root + "/session/redisstore",
	"adapters/gin": root + "/adapters/gin",
}

func main() {
	log.SetFlags(0)
	work, err := os.MkdirTemp("", "goget")
	check(err)
	defer os.RemoveAll(work)
	proxy := filepath.Join(work, "proxy")
	for dir, path := range modules {
		check(publish(proxy, dir, path))
	}
	for _, path := range modules {
		check(fetch(filepath.Join(work, filepath.Base(path)), proxy, path))
		fmt.Println("go get", path+"@"+version)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// publish writes what a proxy serves of a module (go.dev/ref/mod, "GOPROXY protocol").
func publish(proxy, dir, path string) error {
	target := filepath.Join(proxy, filepath.FromSlash(path), "@v")
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		"list": version + "\n", version + ".info": `{"Version":"` + version +
			`","Time":"2026-01-01T00:00:00Z"}`, version + ".mod": string(mod),
	} {
		if err := os.WriteFile(filepath.Join(target, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return archive(filepath.Join(target, version+".zip"), dir, path)
}

// archive writes the files of a module that git knows, without those of modules inside.
func archive(name, dir, path string) error {
	list := exec.Command("git", "ls-files")
	list.Dir = dir
	files, err := list.Output()
	if err != nil {
		return err
	}
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for file := range strings.Lines(string(files)) {
		file = strings.TrimSpace(file)
		if nested(dir, file) {
			continue
		}
		if err := add(z, path+"@"+version+"/"+file, filepath.Join(dir, file)); err != nil {
			return err
		}
	}
	return z.Close()
}

// nested reports whether a file belongs to a module inside of the one in dir.
func nested(dir, file string) bool {
	for parent := filepath.Dir(file); parent != "."; parent = filepath.Dir(parent) {
		if _, err := os.Stat(filepath.Join(dir, parent, "go.mod")); err == nil {
			return true
		}
	}
	return false
}

func add(z *zip.Writer, name, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := z.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}

// fetch gets a module in a new one that imports it, and builds that.
func fetch(dir, proxy, path string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	source := "package main\n\nimport _ \"" + path + "\"\n\nfunc main() {}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		return err
	}
	others, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		return err
	}
	for _, args := range [][]string{{"mod", "init", "example.com/fresh"},
		{"get", path + "@" + version}, {"build", "./..."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-modcacherw", "GOPROXY=file://"+proxy+
			","+strings.TrimSpace(string(others)),
			"GONOSUMDB="+root+","+root+"/*", "GOMODCACHE="+filepath.Join(filepath.Dir(proxy),
				"cache"), "GOPRIVATE=")
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
		}
	}
	return nil
}
