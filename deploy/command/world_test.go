package command

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/git/gittest"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/deploy"
)

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }
func (realClock) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// TestMain lets the test binary be its own shim.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "shim" {
		syscall.Exit(shim.Main(realClock{}, os.Args[2:]))
	}
	os.Exit(m.Run())
}

// world is a Deployer with a real git, a real shim and what else it needs, which can be started again on the same folders.
type world struct {
	t      testing.TB
	dir    string
	origin *gittest.Origin
	head   app.SHA
	repo   app.Repo
	as     shim.Isolation
	faults func(key string) shim.Fault

	git   *git.Git
	host  *shim.Host
	store *artifact.Store
	d     *Deployer
}

func newWorld(t testing.TB, files map[string]string, change ...func(*world)) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "slipway-command-") // other users can pass through it, which they can't through go test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("rm", "-rf", dir).Run() })
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "secrets"), 0o700)); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir, repo: app.Repo{ID: 1, Owner: "acme", Name: "shop", DefaultBranch: "main"}, as: shim.SameUser()}
	w.origin = gittest.New(t, filepath.Join(dir, "origin"))
	w.head = w.origin.Commit(files)
	for _, c := range change {
		c(w)
	}
	w.start()
	t.Cleanup(w.stop)
	w.fetch(w.head)
	return w
}

func (w *world) fetch(c app.SHA) {
	w.t.Helper()
	if err := w.git.Fetch(w.t.Context(), w.repo, string(c)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() {
	w.t.Helper()
	var errs [4]error
	w.git, errs[0] = git.New(git.Options{Dir: filepath.Join(w.dir, "git"), Remote: w.origin.Remote, Clock: apptest.NewClock(time.Now())})
	w.host, errs[1] = shim.Open(shim.Options{
		Dir: filepath.Join(w.dir, "shim"), Homes: filepath.Join(w.dir, "homes"), Command: []string{os.Args[0], "shim"}, Faults: w.faults,
	})
	w.store, errs[2] = artifact.Open(filepath.Join(w.dir, "artifacts"))
	if err := errors.Join(errs[:]...); err != nil {
		w.t.Fatal(err)
	}
	w.d, errs[3] = New(Options{
		Dir: filepath.Join(w.dir, "deploys"), Git: w.git, Shim: w.host, DeployAs: w.as, Artifacts: w.store, Secrets: filepath.Join(w.dir, "secrets"),
	})
	if errs[3] != nil {
		w.t.Fatal(errs[3])
	}
}

func (w *world) stop() {
	if err := errors.Join(w.host.Close(), w.git.Close()); err != nil {
		w.t.Error(err)
	}
}

// restart is what happens when the server is killed: programs go on, and all that was held in memory is gone.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start()
}

// deployment is of web to production.
func (w *world) deployment(run string) deploy.Deployment {
	return deploy.Deployment{
		Key: "lane/1/web/production#put/4", Repo: w.repo, Commit: w.head, Service: "web", Environment: "production",
		Previous: app.SHA(strings.Repeat("b", 40)), RunURL: "http://lane", Fence: 4,
		Release: deploy.Release{Spec: deploy.Spec{Run: run, Timeout: time.Minute}},
	}
}

// another is the same under another key.
func another(x deploy.Deployment, key, run string) deploy.Deployment {
	x.Key, x.Release.Spec.Run = key, run
	return x
}

// built is the digest of an artifact with one file.
func (w *world) built(content string) string {
	w.t.Helper()
	root := w.t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(root, "dist"), 0o755), os.WriteFile(filepath.Join(root, "dist/x"), []byte(content), 0o644)); err != nil {
		w.t.Fatal(err)
	}
	digest, err := w.store.Put(w.t.Context(), root, "dist")
	if err != nil {
		w.t.Fatal(err)
	}
	return digest
}

func (w *world) secret(path, value string, mode os.FileMode) {
	w.t.Helper()
	full := filepath.Join(w.dir, "secrets", path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(value), mode), os.Chmod(full, mode)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) link(target, path string) {
	w.t.Helper()
	full := filepath.Join(w.dir, "secrets", path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o700), os.Symlink(target, full)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ensure(x deploy.Deployment) app.Status {
	w.t.Helper()
	s, err := w.d.Ensure(w.t.Context(), x)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// finish runs a deployment to its end.
func (w *world) finish(x deploy.Deployment) app.Status {
	w.t.Helper()
	if s := w.ensure(x); !s.Running {
		return s
	}
	w.wait(x.Key)
	return w.ensure(x)
}

func (w *world) wait(key string) {
	w.t.Helper()
	if _, err := w.host.Wait(w.t.Context(), key); err != nil {
		w.t.Fatal(err)
	}
}

// pipe is a named pipe: a script that reads it waits for whoever opens it to write.
func (w *world) pipe(name string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// open waits until somebody reads a pipe, and lets them go on.
func (w *world) open(pipe string) {
	w.t.Helper()
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	f.Close()
}

// marks is what a script wrote into a file of the world.
func (w *world) marks() string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "marks"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(text)
}
