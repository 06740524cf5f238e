package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/git/gittest"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/checks"
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

// world is a Runner with a real git, a real shim and what else it needs, which can be started again on the same folders.
type world struct {
	t      testing.TB
	dir    string
	origin *gittest.Origin
	head   app.SHA
	repo   app.Repo
	as     shim.Isolation
	faults func(key string) shim.Fault
	keep   Artifacts // nil is store

	git   *git.Git
	host  *shim.Host
	store *artifact.Store
	run   *Runner
	done  chan string // keys whose outcome has become known
}

func newWorld(t testing.TB, files map[string]string, change ...func(*world)) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "slipway-process-") // other users can pass through it, which they can't through go test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("rm", "-rf", dir).Run() })
	if err := os.Chmod(dir, 0o755); err != nil {
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
	if err := w.git.Fetch(t.Context(), w.repo, string(w.head)); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) start() {
	w.t.Helper()
	w.done = make(chan string, 100)
	options := git.Options{Dir: filepath.Join(w.dir, "git"), Remote: w.origin.Remote, Clock: apptest.NewClock(time.Now())}
	if uid, gid, other := w.as.Owner(); other {
		options.Owner = &git.Owner{UID: uid, GID: gid}
	}
	var errs [4]error
	w.git, errs[0] = git.New(options)
	w.host, errs[1] = shim.Open(shim.Options{
		Dir: filepath.Join(w.dir, "shim"), Homes: filepath.Join(w.dir, "homes"), Command: []string{os.Args[0], "shim"}, Faults: w.faults,
		Done: func(key string) { w.done <- key },
	})
	w.store, errs[2] = artifact.Open(filepath.Join(w.dir, "artifacts"))
	if w.keep == nil {
		w.keep = w.store
	}
	if err := errors.Join(errs[:]...); err != nil {
		w.t.Fatal(err)
	}
	w.run, errs[3] = New(Options{
		Dir: filepath.Join(w.dir, "attempts"), Git: w.git, Shim: w.host, RunAs: w.as, CheckEnv: map[string]string{"MIRROR": "here"}, Artifacts: w.keep,
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

// job is the first attempt of a check.
func (w *world) job(run, produces string) checks.Job {
	return checks.Job{
		Key: "run/1/abc#execute/1", Repo: w.repo, Commit: w.head,
		Check: checks.Spec{Name: "test", Run: run, Timeout: time.Minute, Produces: produces}, RunURL: "http://run",
	}
}

// again is another attempt of a job.
func again(j checks.Job, key, run string) checks.Job {
	j.Key, j.Check.Run = key, run
	return j
}

func (w *world) ensure(j checks.Job) app.Status {
	w.t.Helper()
	s, err := w.run.Ensure(w.t.Context(), j)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// finish runs a job to its end.
func (w *world) finish(j checks.Job) app.Status {
	w.t.Helper()
	if s := w.ensure(j); !s.Running {
		return s
	}
	w.wait(j.Key)
	return w.ensure(j)
}

func (w *world) wait(key string) {
	w.t.Helper()
	if _, err := w.host.Wait(w.t.Context(), key); err != nil {
		w.t.Fatal(err)
	}
}

// blocked is a script that waits until somebody opens its pipe, in the folder where it runs.
const blocked = "mkfifo go; echo ready; cat go >/dev/null; "

// unblock lets a blocked script of an attempt go on, which it does once it waits.
func (w *world) unblock(j checks.Job) {
	w.t.Helper()
	w.ready(j)
	f, err := os.OpenFile(filepath.Join(w.dirOf(j.Key), "go"), os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	f.Close()
}

// ready waits until a script has written its first line.
func (w *world) ready(j checks.Job) {
	w.t.Helper()
	log, err := w.run.Logs(w.t.Context(), j.Key, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.Read(make([]byte, 100)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) dirOf(key string) string {
	w.t.Helper()
	p := w.run.placeOf(key)
	if p == nil {
		w.t.Fatalf("%s has no worktree", key)
	}
	return p.dir
}

// free fails the test if a worktree is held.
func (w *world) free() {
	w.t.Helper()
	if len(w.run.held) != 0 || len(w.run.pool.taken) != 0 {
		w.t.Errorf("held are still %v, %v", w.run.held, w.run.pool.taken)
	}
	if files, err := os.ReadDir(w.run.records.active); len(files) != 0 || err != nil {
		w.t.Error("under way are still", files, err)
	}
}

// refusing is a Git that fails.
type refusing struct {
	Git
	err error
}

func (g refusing) Worktree(context.Context, app.Repo, app.SHA, string) (string, func(), error) {
	return "", nil, g.err
}

// fullDisk keeps no artifact.
type fullDisk struct{}

func (fullDisk) Put(context.Context, string, string) (string, error) { return "", syscall.ENOSPC }
